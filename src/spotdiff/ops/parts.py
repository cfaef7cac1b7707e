"""Parts of one thing: regions of one kind and one name that nearly touch."""

from __future__ import annotations

import numpy as np
from scipy.sparse.csgraph import connected_components

from spotdiff.ops.heatmap import Regions
from spotdiff.types import Boxes, LabelScores, Scores


def any_label(scores: LabelScores) -> Scores:
    """(n,) probabilities that a region shows any of the labels, of (n, v) of each."""
    return np.asarray(scores.sum(axis=1).clip(0, 1), np.float32)


def joined(
    regions: Regions, scores: LabelScores, max_gap: float, min_score: float = 0.0
) -> tuple[Regions, LabelScores]:
    """The regions with parts of one thing as one, and their probabilities of labels.

    The box of a thing is that of all its parts; its kind, score and labels are those of its best
    one.

    Args:
        regions: In any order, which is kept; a thing stands where its best part stood.
        scores: (n, v) probabilities of labels; a region goes by its likeliest one.
        max_gap: Pixels that may lie between the boxes of two parts, in each direction.
        min_score: Regions that score less are left as they are.

    Example:
        >>> boxes = np.float32([[0, 0, 5, 5], [7, 0, 9, 5], [7, 20, 9, 25]])
        >>> torn = Regions(boxes, np.full(3, 9), np.float32([0.9, 0.8, 0.7]), np.zeros(3, int))
        >>> whole, names = joined(torn, np.float32([[0.9], [0.8], [0.9]]), max_gap=3)
        >>> whole.boxes, whole.areas
        (array([[ 0.,  0.,  9.,  5.],
               [ 7., 20.,  9., 25.]], dtype=float32), array([18,  9]))
    """
    sure = np.flatnonzero(regions.scores >= min_score)
    if len(sure) < 2 or max_gap < 0:
        return regions, scores
    kinds, names = regions.kinds[sure], scores[sure].argmax(axis=1)
    alike = (kinds[:, None] == kinds) & (names[:, None] == names)
    near = (_gaps(regions.boxes[sure]) <= max_gap).all(axis=2)
    count, thing = connected_components(alike & near, directed=False)
    if count == len(sure):
        return regions, scores
    boxes, areas = regions.boxes.copy(), regions.areas.copy()
    keep = np.ones(len(regions), bool)
    for which in np.flatnonzero(np.bincount(thing) > 1):
        parts = sure[thing == which]
        best = parts[regions.scores[parts].argmax()]
        keep[parts] = parts == best
        boxes[best, :2] = regions.boxes[parts, :2].min(axis=0)
        boxes[best, 2:] = regions.boxes[parts, 2:].max(axis=0)
        areas[best] = regions.areas[parts].sum()
    return Regions(boxes, areas, regions.scores, regions.kinds)[keep], scores[keep]


def _gaps(boxes: Boxes) -> np.ndarray:
    """(n, n, 2) pixels between the boxes across and down, negative where they overlap."""
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    return np.asarray(low - high)
