"""Which boxes show one thing: greedy clusters around running means, label by label.

Steps 2 to 4 of weighted boxes fusion, Solovyev, Wang and Gabruseva 2021, section 3:
https://arxiv.org/abs/1910.13302
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float64, Int64

from spotdiff.types import Boxes

MIN_PULL = 1e-12  # what a box of score 0 still weighs where coordinates are averaged


def clustered(
    boxes: Boxes,
    scores: Float64[np.ndarray, " n"],
    labels: Int64[np.ndarray, " n"],
    min_overlap: float,
) -> Int64[np.ndarray, " n"]:
    """A number for each box; boxes with equal numbers are one cluster.

    Each box joins the cluster of its label whose box it overlaps most, or founds one. The box of a
    cluster is the mean of those that joined it so far, weighted by their scores.

    Args:
        boxes: With an area, in one frame; a label after the other, and in order within each.
        scores: From 0 on.
        labels: From 0 on, ascending.
        min_overlap: A box joins if the IoU exceeds this.

    Example:
        >>> boxes = np.float32([[0, 0, 4, 4], [5, 5, 9, 9], [0, 0, 4, 5], [0, 0, 4, 4]])
        >>> clustered(boxes, np.array([0.9, 0.5, 0.4, 0.3]), np.array([0, 0, 0, 1]), 0.5)
        array([0, 1, 0, 3])
    """
    clusters = np.zeros(len(boxes), np.int64)
    pulls = scores.clip(min=MIN_PULL)
    for places in _tables(labels):
        members = places >= 0
        found = _grown(boxes[places], pulls[places], members, min_overlap)
        # A cluster is called after the place of its label's box of the same number.
        clusters[places[members]] = np.take_along_axis(places, found, axis=1)[members]
    return clusters


def _tables(labels: Int64[np.ndarray, " n"]) -> Iterator[Int64[np.ndarray, "rows width"]]:
    """Places of boxes, a row a label, longest first, filled with -1; labels of like sizes together.

    Rows of a table are an eighth full at least: many rare labels beside a frequent one cost little.
    """
    firsts = np.flatnonzero(np.diff(labels, prepend=-1))
    counts = np.diff(firsts, append=len(labels))
    sizes = np.frexp(counts)[1] // 3
    for size in np.unique(sizes):
        rows = np.flatnonzero(sizes == size)
        rows = rows[np.argsort(-counts[rows], kind="stable")]
        steps = np.arange(counts[rows[0]])
        yield np.where(steps < counts[rows, None], firsts[rows, None] + steps, -1)


def _grown(
    boxes: Float64[np.ndarray, "rows width 4"],
    pulls: Float64[np.ndarray, "rows width"],
    members: Bool[np.ndarray, "rows width"],
    min_overlap: float,
) -> Int64[np.ndarray, "rows width"]:
    """The cluster of every box, counted from 0 in each row; rows grow side by side.

    Running sums give the box of a cluster. Rows are sorted by how many of their cells are members,
    the first of each row; the rest is padding.
    """
    sides = np.moveaxis(boxes.astype(np.float64), -1, 0)
    pulled = np.concatenate([sides * pulls, pulls[None]])
    found, used = np.zeros(pulls.shape, np.int64), np.zeros(len(pulls), np.int64)
    means, sums = np.zeros((4, *pulls.shape)), np.zeros((5, pulls.size))
    flat_means, starts = means.reshape(4, -1), np.arange(len(pulls)) * pulls.shape[1]
    for step, height in enumerate(members.sum(axis=0).tolist()):
        seen = means[:, :height, : used[:height].max() + 1]
        overlap = _overlap(sides[:, :height, step, None], seen)
        new = overlap.max(axis=1) <= min_overlap
        best = np.where(new, used[:height], overlap.argmax(axis=1))
        used[:height] += new
        places = starts[:height] + best
        grown = sums[:, places] + pulled[:, :height, step]
        sums[:, places] = grown
        flat_means[:, places] = grown[:4] / grown[4]
        found[:height, step] = best
    return found


def _overlap(
    box: Float64[np.ndarray, "4 rows 1"], others: Float64[np.ndarray, "4 rows seen"]
) -> Float64[np.ndarray, "rows seen"]:
    """IoU in double precision, so that what lies at a threshold falls where it should."""
    shared = np.maximum(np.minimum(box[2:], others[2:]) - np.maximum(box[:2], others[:2]), 0)
    common = shared[0] * shared[1]
    size, sizes = box[2:] - box[:2], others[2:] - others[:2]
    return np.asarray(common / (size[0] * size[1] + sizes[0] * sizes[1] - common))
