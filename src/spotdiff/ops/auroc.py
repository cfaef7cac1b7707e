"""How well scores tell two sets apart: the area under the ROC curve with its interval.

The area is the probability that a random item of the first set scores higher than one of the
second, ties counted half. Its variance is that of DeLong et al. 1988, computed by ranks as in Sun
and Xu 2014, https://doi.org/10.1109/LSP.2014.2337313. Where no item is out of order that variance
is zero, and the interval is the one of Newcombe 2006, method 5, which knows the numbers of items.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.optimize import brentq
from scipy.stats import norm, rankdata

Rows = Float64[np.ndarray, "h n"]


@dataclass(frozen=True, slots=True)
class Areas:
    """Areas under ROC curves; entry i of each field is hypothesis i.

    Attributes:
        areas: In [0, 1].
        low: Lower end of the interval.
        high: Upper end.
    """

    areas: Float64[np.ndarray, " h"]
    low: Float64[np.ndarray, " h"]
    high: Float64[np.ndarray, " h"]


def auroc(first: Rows, second: Rows, level: float = 0.95) -> Areas:
    """The areas with the first set as positives, and their intervals.

    Args:
        first: A row of scores for each hypothesis, a column for each item of the first set.
        second: The same of the second set.
        level: Of confidence, in (0, 1).

    Raises:
        ValueError: A set is empty, or a score is no finite number.

    Example:
        >>> told = auroc(np.array([[3.0, 2, 2], [1, 1, 1]]), np.array([[1.0, 2], [1, 1]]))
        >>> told.areas.round(3).tolist()
        [0.833, 0.5]
        >>> bool((told.low < told.areas).all() and (told.areas < told.high).all())
        True
    """
    for name, scores in (("first", first), ("second", second)):
        if not scores.shape[1]:
            raise ValueError(f"Expected items in the {name} set, got none.")
        if not np.isfinite(scores).all():
            raise ValueError(f"Expected finite scores in the {name} set.")
    n, m = first.shape[1], second.shape[1]
    ranks = rankdata(np.concatenate([first, second], axis=1), axis=1)
    # the share of the other set that each item beats
    beats = (ranks[:, :n] - rankdata(first, axis=1)) / m
    beaten = 1 - (ranks[:, n:] - rankdata(second, axis=1)) / n
    areas = beats.mean(axis=1)
    variances = _variance(beats) / n + _variance(beaten) / m
    ends = [_interval(*told, n, m, level) for told in zip(areas, variances, strict=True)]
    low, high = np.array(ends).reshape(-1, 2).T
    return Areas(areas, low, high)


def _variance(shares: Rows) -> Float64[np.ndarray, " h"]:
    if shares.shape[1] < 2:
        return np.zeros(len(shares))
    return np.asarray(shares.var(axis=1, ddof=1))


def _interval(area: float, variance: float, n: int, m: int, level: float) -> tuple[float, float]:
    """On the scale of log odds, so that it stays in [0, 1]."""
    if variance <= 1e-12 or not 0 < area < 1:
        return _newcombe(area, n, m, level)
    z = float(norm.ppf((1 + level) / 2))
    middle = np.log(area / (1 - area))
    half = z * np.sqrt(variance) / (area * (1 - area))
    low, high = 1 / (1 + np.exp(-(middle - half))), 1 / (1 + np.exp(-(middle + half)))
    return float(low), float(high)


def _newcombe(area: float, n: int, m: int, level: float) -> tuple[float, float]:
    """Where the distance of a true area from this one is `z` times its own standard error."""
    z = float(norm.ppf((1 + level) / 2))
    more = (n + m) / 2 - 1

    def beyond(true: float) -> float:
        spread = true * (1 - true) / (n * m)
        spread *= 1 + more * (1 - true) / (2 - true) + more * true / (1 + true)
        return abs(area - true) - z * float(np.sqrt(max(spread, 0.0)))

    tiny = 1e-9  # at 0 and 1 the standard error is zero, and any area would do
    near = min(max(area, tiny), 1 - tiny)
    low = 0.0 if area <= tiny else float(brentq(beyond, tiny, near))
    high = 1.0 if area >= 1 - tiny else float(brentq(beyond, near, 1 - tiny))
    return low, high
