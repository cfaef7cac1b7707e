"""What differs between two sets that can be measured, put into words; nothing is downloaded."""

from __future__ import annotations

import numpy as np

from spotdiff.contracts import Album
from spotdiff.ops.auroc import auroc
from spotdiff.types import Hypothesis


class AttributeProposer:
    """Names the measured properties by which two sets are told apart best; a `SetProposer`.

    It looks at all pictures that it is given, and no chance is in it.

    Args:
        min_area: Of the ROC curve of a property that is named at all, at least 0.5.

    Raises:
        ValueError: No area can be so large, or any is.
    """

    name = "attributes"

    def __init__(self, min_area: float = 0.5) -> None:
        if not 0.5 <= min_area <= 1:
            raise ValueError(f"Expected min_area to be from 0.5 to 1, got {min_area!r}.")
        self.min_area = min_area

    def __call__(
        self,
        first: Album,
        second: Album,
        count: int,
        seed: int,  # noqa: ARG002
    ) -> tuple[list[Hypothesis], list[str]]:
        """The properties of the largest areas, with more or with less of each in the first set."""
        if not len(first.rows) or not len(second.rows):
            return [], [f"{self.name}: a set has no picture that can be read"]
        areas = auroc(first.measured(first.rows).T, second.measured(second.rows).T).areas
        more = areas >= 0.5
        areas = np.where(more, areas, 1 - areas)
        # at 0.5 a property says nothing, whatever is wanted
        good = [i for i in np.argsort(-areas, kind="stable") if areas[i] > 0.5]
        told = [int(i) for i in good if areas[i] >= self.min_area][:count]
        return [self._hypothesis(first, i, bool(more[i])) for i in told], []

    def _hypothesis(self, album: Album, number: int, more: bool) -> Hypothesis:
        measure = album.measures[number]
        name = measure.name if more else f"-{measure.name}"
        return Hypothesis(measure.more if more else measure.less, (self.name,), name)
