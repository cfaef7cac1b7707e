"""What was looked for beside what is known: rows that were composed say what they were made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from spotdiff.building.sample_records import change_of
from spotdiff.ops.boxes import covered
from spotdiff.types import Box, Change, Plain, Sample


class KnownChanges:
    """Puts the true changes of composed pairs in the place of those that were found; a `Step`.

    A true change counts as found where a box that was found covers enough of it in a view, or lies
    in it for the most part. It keeps its own boxes and names, and the best score of those that
    found it; what was found besides is dropped. Rows that were not composed stay as they are.

    Args:
        min_overlap: Least share of the smaller one of two boxes that both cover.
        name: Of the step.
    """

    def __init__(self, min_overlap: float = 0.5, name: str = "known") -> None:
        self.min_overlap, self.name = min_overlap, name

    @property
    def settings(self) -> Mapping[str, Plain]:
        """The overlap."""
        return {"min_overlap": self.min_overlap}

    def __call__(self, samples: Sequence[Sample]) -> list[Sample]:
        """The samples with what is known of them; rejected where nothing of that was found."""
        return [self._known(sample) for sample in samples]

    def _known(self, sample: Sample) -> Sample:
        truth = [made["truth"] for made in sample.made.values() if "truth" in made]
        if not truth:
            return sample
        cells = truth[-1] if isinstance(truth[-1], list) else []
        true = [change_of(cell, self.name) for cell in cells]
        left = [self._found(change, sample.changes) for change in true]
        kept = tuple(change for change in left if change is not None)
        told: dict[str, Plain] = {"true": len(true), "found": len(kept)}
        known = replace(sample, changes=kept, made={**sample.made, self.name: told})
        if kept:
            return known
        reason = f"none of {len(true)} changes that were made was found"
        return replace(known, changes=sample.changes).rejected(self.name, reason)

    def _found(self, true: Change, found: Sequence[Change]) -> Change | None:
        scores = [change.score for change in found if self._meet(true, change)]
        return replace(true, score=max(scores)) if scores else None

    def _meet(self, one: Change, other: Change) -> bool:
        views = ((one.box_before, other.box_before), (one.box_after, other.box_after))
        return any(a and b and self._overlap(a, b) for a, b in views)

    def _overlap(self, one: Box, other: Box) -> bool:
        shared = covered(np.array([one], np.float32), np.array([other], np.float32))
        return float(shared[0, 0]) >= self.min_overlap
