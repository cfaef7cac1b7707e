"""What all filters by a score share: a range, a verdict, and what becomes of rows without score."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal, TypeAlias, get_args

from spotdiff.building.ranges import Ends, Over, Range, chosen
from spotdiff.types import ModelInfo, Plain, Sample

Missing: TypeAlias = Literal["keep", "reject", "error"]


@dataclass(frozen=True, slots=True)
class Unscored:
    """A row that has nothing to be measured, and why; `missing` of the filter says what then."""

    reason: str


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that could not be measured though it should have been, and why."""

    reason: str


Measured: TypeAlias = Sequence[float] | Unscored | Broken


@dataclass(kw_only=True)
class ScoreFilter(ABC):
    """A step that keeps rows whose score lies in a range.

    Attributes:
        name: Of the step.
        min: Lowest score that stays; None for none.
        max: Highest score that stays; None for none.
        ends: As in `Range`, like `reversed`.
        reversed: What lies outside of the range stays instead.
        missing: What becomes of rows that have nothing to be measured: they stay with the reason in
            what the step made of them, are rejected, or are errors.

    Raises:
        ValueError: A setting is none.
    """

    name: str
    min: float | None = None
    max: float | None = None
    ends: Ends = "[]"
    reversed: bool = False
    missing: Missing = "keep"
    range: Range = field(init=False)

    measure: ClassVar[str] = "score"  # what the score is called in reasons

    def __post_init__(self) -> None:
        chosen("missing", self.missing, get_args(Missing))
        self.range = Range(self.min, self.max, self.ends, self.reversed)

    @property
    def over(self) -> Over:
        """Whether one of several scores decides, or all do."""
        return "any"

    @property
    def settings(self) -> Mapping[str, Plain]:
        """The range and, of those that ask models, these."""
        return {**self.range.settings, "missing": self.missing, **self.own_settings()}

    @abstractmethod
    def own_settings(self) -> Mapping[str, Plain]:
        """All that decides besides the range."""

    @abstractmethod
    def measured(self, samples: Sequence[Sample]) -> Sequence[Measured]:
        """The scores of each sample, or why there are none."""

    def __call__(self, samples: Sequence[Sample]) -> list[Sample]:
        """The samples with their scores, those outside of the range rejected."""
        found = self.measured(samples)
        return [self._judged(sample, one) for sample, one in zip(samples, found, strict=True)]

    def _judged(self, sample: Sample, found: Measured) -> Sample:
        if isinstance(found, Broken):
            return sample.failed(self.name, found.reason)
        if isinstance(found, Unscored):
            return without_score(self.name, self.missing, sample, found.reason)
        if not all(map(math.isfinite, found)):
            return sample.failed(self.name, f"expected a finite {self.measure}, got {found}")
        kept, score = self.range.decided(found, self.over)
        if len(found) > 1:
            told: dict[str, Plain] = {"scores": [float(one) for one in found]}
            sample = replace(sample, made={**sample.made, self.name: told})
        if kept:
            return sample.scored(self.name, score)
        bound = self.range.missed(score)
        return sample.rejected(self.name, self._reason(score, bound), score, bound)

    def _reason(self, score: float, bound: float | None) -> str:
        if bound is None:
            return f"the {self.measure} is {score:.4g}, and none stays"
        side = "inside of the range that is left out, near" if self.reversed else "beyond"
        if not self.reversed:
            side = "not above" if bound == self.min else "not below"
            if score != bound:
                side = "below" if score < bound else "above"
        return f"the {self.measure} is {score:.4g}, {side} {bound:.4g}"


def without_score(step: str, missing: Missing, sample: Sample, reason: str) -> Sample:
    """What becomes of a sample that a step found nothing to measure in."""
    if missing == "reject":
        return sample.rejected(step, reason)
    if missing == "error":
        return sample.failed(step, reason)
    return replace(sample, made={**sample.made, step: {"no_score": reason}})


def told(info: ModelInfo) -> Plain:
    """A model as settings name it."""
    return {"name": info.name, "sha256": info.sha256}
