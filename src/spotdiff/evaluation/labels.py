"""The labels of boxes: average precision by class, and which classes a pair shows."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from spotdiff.evaluation.boxes import share
from spotdiff.evaluation.protocols import coco_ranking, pair_boxes
from spotdiff.evaluation.ranking import average_precision
from spotdiff.types import Change, PairResult, TrueChange, Truth

Said: TypeAlias = Sequence[Sequence[Change]]
Truths: TypeAlias = Sequence[Sequence[TrueChange]]

_ANYWHERE = (1, 1)  # no rule used here asks for the size of the frame


class LabelsOfChange:
    """Boxes and pairs class by class, on the pairs whose true changes all carry a label.

    Labels are compared as they are written. A box without a label says no class.
    """

    name = "labels"
    needs = "boxes with labels"

    def __init__(self, margin: float) -> None:
        self.margin = margin
        self._pairs: list[tuple[tuple[Change, ...], tuple[TrueChange, ...]]] = []

    def take(self, result: PairResult, truth: Truth) -> bool:
        """Adds the labelled boxes of a pair; a pair without change can only be wrong."""
        if truth.changes is None:
            return False
        if not all(change.label for change in truth.changes):
            return False
        self._pairs.append((result.changes, truth.changes))
        return bool(truth.changes)

    def values(self) -> dict[str, float]:
        """Means over the classes of the truth, and both figures class by class."""
        said, truth = [changes for changes, _ in self._pairs], [true for _, true in self._pairs]
        return by_class(precisions(said, truth, self.margin), image_f1(said, truth))


def precisions(said: Said, truth: Truths, margin: float) -> dict[str, float]:
    """COCO's AP50 of each class of the truth, `margin` px added around what is said."""
    return {
        label: average_precision(
            coco_ranking(
                [
                    pair_boxes(
                        [change for change in changes if change.label == label],
                        [change for change in true if change.label == label],
                        _ANYWHERE,
                        margin,
                    )
                    for changes, true in zip(said, truth, strict=True)
                ]
            )
        )
        for label in _classes(truth)
    }


def image_f1(said: Said, truth: Truths) -> dict[str, float]:
    """F1 over pairs of "this class is in the pair", from the labels of boxes, by class."""
    right, spoken, known = Counter[str](), Counter[str](), Counter[str]()
    for changes, true in zip(said, truth, strict=True):
        words = {change.label for change in changes if change.label}
        wanted = {str(change.label) for change in true}
        spoken.update(words)
        known.update(wanted)
        right.update(words & wanted)
    return {
        label: share(2 * right[label], spoken[label] + known[label]) for label in _classes(truth)
    }


def by_class(precision: Mapping[str, float], f1: Mapping[str, float]) -> dict[str, float]:
    """`map50` and `image_f1`, the means over classes, then both figures class by class."""
    return {
        "map50": float(np.mean(list(precision.values()))) if precision else math.nan,
        "image_f1": float(np.mean(list(f1.values()))) if f1 else math.nan,
        **{f"ap50 {label}": value for label, value in precision.items()},
        **{f"image_f1 {label}": value for label, value in f1.items()},
    }


def _classes(truth: Truths) -> list[str]:
    return sorted({str(change.label) for true in truth for change in true})
