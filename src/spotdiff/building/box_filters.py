"""Filters of the boxes of rows: those of a sensible size, and those that differ most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from spotdiff.building.ranges import Range
from spotdiff.building.score_filter import Missing, without_score
from spotdiff.data.images import ImageError, image_info
from spotdiff.types import Box, Change, Plain, Sample


class Area:
    """Drops changes that cover too little or too much of their view; a `Step`.

    A change of two boxes counts by the larger share. A row that has none left is rejected.

    Args:
        min: Smallest share of the view that stays; None for none.
        max: Largest share.
        missing: What becomes of rows that come without changes; as in `ScoreFilter`.
        name: Of the step.
    """

    def __init__(
        self,
        min: float | None = 1 / 400,  # noqa: A002 - the words of every range
        max: float | None = 1.0,  # noqa: A002
        missing: Missing = "reject",
        name: str = "area",
    ) -> None:
        self.range = Range(min, max)
        self.missing, self.name = missing, name

    @property
    def settings(self) -> Mapping[str, Plain]:
        """The range."""
        return {**self.range.settings, "missing": self.missing}

    def __call__(self, samples: Sequence[Sample]) -> list[Sample]:
        """The samples with the changes that stay."""
        return [self._left(sample) for sample in samples]

    def _left(self, sample: Sample) -> Sample:
        if not sample.changes:
            return without_score(self.name, self.missing, sample, "there is no change")
        try:
            shares = _shares(sample)
        except ImageError as error:
            return sample.failed(self.name, str(error))
        left = [c for c, s in zip(sample.changes, shares, strict=True) if self.range.holds(s)]
        if left:
            return kept_changes(sample, left, self.name)
        _, share = self.range.decided(shares, "any")
        reason = f"all {len(shares)} changes are smaller or larger than asked for"
        return sample.rejected(self.name, reason, share, self.range.missed(share))


class MostDifferent:
    """Keeps the changes of highest score of each row, highest first; a `Step`.

    Args:
        most: How many stay at most; of equals those that came first.
        missing: What becomes of rows without changes; as in `ScoreFilter`.
        name: Of the step.

    Raises:
        ValueError: `most` is below 1.
    """

    def __init__(
        self, most: int = 5, missing: Missing = "reject", name: str = "most_different"
    ) -> None:
        if most < 1:
            raise ValueError(f"Expected most to be at least 1, got {most}.")
        self.most, self.missing, self.name = most, missing, name

    @property
    def settings(self) -> Mapping[str, Plain]:
        """How many stay."""
        return {"most": self.most, "missing": self.missing}

    def __call__(self, samples: Sequence[Sample]) -> list[Sample]:
        """The samples with the changes that stay."""
        return [self._left(sample) for sample in samples]

    def _left(self, sample: Sample) -> Sample:
        if not sample.changes:
            return without_score(self.name, self.missing, sample, "there is no change")
        ranked = sorted(sample.changes, key=lambda change: -change.score)
        return kept_changes(sample, ranked[: self.most], self.name)


def kept_changes(sample: Sample, left: Sequence[Change], step: str) -> Sample:
    """The sample with some of its changes, and how many a step dropped."""
    dropped = len(sample.changes) - len(left)
    made = {**sample.made, step: {"dropped": dropped}} if dropped else sample.made
    return replace(sample, changes=tuple(left), made=made)


def _shares(sample: Sample) -> list[float]:
    """How much of their view changes cover, by the larger of their boxes.

    Raises:
        ImageError: A view cannot be read.
    """
    before = _pixels(sample.before) if any(c.box_before for c in sample.changes) else 1
    after = _pixels(sample.after) if any(c.box_after for c in sample.changes) else 1
    return [
        max(_area(change.box_before) / before, _area(change.box_after) / after)
        for change in sample.changes
    ]


def _pixels(name: str | None) -> int:
    info = image_info(Path(name or ""))
    return (info.width or 1) * (info.height or 1)


def _area(box: Box | None) -> float:
    return 0.0 if box is None else (box[2] - box[0]) * (box[3] - box[1])
