"""Rules by which published evaluations call a box right, so that figures can be laid side by side.

Each takes boxes in one frame of both views. What a rule does that another does not is written at
it; `docs/evaluation.md` lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool

from spotdiff.evaluation.ranking import Ranking, average_precision, ranked
from spotdiff.ops.boxes import expand, iou
from spotdiff.training.scores import Places, hits_by_centre, hits_by_overlap, places
from spotdiff.types import Boxes, Change, TrueChange

VOC_SIDE = 256  # CYWS scales both views to this height and width
_VOC_EXTRA = 2  # x2, y2 += 1, and + 1 again in every width and height
_MIN_OVERLAP = 0.5
_DEEPPCB_OVERLAP = 0.33


@dataclass(frozen=True, slots=True)
class PairBoxes:
    """What was said of a pair and what is true, with the size (h, w) of its frame.

    Attributes:
        places: Boxes, scores and kinds.
        size: Of the frame.
        labels: One a predicted box; empty where nobody says labels.
        true_labels: One a true box.
    """

    places: Places
    size: tuple[int, int]
    labels: tuple[str | None, ...] = ()
    true_labels: tuple[str | None, ...] = ()


def pair_boxes(
    changes: Sequence[Change],
    truth: Sequence[TrueChange],
    size: tuple[int, int],
    margin: float = 0.0,
) -> PairBoxes:
    """The boxes of changes beside those that are true, all in one frame.

    Args:
        changes: What was said, with labels.
        truth: What is true.
        size: Height and width of the frame.
        margin: Pixels added around predicted boxes, for truth that is drawn with a margin.
    """
    found = places(changes, truth)
    if margin:
        found = replace(found, boxes=expand(found.boxes, margin))
    labels = [c.label for c in changes for _ in places((c,), ()).boxes]
    true_labels = [c.label for c in truth for _ in places((), (c,)).true_boxes]
    return PairBoxes(found, size, tuple(labels), tuple(true_labels))


def coco_ranking(evidence: Sequence[PairBoxes]) -> Ranking:
    """IoU of at least 0.5, best first, each true box once: COCO."""
    return ranked([one.places for one in evidence], hits_by_overlap)


def centre_ranking(evidence: Sequence[PairBoxes]) -> Ranking:
    """The centre of the predicted box lies in a true box that no better one has found."""
    return ranked([one.places for one in evidence], hits_by_centre)


def voc_ranking(evidence: Sequence[PairBoxes]) -> Ranking:
    """VOC as CYWS measures it: boxes in a frame of 256 x 256, each two pixels wider and higher.

    A box meets the true box that it overlaps most, and is wrong if that one was taken already. CYWS
    counts both views as images of their own. Here both have one frame and every place is in both,
    so that the ranking would hold each box twice, and the average precision is the same. CYWS
    leaves out pairs without boxes; here they count, which can only lower the figure.
    """
    return ranked([_voc_scaled(one) for one in evidence], _hits_of_voc)


def deeppcb_average_precision(evidence: Sequence[PairBoxes]) -> float:
    """Mean over all true boxes of the precision where each is found, all classes in one ranking.

    The evaluation of DeepPCB (https://github.com/tangsanli5201/DeepPCB): IoU above 0.33 of boxes in
    whole pixels, matched in the order of the files and not by score; the class, where both sides
    have one, must agree, and a box of a wrong class uses the true box up.
    """
    total = sum(len(one.places.true_boxes) for one in evidence)
    if not total:
        return float("nan")
    scores = np.concatenate([one.places.scores for one in evidence])
    hits = np.concatenate([hits_of_deeppcb(one) for one in evidence])
    order = np.argsort(-scores, kind="stable")
    right = hits[order]
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    return float(precision[right].sum() / total)


def deeppcb_f_score(evidence: Sequence[PairBoxes]) -> float:
    """Harmonic mean of precision and recall of all boxes given, matched as DeepPCB does."""
    said = sum(len(one.places.boxes) for one in evidence)
    total = sum(len(one.places.true_boxes) for one in evidence)
    right = sum(int(hits_of_deeppcb(one).sum()) for one in evidence)
    return 2 * right / (said + total) if total else float("nan")


def hits_of_deeppcb(one: PairBoxes) -> Bool[np.ndarray, " n"]:
    """Which predicted boxes are right: every true box in turn takes the first free one it meets."""
    boxes, true_boxes = _whole(one.places.boxes), _whole(one.places.true_boxes)
    meets = iou(boxes, true_boxes) > _DEEPPCB_OVERLAP
    hits = np.zeros(len(boxes), bool)
    free = np.ones(len(boxes), bool)
    for true in range(len(true_boxes)):
        candidates = np.flatnonzero(meets[:, true] & free)
        if len(candidates):
            taken = int(candidates[0])
            free[taken] = False
            hits[taken] = _same_label(one, taken, true)
    return hits


def _same_label(one: PairBoxes, said: int, true: int) -> bool:
    if not one.labels or one.true_labels[true] is None:
        return True
    return one.labels[said] == one.true_labels[true]


def without_labels(evidence: Sequence[PairBoxes]) -> list[PairBoxes]:
    """The same boxes with nothing said of what they show."""
    return [replace(one, labels=(), true_labels=()) for one in evidence]


def _whole(boxes: Boxes) -> Boxes:
    return np.asarray(np.trunc(boxes), np.float32)


def _voc_scaled(one: PairBoxes) -> Places:
    height, width = one.size
    factor = np.array([VOC_SIDE / width, VOC_SIDE / height] * 2, np.float32)
    wider = np.array([0, 0, _VOC_EXTRA, _VOC_EXTRA], np.float32)
    boxes, true_boxes = one.places.boxes * factor, one.places.true_boxes * factor
    return replace(one.places, boxes=boxes + wider, true_boxes=true_boxes + wider)


def _hits_of_voc(evidence: Places) -> Bool[np.ndarray, " n"]:
    overlap = iou(evidence.boxes, evidence.true_boxes)
    hits = np.zeros(len(evidence.boxes), bool)
    taken = np.zeros(len(evidence.true_boxes), bool)
    for row in np.argsort(-evidence.scores, kind="stable") if overlap.size else ():
        nearest = int(overlap[row].argmax())
        if overlap[row, nearest] >= _MIN_OVERLAP:
            hits[row] = not taken[nearest]
            taken[nearest] = True
    return hits


def _coco(evidence: Sequence[PairBoxes]) -> float:
    return average_precision(coco_ranking(evidence))


def _centre(evidence: Sequence[PairBoxes]) -> float:
    return average_precision(centre_ranking(evidence), interpolated=False)


def _voc(evidence: Sequence[PairBoxes]) -> float:
    return average_precision(voc_ranking(evidence), interpolated=False)


def _deeppcb(evidence: Sequence[PairBoxes]) -> float:
    return deeppcb_average_precision(without_labels(evidence))


def _deeppcb_f(evidence: Sequence[PairBoxes]) -> float:
    return deeppcb_f_score(without_labels(evidence))


# By the name that they carry in tables and files.
BOX_PROTOCOLS: Mapping[str, Callable[[Sequence[PairBoxes]], float]] = {
    "ap50": _coco,
    "centre_ap": _centre,
    "voc_ap50": _voc,
    "deeppcb_ap": _deeppcb,
    "deeppcb_f": _deeppcb_f,
}
