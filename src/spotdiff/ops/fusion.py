"""Weighted boxes fusion: the boxes of several detectors, or of several looks, become one set.

Solovyev, Wang and Gabruseva 2021, https://arxiv.org/abs/1910.13302, section 3. Boxes of a label are
taken best first; each joins the cluster whose box so far it overlaps most, if enough, or founds
one. The box of a cluster is the mean of its members' coordinates, weighted by their scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias, get_args

import numpy as np
from jaxtyping import Float64, Int64

from spotdiff.ops.box_clusters import MIN_PULL, clustered
from spotdiff.ops.boxes import area
from spotdiff.types import Boxes, Detections

Rescale: TypeAlias = Literal["max", "avg", "box_and_model_avg", "absent_model_aware_avg"]


class _Votes(NamedTuple):
    """All boxes of all voters that count, a label after the other, best first within each."""

    boxes: Boxes
    scores: Float64[np.ndarray, " n"]  # times the weight of the voter
    voters: Int64[np.ndarray, " n"]
    labels: Int64[np.ndarray, " n"]


def fuse(
    voters: Sequence[Detections],
    *,
    min_overlap: float = 0.55,
    min_score: float = 0.0,
    weights: Sequence[float] | None = None,
    rescale: Rescale = "max",
    overflow: bool = False,
) -> Detections:
    """One set of boxes from those of several voters, label by label, best first, without masks.

    With n boxes of a cluster, their scores s times the weights w of their voters, U the sum of the
    weights of the voters among them and W that of all N voters, the score of a cluster is

    - `max`: max(w s) / max(weights): silent and dimmer voters take nothing away;
    - `avg`: Σ w s / n · min(N, n) / W, the paper's equation 5; with `overflow` equation 6,
      Σ w s / W, which exceeds 1 where voters have several boxes in a cluster;
    - `box_and_model_avg`: Σ w s / Σ w · U / W;
    - `absent_model_aware_avg`: Σ w s / (Σ w + W - U).

    Args:
        voters: Labelled boxes in one frame, whichever; those without area are left out.
        min_overlap: A box joins a cluster of its label if their IoU exceeds this.
        min_score: Boxes whose own score lies below this are left out.
        weights: Of the voters, from 0 on; None for equal ones.
        rescale: How scores of clusters are made.
        overflow: What `avg` does above N boxes.

    Raises:
        ValueError: If a voter has no labels or is not finite, or an argument cannot be one.

    Example:
        >>> near = Detections(np.float32([[0, 0, 10, 10]]), np.float32([0.75]), ("cup",))
        >>> far = Detections(np.float32([[0, 0, 10, 14]]), np.float32([0.25]), ("cup",))
        >>> fuse([near, far]).boxes, fuse([near, far]).scores
        (array([[ 0.,  0., 10., 11.]], dtype=float32), array([0.75], dtype=float32))
        >>> fuse([near, far, Detections.none()], rescale="avg").scores.round(3)
        array([0.333], dtype=float32)
    """
    if rescale not in get_args(Rescale):
        known = ", ".join(get_args(Rescale))
        raise ValueError(f"Expected rescale to be one of {known}, got {rescale!r}.")
    if not 0 <= min_overlap <= 1:
        raise ValueError(f"Expected min_overlap to be a number from 0 to 1, got {min_overlap!r}.")
    trust = _trust(weights, len(voters))
    if not voters:
        return Detections.none()
    words = sorted({word for voter in voters for word in voter.labels})
    votes = _votes(voters, trust, words, min_score)
    if not len(votes.boxes):
        return Detections.none()
    named = clustered(votes.boxes, votes.scores, votes.labels, min_overlap)
    _, founders, clusters = np.unique(named, return_index=True, return_inverse=True)
    boxes = _means(votes, clusters).astype(np.float32)
    scores = _rescaled(votes, clusters, trust, rescale, overflow).astype(np.float32)
    labels = votes.labels[founders]
    order = _best_first(scores, boxes, labels)
    return Detections(boxes[order], scores[order], tuple(words[i] for i in labels[order]))


def _trust(weights: Sequence[float] | None, count: int) -> Float64[np.ndarray, " voters"]:
    trust = np.ones(count) if weights is None else np.asarray(weights, np.float64)
    if trust.shape != (count,):
        msg = f"Expected a weight for each of {count} voters, got {trust.size} weights."
        raise ValueError(msg)
    if count and not (np.isfinite(trust).all() and trust.min() >= 0 and trust.max() > 0):
        msg = f"Expected weights from 0 on, one above it at least, got {trust.tolist()}."
        raise ValueError(msg)
    return trust


def _votes(
    voters: Sequence[Detections],
    trust: Float64[np.ndarray, " voters"],
    words: Sequence[str],
    min_score: float,
) -> _Votes:
    numbers = {word: number for number, word in enumerate(words)}
    parts: list[_Votes] = []
    for index, voter in enumerate(voters):
        if len(voter.labels) != len(voter):
            msg = f"Expected a label for each of {len(voter)} boxes of voter {index}, "
            raise ValueError(f"{msg}got {len(voter.labels)} labels.")
        if not (np.isfinite(voter.boxes).all() and np.isfinite(voter.scores).all()):
            raise ValueError(f"Expected finite boxes and scores, voter {index} has others.")
        labels = np.array([numbers[word] for word in voter.labels], np.int64)
        keep = (voter.scores >= min_score) & (area(voter.boxes) > 0)
        scores = voter.scores[keep].astype(np.float64) * trust[index]
        voted = np.full(len(scores), index)
        parts.append(_Votes(voter.boxes[keep], scores, voted, labels[keep]))
    votes = _Votes(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    order = _best_first(votes.scores, votes.boxes, votes.labels)
    order = order[np.argsort(votes.labels[order], kind="stable")]
    return _Votes(*(column[order] for column in votes))


def _best_first(
    scores: Float64[np.ndarray, " n"], boxes: Boxes, labels: Int64[np.ndarray, " n"]
) -> Int64[np.ndarray, " n"]:
    """By score; what decides between equal ones does not depend on where they stand.

    Sides come last, so that mirrored boxes come in the same order wherever they can.
    """
    x0, y0, _, y1 = boxes.T
    return np.lexsort((x0, y1, y0, -area(boxes), labels, -scores))


def _means(votes: _Votes, clusters: Int64[np.ndarray, " n"]) -> Float64[np.ndarray, "k 4"]:
    pulls = votes.scores.clip(min=MIN_PULL)
    totals = np.bincount(clusters, pulls)
    sums = [np.bincount(clusters, pulls * side) for side in votes.boxes.T.astype(np.float64)]
    return np.stack(sums, axis=1) / totals[:, None]


def _rescaled(
    votes: _Votes,
    clusters: Int64[np.ndarray, " n"],
    trust: Float64[np.ndarray, " voters"],
    rescale: Rescale,
    overflow: bool,
) -> Float64[np.ndarray, " k"]:
    sums = np.bincount(clusters, votes.scores)
    if rescale == "max":
        best = np.zeros(len(sums))
        np.maximum.at(best, clusters, votes.scores)
        return np.asarray(best / trust.max())
    if rescale == "avg":
        counts = np.bincount(clusters)
        shares = np.ones(len(sums)) if overflow else np.minimum(len(trust) / counts, 1)
        return np.asarray(sums * shares / trust.sum())
    heard = np.zeros((len(sums), len(trust)), bool)
    heard[clusters, votes.voters] = True
    present, boxed = heard @ trust, np.bincount(clusters, trust[votes.voters])
    if rescale == "box_and_model_avg":
        return np.asarray(sums / boxed * present / trust.sum())
    return np.asarray(sums / (boxed + trust.sum() - present))
