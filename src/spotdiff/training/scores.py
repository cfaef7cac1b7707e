"""How good answers are, as pure functions; `metrics.py` gathers their evidence over a run.

Conventions: empty against empty is right (1.0); what cannot be measured for want of examples is
nan, never 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float32, Float64, Int64
from torchmetrics.detection import MeanAveragePrecision

from spotdiff.ops.boxes import area, centres_inside, iou
from spotdiff.types import Box, Boxes, Change, ChangeKind, LabelSets, Scores, TrueChange

UNKNOWN = -1  # the kind of a true place when the data set does not say how it changed
_KINDS = list(ChangeKind)


@dataclass(frozen=True, slots=True)
class Places:
    """Where a pair is said to differ and where it does, in the common frame of both views.

    Attributes:
        boxes: Predicted.
        scores: One a box.
        kinds: Position in `ChangeKind`, one a box.
        true_boxes: Annotated.
        true_kinds: Position in `ChangeKind` or `UNKNOWN`, one a true box.
    """

    boxes: Boxes
    scores: Scores
    kinds: Int64[np.ndarray, " n"]
    true_boxes: Float32[np.ndarray, "m 4"]
    true_kinds: Int64[np.ndarray, " m"]


class BoxPrecision(NamedTuple):
    """Average precision of boxes in [0, 1]; nan where there is no truth.

    Attributes:
        overall: Of all kinds as one.
        added: Of this kind alone; so are the next two.
        removed: Of this kind alone.
        changed: Of this kind alone.
        centre: Of all kinds as one, by `centre_average_precision`.
    """

    overall: float
    added: float
    removed: float
    changed: float
    centre: float


def places(changes: Iterable[Change], truth: Iterable[TrueChange]) -> Places:
    """The places of predicted and true changes.

    What moved is two places, what changed where it stood is one, even if its two boxes are not
    quite the same: a box of before that overlaps that of after by half (IoU) is left out.

    Args:
        changes: With both boxes in one frame.
        truth: In the same frame.
    """
    found = [
        (box, change.score, _KINDS.index(change.kind))
        for change in changes
        for box in _boxes(change.box_before, change.box_after)
    ]
    true = [
        (box, _KINDS.index(change.kind) if change.kind else UNKNOWN)
        for change in truth
        for box in _boxes(change.box_before, change.box_after)
    ]
    return Places(
        boxes=np.array([box for box, _, _ in found], np.float32).reshape(-1, 4),
        scores=np.array([score for _, score, _ in found], np.float32),
        kinds=np.array([kind for _, _, kind in found], np.int64),
        true_boxes=np.array([box for box, _ in true], np.float32).reshape(-1, 4),
        true_kinds=np.array([kind for _, kind in true], np.int64),
    )


def set_f1(predicted: LabelSets, true: LabelSets) -> Float64[np.ndarray, " 3"]:
    """F1 of the label set of each kind: 2 |P ∩ T| / (|P| + |T|), repeats counted once.

    Empty against empty is 1, empty against anything is 0.

    Example:
        >>> set_f1(LabelSets(("car",), (), ("dog",)), LabelSets(("car", "car", "man"), (), ()))
        array([0.66666667, 1.        , 0.        ])
    """
    return np.array([_f1(set(predicted.of(kind)), set(true.of(kind))) for kind in _KINDS])


def false_alarm_rate(
    scores: Float32[np.ndarray, " n"], is_changed: Bool[np.ndarray, " n"], recall: float = 0.9
) -> float:
    """Share of the unchanged pairs whose score reaches what `recall` of the changed pairs reach.

    Args:
        scores: Change score of each pair.
        is_changed: Whether the pair holds any change.
        recall: Share of the changed pairs that must be found, in (0, 1].

    Example:
        >>> scores = np.array([0.9, 0.8, 0.3, 0.5, 0.2], np.float32)
        >>> false_alarm_rate(scores, np.array([True, True, True, False, False]), recall=0.6)
        0.0
        >>> false_alarm_rate(scores, np.array([True, True, True, False, False]), recall=0.9)
        0.5
    """
    changed, unchanged = np.sort(scores[is_changed])[::-1], scores[~is_changed]
    if not len(changed) or not len(unchanged):
        return float("nan")
    # A recall of 0.6 of five pairs is three of them, whatever 0.6 * 5 is rounded to.
    needed = max(int(np.ceil(recall * len(changed) - 1e-9)), 1)
    return float((unchanged >= changed[needed - 1]).mean())


def average_precision(evidence: Sequence[Places], min_overlap: float = 0.5) -> BoxPrecision:
    """COCO average precision (101 points, 100 boxes a pair) at one IoU.

    The precision of a kind is measured on the pairs whose true changes are all of known kind.
    """
    known = [one for one in evidence if (one.true_kinds != UNKNOWN).all()]
    overall = _coco(evidence, min_overlap, by_kind=False)[0]
    added, removed, changed = _coco(known, min_overlap, by_kind=True)
    centre = centre_average_precision(evidence)
    return BoxPrecision(overall, added, removed, changed, centre)


def centre_average_precision(evidence: Sequence[Places]) -> float:
    """Average precision when a box is right if its centre lies in a true box; nan without truth.

    Best first, and each true box is found once: a second box in it is wrong. The area under the
    interpolated precision-recall curve, at all points.
    """
    total = sum(len(one.true_boxes) for one in evidence)
    if not total:
        return float("nan")
    hits = np.concatenate([hits_by_centre(one) for one in evidence])
    order = np.argsort(-np.concatenate([one.scores for one in evidence]), kind="stable")
    found = np.cumsum(hits[order])
    precision = found / np.arange(1, len(found) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float((envelope * hits[order]).sum() / total)


def hits_by_overlap(evidence: Places, min_overlap: float = 0.5) -> Bool[np.ndarray, " n"]:
    """Which predicted boxes are right: best first, each takes the free one it overlaps most."""
    overlap = iou(evidence.boxes, evidence.true_boxes)
    return _first_come(np.where(overlap >= min_overlap, overlap, 0), evidence.scores)


def hits_by_centre(evidence: Places) -> Bool[np.ndarray, " n"]:
    """Which predicted boxes are right: best first, each takes the smallest free one around it."""
    inside = centres_inside(evidence.boxes, evidence.true_boxes)
    return _first_come(inside / (1 + area(evidence.true_boxes)), evidence.scores)


def _first_come(agreement: Float64[np.ndarray, "n m"], scores: Scores) -> Bool[np.ndarray, " n"]:
    """Which rows get a column with a positive agreement, when rows choose by falling score."""
    free = agreement.copy()
    right = np.zeros(len(scores), bool)
    if not free.size:
        return right
    for row in np.argsort(-scores, kind="stable"):
        column = free[row].argmax()
        right[row] = free[row, column] > 0
        if right[row]:
            free[:, column] = 0
    return right


def _f1(predicted: set[str], true: set[str]) -> float:
    if not predicted and not true:
        return 1.0
    return 2 * len(predicted & true) / (len(predicted) + len(true))


def _boxes(before: Box | None, after: Box | None) -> list[Box]:
    boxes = [box for box in (after, before) if box is not None]
    if len(boxes) == 2:
        both = np.array(boxes, np.float32)
        return boxes[:1] if iou(both[:1], both[1:])[0, 0] >= 0.5 else boxes
    return boxes


def _coco(evidence: Sequence[Places], min_overlap: float, by_kind: bool) -> list[float]:
    """Average precision by kind, or of all kinds as one."""
    metric = MeanAveragePrecision(
        iou_thresholds=[min_overlap], class_metrics=by_kind, backend="faster_coco_eval"
    )
    for one in evidence:
        labels, true_labels = (
            torch.from_numpy(kinds if by_kind else np.zeros_like(kinds))
            for kinds in (one.kinds, one.true_kinds)
        )
        boxes, true_boxes = torch.from_numpy(one.boxes), torch.from_numpy(one.true_boxes)
        scores = torch.from_numpy(one.scores)
        metric.update(
            [{"boxes": boxes, "scores": scores, "labels": labels}],
            [{"boxes": true_boxes, "labels": true_labels}],
        )
    precision = [float("nan")] * (len(_KINDS) if by_kind else 1)
    if not any(len(one.true_boxes) for one in evidence):
        return precision
    answer = metric.compute()
    values = answer["map_per_class"] if by_kind else answer["map"]
    for kind, value in zip(answer["classes"].reshape(-1), values.reshape(-1), strict=False):
        if value >= 0:
            precision[int(kind)] = float(value)
    return precision
