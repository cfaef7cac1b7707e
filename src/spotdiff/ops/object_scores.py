"""How sure one may be of a change of an object: what detectors say, fused with the heat there."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64, Int64, Shaped

from spotdiff.ops.objects import ADDED, REMOVED, UNCHANGED, Sightings, seen_scores
from spotdiff.types import ObjectEvidence, ObjectRules, Scores

CERTAIN = 0.005  # no probability is nearer to 0 or 1 than this: nobody is that sure


def logit(probability: Shaped[np.ndarray, ...]) -> Float64[np.ndarray, ...]:
    """The log-odds, of probabilities kept away from 0 and 1 by `CERTAIN`.

    Example:
        >>> logit(np.array([0.5, 0.8, 1.0])).round(2)
        array([0.  , 1.39, 5.29])
    """
    kept = np.asarray(probability, np.float64).clip(CERTAIN, 1 - CERTAIN)
    return np.asarray(np.log(kept / (1 - kept)))


def sigmoid(odds: Float64[np.ndarray, ...]) -> Float64[np.ndarray, ...]:
    """The probability of log-odds.

    Example:
        >>> sigmoid(np.array([0.0, -800.0])).round(2)
        array([0.5, 0. ])
    """
    return np.asarray(0.5 * (1 + np.tanh(0.5 * odds)))


def boosted(
    scores: Float32[np.ndarray, "n ..."], shares: Float32[np.ndarray, "n ..."], boost: float
) -> Float32[np.ndarray, "n ..."]:
    """Score · (1 + λ · share), at most 1.

    Example:
        >>> boosted(np.float32([0.5, 0.9]), np.float32([0.5, 1.0]), 0.8).round(2)
        array([0.7, 1. ], dtype=float32)
    """
    return np.asarray((scores * (1 + boost * shares)).clip(0, 1), np.float32)


def thing_scores(
    evidence: ObjectEvidence, seen: Sightings, kinds: Int64[np.ndarray, " n"], rules: ObjectRules
) -> Scores:
    """How sure each thing is a change of its kind, in [0, 1]; 0 for what is unchanged.

    By `boost`, the mean over the views that show it of the boosted score. By `odds`,
    σ(a · logit(score) + b · logit(heat) + c) of the mean score and of the mean heat of that kind in
    its boxes. Without a change map the heat says nothing either way.
    """
    before, after = evidence.before, evidence.after
    plain = before.detections.scores, after.detections.scores
    if rules.heat == "boost":
        shares = [_share(view.shares, rules) for view in (before, after)]
        fused = [boosted(s, share, rules.boost) for s, share in zip(plain, shares, strict=True)]
        scores = seen_scores(seen, *fused)
    else:
        a, b, c = rules.odds
        odds = a * logit(seen_scores(seen, *plain)) + b * logit(kind_heat(evidence, seen, kinds))
        scores = sigmoid(odds + c).astype(np.float32)
    return np.where(kinds == UNCHANGED, np.float32(0), scores).astype(np.float32)


def kind_heat(
    evidence: ObjectEvidence, seen: Sightings, kinds: Int64[np.ndarray, " n"]
) -> Float32[np.ndarray, " n"]:
    """The mean heat in the boxes of each thing that speaks for its kind, in [0, 1].

    For what was added, that of added or changed; for what was removed, of removed or changed; for
    what changed, of all kinds. 0.5 where there is no change map.
    """
    before, after = evidence.before.heat, evidence.after.heat
    width = max(before.shape[1], after.shape[1])
    if not width:
        return np.full(len(seen), 0.5, np.float32)
    views = (
        one if one.shape[1] else np.zeros((len(one), width), np.float32) for one in (before, after)
    )
    heat = seen_scores(seen, *views)
    total, other = heat.sum(axis=1), np.zeros(len(seen), np.float32)
    other = np.where(kinds == ADDED, heat[:, REMOVED], other)
    other = np.where(kinds == REMOVED, heat[:, ADDED], other)
    return np.asarray((total - other).clip(0, 1), np.float32)


def _share(shares: Float32[np.ndarray, "n levels"], rules: ObjectRules) -> Scores:
    if not shares.shape[1]:
        return np.zeros(len(shares), np.float32)
    return np.asarray(shares[:, rules.level], np.float32)
