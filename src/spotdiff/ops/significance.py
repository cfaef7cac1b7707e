"""Whether scores of one set are larger than those of another by more than chance."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64
from scipy.stats import false_discovery_control, t

Rows = Float64[np.ndarray, "h n"]


class Differences(NamedTuple):
    """What is said of each hypothesis.

    Attributes:
        difference: Mean of the first set minus mean of the second.
        effect: The same in pooled standard deviations (Hedges' g, corrected for small sets).
        p: One-sided, of Welch's test that the first set is not larger.
        q: The p values with the false discoveries among all hypotheses bounded (Benjamini and
            Hochberg 1995): all with q at most 0.05 hold 5 % of false ones at most, on average.
    """

    difference: Float64[np.ndarray, " h"]
    effect: Float64[np.ndarray, " h"]
    p: Float64[np.ndarray, " h"]
    q: Float64[np.ndarray, " h"]


def differences(first: Rows, second: Rows) -> Differences:
    """How two sets differ in the scores of each hypothesis.

    Where scores vary in neither set, or a set has one item, Welch's test says nothing; p is then
    that of the order alone: 0.5 for equal means, 1 for the wrong order, and the chance that the
    items of the first set come first of all where they do.

    Args:
        first: A row of scores for each hypothesis, a column for each item.
        second: The same of the second set.

    Example:
        >>> first, second = np.array([[3.0, 4, 5], [1, 2, 3]]), np.array([[1.0, 2, 3], [1, 2, 3]])
        >>> told = differences(first, second)
        >>> told.difference.tolist(), told.p.round(3).tolist(), told.q.round(3).tolist()
        ([2.0, 0.0], [0.035, 0.5], [0.07, 0.5])
    """
    n, m = first.shape[1], second.shape[1]
    apart = first.mean(axis=1) - second.mean(axis=1)
    one, other = (_variance(scores) / scores.shape[1] for scores in (first, second))
    error = np.sqrt(one + other)
    known = (error > 0) & (min(n, m) > 1)
    safe = np.where(known, error, 1.0)
    freedom = safe**4 / np.maximum(one**2 / max(n - 1, 1) + other**2 / max(m - 1, 1), 1e-300)
    p = np.where(known, t.sf(apart / safe, np.clip(freedom, 1, n + m)), _by_order(first, second))
    q = false_discovery_control(p) if len(p) else p
    return Differences(apart, _effect(first, second, apart), p, np.asarray(q))


def _by_order(first: Rows, second: Rows) -> Float64[np.ndarray, " h"]:
    lowest, highest = first.min(axis=1), second.max(axis=1)
    chance = 1 / math.comb(first.shape[1] + second.shape[1], first.shape[1])
    apart = first.mean(axis=1) - second.mean(axis=1)
    return np.where(lowest > highest, chance, np.where(apart == 0, 0.5, 1.0))


def _effect(
    first: Rows, second: Rows, apart: Float64[np.ndarray, " h"]
) -> Float64[np.ndarray, " h"]:
    n, m = first.shape[1], second.shape[1]
    freedom = n + m - 2
    if freedom < 1:
        return np.zeros(len(apart))
    pooled = np.sqrt(((n - 1) * _variance(first) + (m - 1) * _variance(second)) / freedom)
    small = 1 - 3 / (4 * freedom - 1) if freedom > 1 else 1.0
    return np.asarray(np.divide(apart, pooled, out=np.zeros_like(apart), where=pooled > 0) * small)


def _variance(scores: Rows) -> Float64[np.ndarray, " h"]:
    if scores.shape[1] < 2:
        return np.zeros(len(scores))
    return np.asarray(scores.var(axis=1, ddof=1))
