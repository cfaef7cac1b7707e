"""Rows of a data set that is being built: what they came with, what steps added, why they left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from spotdiff.types.results import Change

Plain: TypeAlias = str | int | float | bool | list["Plain"] | dict[str, "Plain"] | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a row left the chain.

    Attributes:
        kind: `rejected` by a rule, or `error`: nothing could be said of it.
        step: The name of the step.
        reason: In one sentence.
        score: What was measured; None where nothing was.
        threshold: The bound that it missed.
    """

    kind: Literal["rejected", "error"]
    step: str
    reason: str
    score: float | None = None
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Swap:
    """The one thing that two captions name differently, as each names it."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One row. Steps return it with more in it, never under another id.

    Attributes:
        id: Unique in a data set.
        before: Path of the first view; None where there is none yet.
        after: Likewise.
        caption_before: What before shows, in one sentence.
        caption_after: Likewise.
        swap: What the captions differ in, where a step edited one into the other.
        images: Paths of the pictures of a row that is no pair.
        text: Its text; where it has several pictures, it may say by marks which belongs where.
        changes: What differs, boxes in pixels of the view that they belong to.
        caption: What differs, in a few sentences.
        scores: What filters measured, by the name of the step.
        made: How steps made what they added: seed, settings, model, by the name of the step.
        cells: All that the table of the row says besides.
        verdict: Why it left; None while it is in.
    """

    id: str
    before: str | None = None
    after: str | None = None
    caption_before: str | None = None
    caption_after: str | None = None
    swap: Swap | None = None
    images: tuple[str, ...] = ()
    text: str | None = None
    changes: tuple[Change, ...] = ()
    caption: str | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    made: Mapping[str, Mapping[str, Plain]] = field(default_factory=dict)
    cells: Mapping[str, Plain] = field(default_factory=dict)
    verdict: Verdict | None = None

    def scored(self, step: str, score: float) -> Sample:
        """The row with what a step measured."""
        return replace(self, scores={**self.scores, step: score})

    def rejected(
        self, step: str, reason: str, score: float | None = None, threshold: float | None = None
    ) -> Sample:
        """The row as one that a rule took out; what was measured stays in its scores."""
        scores = self.scores if score is None else {**self.scores, step: score}
        verdict = Verdict("rejected", step, reason, score, threshold)
        return replace(self, scores=scores, verdict=verdict)

    def failed(self, step: str, reason: str) -> Sample:
        """The row as one of which a step could make nothing."""
        return replace(self, verdict=Verdict("error", step, reason))
