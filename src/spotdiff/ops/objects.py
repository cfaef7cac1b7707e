"""Objects of two views: which are one thing, and what that makes of them.

Partners are found without looking at any threshold of scores, so a sweep over those finds them
once; what a threshold decides is arithmetic over the sightings that come out of here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int64, Shaped

from spotdiff.ops.boxes import area, iou
from spotdiff.ops.matching import assigned
from spotdiff.types import Boxes, ChangeKind, ObjectEvidence, SeenObjects

ADDED, REMOVED, CHANGED = range(len(ChangeKind))
UNCHANGED = -1
Look = tuple[float, float]  # cosines of different things, and of one thing


@dataclass(frozen=True, slots=True)
class Sightings:
    """Things seen in one view or in both; row i of every field is thing i.

    Attributes:
        before: Its row in the before view, -1 where that does not show it.
        after: The same for the after view.
        shift: How far its centre moved, in units of its size; 0 where one view shows it.
        alike: How alike it looks in both views, in [0, 1]: to the embedder, and at most 1 - heat
            of its boxes, where there is a change map. 1 where one view shows it.
    """

    before: Int64[np.ndarray, " n"]
    after: Int64[np.ndarray, " n"]
    shift: Float32[np.ndarray, " n"]
    alike: Float32[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.before)


def sightings(
    evidence: ObjectEvidence,
    groups: tuple[Sequence[str], Sequence[str]],
    *,
    alpha: float,
    min_same: float,
    min_partner: float,
    look: Look,
) -> Sightings:
    """Every object that reaches `min_partner` once, partners as one thing.

    Two objects may be partners if they are of one group and overlap by `min_same` (IoU) or look
    that much alike; all else is forbidden before anything is assigned. Of what is allowed the
    assignment with the largest sum of alpha · IoU + (1 - alpha) · likeness is taken.

    Args:
        evidence: Of one pair.
        groups: For each object of before and of after, what it may be: labels that are compatible
            have one group.
        alpha: In [0, 1].
        min_same: In [0, 1].
        min_partner: Of scores, in [0, 1].
        look: Where cosines of embeddings are no likeness at all, and full likeness.
    """
    rows, columns = (
        np.flatnonzero(view.detections.scores >= min_partner)
        for view in (evidence.before, evidence.after)
    )
    here, there = evidence.before.detections.boxes[rows], evidence.after.detections.boxes[columns]
    overlap = iou(here, there)
    alike = None
    if evidence.cosines is not None:
        alike = likeness(evidence.cosines[np.ix_(rows, columns)], look)
    known = overlap if alike is None else alike
    one_group = _equal(
        [groups[0][i] for i in rows.tolist()], [groups[1][j] for j in columns.tolist()]
    )
    allowed = one_group & (np.maximum(overlap, known) >= min_same)
    # the crumb keeps what is allowed and gains nothing from being nothing
    pairs = assigned(alpha * overlap + (1 - alpha) * known + 1e-6, allowed)
    i, j = pairs.T
    alone = np.delete(np.arange(len(rows)), i), np.delete(np.arange(len(columns)), j)
    nobody = tuple(np.full(len(one), -1) for one in alone)
    count = len(alone[0]) + len(alone[1])
    looks = np.ones(len(pairs), np.float32) if alike is None else alike[i, j]
    heat = (mean_heat(evidence.before)[rows[i]] + mean_heat(evidence.after)[columns[j]]) / 2
    return Sightings(
        np.concatenate([rows[i], rows[alone[0]], nobody[1]]).astype(np.int64),
        np.concatenate([columns[j], nobody[0], columns[alone[1]]]).astype(np.int64),
        np.concatenate([shifts(here[i], there[j]), np.zeros(count)]).astype(np.float32),
        np.concatenate([np.minimum(looks, 1 - heat), np.ones(count)]).astype(np.float32),
    )


def kinds_of(seen: Sightings, max_shift: float, min_alike: float) -> Int64[np.ndarray, " n"]:
    """The kind of every thing, by its position in `ChangeKind`, or `UNCHANGED`.

    What one view shows was added or removed. What both show is changed if it moved farther than
    `max_shift` or looks less alike than `min_alike`.

    Example:
        >>> rows = np.array([0, 1, -1]), np.array([0, -1, 1])
        >>> seen = Sightings(*rows, np.float32([0.9, 0, 0]), np.float32([1, 1, 1]))
        >>> kinds_of(seen, max_shift=0.5, min_alike=0.3)
        array([2, 1, 0])
    """
    differs = (seen.shift > max_shift) | (seen.alike < min_alike)
    kinds = np.where(differs, CHANGED, UNCHANGED)
    kinds = np.where(seen.after < 0, REMOVED, kinds)
    return np.where(seen.before < 0, ADDED, kinds).astype(np.int64)


def mean_heat(view: SeenObjects) -> Float32[np.ndarray, " n"]:
    """The mean heat of any kind in the box of every object, in [0, 1]; 0 without a change map.

    From the shares of each box: ∫ share dh over the levels.
    """
    if not view.shares.shape[1]:
        return np.zeros(len(view), np.float32)
    return np.asarray(view.shares.mean(axis=1), np.float32)


def likeness(cosines: Float32[np.ndarray, "n m"], look: Look) -> Float32[np.ndarray, "n m"]:
    """How alike objects look, in [0, 1], from the cosines of their embeddings.

    Example:
        >>> likeness(np.float32([[1, 0.8, 0.2]]), (0.5, 1.0)).round(2)
        array([[1. , 0.6, 0. ]], dtype=float32)
    """
    low, high = look
    return np.asarray(((cosines - low) / (high - low)).clip(0, 1), np.float32)


def shifts(boxes: Boxes, others: Boxes) -> Float32[np.ndarray, " n"]:
    """How far the centres of boxes lie apart, row by row, by the root of their mean area.

    Example:
        >>> shifts(np.float32([[0, 0, 4, 4]]), np.float32([[2, 0, 6, 4]]))
        array([0.5], dtype=float32)
    """
    apart = (boxes[:, :2] + boxes[:, 2:] - others[:, :2] - others[:, 2:]) / 2
    size = np.sqrt((area(boxes) + area(others)) / 2)
    return np.asarray(np.linalg.norm(apart, axis=1) / np.maximum(size, 1e-6), np.float32)


def seen_scores(
    seen: Sightings,
    before: Shaped[np.ndarray, "n ..."],
    after: Shaped[np.ndarray, "m ..."],
) -> Shaped[np.ndarray, "k ..."]:
    """A value of every thing from those of its views: their mean where both show it.

    Example:
        >>> seen = Sightings(np.array([0, -1]), np.array([0, 1]), *np.zeros((2, 2), np.float32))
        >>> seen_scores(seen, np.float32([0.5]), np.float32([1.0, 0.25]))
        array([0.75, 0.25], dtype=float32)
    """
    total = np.zeros((len(seen), *before.shape[1:]), np.float32)
    for rows, values in ((seen.before, before), (seen.after, after)):
        total[rows >= 0] += values[rows[rows >= 0]]
    shown = (seen.before >= 0).astype(np.float32) + (seen.after >= 0)
    return np.asarray(total / shown.reshape(-1, *[1] * (total.ndim - 1)), np.float32)


def _equal(one: Sequence[str], other: Sequence[str]) -> Bool[np.ndarray, "n m"]:
    numbers = {group: i for i, group in enumerate(dict.fromkeys([*one, *other]))}
    left, right = (np.array([numbers[g] for g in some], np.int64) for some in (one, other))
    return np.asarray(left[:, None] == right[None, :])
