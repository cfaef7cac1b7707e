"""Scores of hypotheses on two sets of pictures: what is said of each, whatever is not known."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64
from scipy.stats import false_discovery_control

from spotdiff.ops.auroc import auroc
from spotdiff.ops.significance import differences
from spotdiff.types import Histogram

BINS = 24

Rows = Float64[np.ndarray, "h n"]
Values = Float64[np.ndarray, " h"]


class Compared(NamedTuple):
    """What scores say; entry i of each field is hypothesis i, NaN where nothing is known of it.

    Attributes:
        area: Under the ROC curve, in [0, 1].
        low: Lower end of its interval.
        high: Upper end.
        means: Mean scores of the first set (column 0) and the second one.
        effect: Difference of the means in standard deviations.
        p: One-sided.
        shares: Share of both sets above the middle of the two means.
    """

    area: Values
    low: Values
    high: Values
    means: Float64[np.ndarray, "h 2"]
    effect: Values
    p: Values
    shares: Float64[np.ndarray, "h 2"]


def compared(first: Rows, second: Rows, level: float = 0.95) -> Compared:
    """Compares the scores of two sets; those that are not finite are left out.

    A hypothesis of which nothing is known in a set says nothing.

    Args:
        first: A row of scores a hypothesis, a column a picture.
        second: The same of the second set.
        level: Of confidence, in (0, 1).

    Example:
        >>> first = np.array([[3.0, 2, np.nan], [np.nan, np.nan, np.nan]])
        >>> told = compared(first, np.array([[1.0, 2], [1, 2]]))
        >>> told.area.tolist(), told.means.tolist()
        ([0.875, nan], [[2.5, 1.5], [nan, nan]])
    """
    whole = np.isfinite(first).all(axis=1) & np.isfinite(second).all(axis=1)
    table = np.full((len(first), 9), np.nan)
    if whole.any() and first.shape[1] and second.shape[1]:
        table[whole] = _table(first[whole], second[whole], level)
    for i in np.flatnonzero(~whole):
        one, other = (scores[i][np.isfinite(scores[i])][None] for scores in (first, second))
        if one.size and other.size:
            table[i] = _table(one, other, level)[0]
    area, low, high, mean, other_mean, effect, p, share, other_share = table.T
    means, shares = np.stack([mean, other_mean], 1), np.stack([share, other_share], 1)
    return Compared(area, low, high, means, effect, p, shares)


def corrected(p: Values) -> Values:
    """The p values of all hypotheses, their false discoveries bounded (Benjamini and Hochberg).

    Example:
        >>> corrected(np.array([0.01, 0.04])).tolist()
        [0.02, 0.04]
    """
    return np.asarray(false_discovery_control(p)) if len(p) else p


def histogram(first: Values, second: Values, bins: int = BINS) -> Histogram | None:
    """How the scores of one hypothesis lie; None where nothing is known of a set.

    The bins span the middle 99 % of the scores, so that one stray picture does not hide the rest.

    Example:
        >>> histogram(np.array([0.0, 1, 1]), np.array([0.0, np.nan]), bins=2)
        Histogram(low=0.0, high=1.0, first=(1, 2), second=(1, 0))
    """
    one, other = (scores[np.isfinite(scores)] for scores in (first, second))
    if not len(one) or not len(other):
        return None
    both = np.concatenate([one, other])
    # of a small set every score is within
    low, high = np.quantile(both, (0.005, 0.995), method="inverted_cdf").tolist()
    if len(both) < 200:
        low, high = float(both.min()), float(both.max())
    ends = (low, high) if high > low else (low - 0.5, low + 0.5)
    counts = [np.histogram(s.clip(*ends), bins, ends)[0].tolist() for s in (one, other)]
    return Histogram(*ends, tuple(counts[0]), tuple(counts[1]))


def answered(scores: Rows) -> Bool[np.ndarray, " h"]:
    """Whether anything is known of each hypothesis.

    Example:
        >>> answered(np.array([[np.nan, 1], [np.nan, np.nan]])).tolist()
        [True, False]
    """
    return np.asarray(np.isfinite(scores).any(axis=1))


def _table(first: Rows, second: Rows, level: float) -> Float64[np.ndarray, "h 9"]:
    areas, told = auroc(first, second, level), differences(first, second)
    means = first.mean(axis=1), second.mean(axis=1)
    middle = ((means[0] + means[1]) / 2)[:, None]
    shares = (first > middle).mean(axis=1), (second > middle).mean(axis=1)
    return np.stack(
        [areas.areas, areas.low, areas.high, *means, told.effect, told.p, *shares], axis=1
    )
