"""Boxes against boxes: how many are right, of which kind and of which size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar

import numpy as np
from jaxtyping import Int64

from spotdiff.evaluation.protocols import (
    BOX_PROTOCOLS,
    PairBoxes,
    centre_ranking,
    coco_ranking,
    deeppcb_average_precision,
    deeppcb_f_score,
    pair_boxes,
    voc_ranking,
)
from spotdiff.evaluation.ranking import Interval, Ranking, average_precision, interval
from spotdiff.ops.boxes import area, iou
from spotdiff.training.scores import UNKNOWN, Places
from spotdiff.training.scores import average_precision as coco_precision
from spotdiff.types import Change, ChangeKind, PairResult, TrueChange, Truth

_Located = TypeVar("_Located", Change, TrueChange)

KINDS = tuple(kind.value for kind in ChangeKind)
SIDES = (16, 32, 64, 128)  # pixels; between them lie the bins of the recall by size
_MIN_OVERLAP = 0.5  # IoU from which on a box is right


class PlacesOfChange:
    """Boxes against boxes, whatever their kind, and kind by kind where the truth tells it."""

    name = "boxes"
    needs = "boxes"

    def __init__(self, margin: float) -> None:
        self.margin = margin
        self.evidence: list[PairBoxes] = []
        self._views: list[PairBoxes] = []

    def take(self, result: PairResult, truth: Truth) -> bool:
        """Adds the boxes of a pair."""
        if truth.changes is None:
            return False
        size = _size(result)
        self.evidence.append(pair_boxes(result.changes, truth.changes, size, self.margin))
        if all(change.kind for change in truth.changes):
            views = zip(_views(result.changes), _views(truth.changes), strict=True)
            self._views += [pair_boxes(said, true, size, self.margin) for said, true in views]
        return True

    def values(self) -> dict[str, float]:
        """Average precisions by protocol and kind; precision and recall of what was reported."""
        found = coco_precision([one.places for one in self.evidence], _MIN_OVERLAP)
        kinds = (found.added, found.removed, found.changed)
        views = (
            average_precision(voc_ranking(self._views), interpolated=False)
            if self._views
            else math.nan
        )
        values = {
            "ap50": found.overall,
            **{f"ap50_{kind}": value for kind, value in zip(KINDS, kinds, strict=True)},
            "centre_ap": found.centre,
            "voc_ap50": BOX_PROTOCOLS["voc_ap50"](self.evidence),
            "voc_ap50_by_view": views,
            "deeppcb_ap": BOX_PROTOCOLS["deeppcb_ap"](self.evidence),
            "deeppcb_f": BOX_PROTOCOLS["deeppcb_f"](self.evidence),
        }
        if any(label for one in self.evidence for label in one.true_labels):
            values["deeppcb_ap_with_labels"] = deeppcb_average_precision(self.evidence)
            values["deeppcb_f_with_labels"] = deeppcb_f_score(self.evidence)
        right = sum(len(matched(one.places)) for one in self.evidence)
        said = sum(len(one.places.boxes) for one in self.evidence)
        true = sum(len(one.places.true_boxes) for one in self.evidence)
        return {
            **values,
            "precision": share(right, said),
            "recall": share(right, true),
            "f1": share(2 * right, said + true),
        }

    def intervals(self) -> dict[str, Interval]:
        """Of the average precision by overlap and by centres."""
        return box_intervals(self.evidence)


class SizesOfChange:
    """Which share of the true boxes is found, by the root of their area in pixels."""

    name = "sizes"
    needs = "boxes"

    def __init__(self, margin: float) -> None:
        self.margin = margin
        self.evidence: list[PairBoxes] = []

    def take(self, result: PairResult, truth: Truth) -> bool:
        """Adds the boxes of a pair."""
        if truth.changes is None:
            return False
        size = _size(result)
        self.evidence.append(pair_boxes(result.changes, truth.changes, size, self.margin))
        return True

    def values(self) -> dict[str, float]:
        """Recall at IoU 0.5 by size, and how many true boxes there are of each."""
        return recall_by_size([one.places for one in self.evidence])


class KindsOfChange:
    """The kinds of boxes that were found: rows are true kinds, columns are said ones."""

    name = "kinds"
    needs = "boxes whose kind is known"

    def __init__(self, margin: float) -> None:
        self.margin = margin
        self.confusion = np.zeros((len(KINDS), len(KINDS)), np.int64)

    def take(self, result: PairResult, truth: Truth) -> bool:
        """Adds the matched boxes of a pair."""
        if truth.changes is None or (truth.changes and not any(c.kind for c in truth.changes)):
            return False
        evidence = pair_boxes(result.changes, truth.changes, _size(result), self.margin).places
        pairs = matched(evidence)
        true, said = evidence.true_kinds[pairs[:, 1]], evidence.kinds[pairs[:, 0]]
        known = true != UNKNOWN
        np.add.at(self.confusion, (true[known], said[known]), 1)
        return True

    def values(self) -> dict[str, float]:
        """Shares of right kinds, and how many of each kind were taken for which."""
        one_sided = self.confusion[:2, :2]
        cells = {
            f"{true}_as_{said}": int(self.confusion[i, j])
            for i, true in enumerate(KINDS)
            for j, said in enumerate(KINDS)
        }
        return {
            "right": share(float(np.trace(self.confusion)), float(self.confusion.sum())),
            "added_or_removed_right": share(
                float(np.trace(one_sided)), float(self.confusion[:2].sum())
            ),
            **cells,
        }


def matched(evidence: Places, min_overlap: float = _MIN_OVERLAP) -> Int64[np.ndarray, "k 2"]:
    """Which predicted box (first column) is which true one: best first, each true box once."""
    overlap = iou(evidence.boxes, evidence.true_boxes)
    found: list[tuple[int, int]] = []
    for box in np.argsort(-evidence.scores, kind="stable") if overlap.size else ():
        true = int(overlap[box].argmax())
        if overlap[box, true] >= min_overlap:
            overlap[:, true] = 0
            found.append((int(box), true))
    return np.array(found, np.int64).reshape(-1, 2)


def recall_by_size(evidence: Sequence[Places]) -> dict[str, float]:
    """Recall at IoU 0.5, and the number of true boxes, in the bins that `SIDES` part."""
    found, total = (np.zeros(len(SIDES) + 1, np.int64) for _ in range(2))
    for one in evidence:
        bins = np.digitize(np.sqrt(area(one.true_boxes)), SIDES)
        np.add.at(total, bins, 1)
        np.add.at(found, bins[matched(one)[:, 1]], 1)
    values: dict[str, float] = {}
    for name, right, true in zip(size_names(), found.tolist(), total.tolist(), strict=True):
        values[f"recall_{name}"] = share(right, true)
        values[f"boxes_{name}"] = true
    return values


def size_names() -> tuple[str, ...]:
    """What the bins of size are called.

    Example:
        >>> size_names()
        ('below_16', '16_to_32', '32_to_64', '64_to_128', 'from_128')
    """
    between = (f"{low}_to_{high}" for low, high in pairwise(SIDES))
    return (f"below_{SIDES[0]}", *between, f"from_{SIDES[-1]}")


def box_intervals(evidence: Sequence[PairBoxes]) -> dict[str, Interval]:
    """Bootstrap intervals over pairs of AP50 and centre AP."""
    return {
        "ap50": _interval(coco_ranking(evidence), interpolated=True),
        "centre_ap": _interval(centre_ranking(evidence), interpolated=False),
    }


def _interval(ranking: Ranking, interpolated: bool) -> Interval:
    return interval(lambda w: average_precision(ranking, interpolated, w), len(ranking.totals))


def share(part: float, whole: float) -> float:
    """A part of a whole; nan of nothing."""
    return part / whole if whole else math.nan


def _size(result: PairResult) -> tuple[int, int]:
    """The frame of both views, that of the after view."""
    if result.change_map is not None:
        _, height, width = result.change_map.heat.shape
        return height, width
    if result.after.height is None or result.after.width is None:
        msg = f"Expected a change map or the size of the after view for {result.pair_id!r}."
        raise ValueError(msg)
    return result.after.height, result.after.width


def _views(changes: Sequence[_Located]) -> tuple[list[_Located], list[_Located]]:
    """The changes that each view shows, with the box of that view alone."""
    return (
        [replace(change, box_after=None) for change in changes if change.box_before],
        [replace(change, box_before=None) for change in changes if change.box_after],
    )
