"""The labels of boxes: average precision by class, and which classes a pair shows."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from spotdiff.evaluation.boxes import share
from spotdiff.evaluation.protocols import PairBoxes, coco_ranking, pair_boxes
from spotdiff.evaluation.ranking import average_precision
from spotdiff.types import Change, PairResult, TrueChange, Truth


class LabelsOfChange:
    """Boxes and pairs class by class, on the pairs whose true changes all carry a label.

    Labels are compared as they are written. A box without a label says no class.
    """

    name = "labels"
    needs = "boxes with labels"

    def __init__(self, margin: float) -> None:
        self.margin = margin
        self._pairs: list[tuple[tuple[Change, ...], tuple[TrueChange, ...], tuple[int, int]]] = []

    def take(self, result: PairResult, truth: Truth) -> bool:
        """Adds the labelled boxes of a pair; a pair without change can only be wrong."""
        if truth.changes is None or result.change_map is None:
            return False
        if not all(change.label for change in truth.changes):
            return False
        _, height, width = result.change_map.heat.shape
        self._pairs.append((result.changes, truth.changes, (height, width)))
        return bool(truth.changes)

    def values(self) -> dict[str, float]:
        """Means over the classes of the truth, and both figures class by class."""
        classes = sorted({str(change.label) for _, true, _ in self._pairs for change in true})
        precision = {label: average_precision(coco_ranking(self._of(label))) for label in classes}
        image_f1 = self._image_f1(classes)
        return {
            "map50": float(np.mean(list(precision.values()))) if classes else math.nan,
            "image_f1": float(np.mean(list(image_f1.values()))) if classes else math.nan,
            **{f"ap50 {label}": value for label, value in precision.items()},
            **{f"image_f1 {label}": value for label, value in image_f1.items()},
        }

    def _of(self, label: str) -> list[PairBoxes]:
        """The boxes of one class."""
        return [
            pair_boxes(
                [change for change in said if change.label == label],
                [change for change in true if change.label == label],
                size,
                self.margin,
            )
            for said, true, size in self._pairs
        ]

    def _image_f1(self, classes: list[str]) -> dict[str, float]:
        """F1 over pairs of "this class is in the pair", from the labels of reported boxes."""
        right, said, true = Counter[str](), Counter[str](), Counter[str]()
        for changes, truth, _ in self._pairs:
            spoken = {change.label for change in changes if change.label}
            known = {str(change.label) for change in truth}
            said.update(spoken)
            true.update(known)
            right.update(spoken & known)
        return {label: share(2 * right[label], said[label] + true[label]) for label in classes}
