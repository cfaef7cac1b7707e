"""How well ranked hypotheses name a true difference, from the grades of a judge.

Grades are 2 (it says what the truth says), 1 (it says more or less than that) and 0. The measures
are those of Dunlap et al. 2024 (VisDiff), section 4.2: https://arxiv.org/abs/2312.02974
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

FULL = 2  # the best grade
DRAWS = 2000


class Accuracy(NamedTuple):
    """The best grade among the first hypotheses, as a share of the best there is.

    Attributes:
        at_1: Among the first one.
        at_5: Among the first five.
        at_n: Among all.
        unknown: Hypotheses that the judge gave no clear grade.
    """

    at_1: float | None
    at_5: float | None
    at_n: float | None
    unknown: int


def accuracy(grades: Sequence[int | None]) -> Accuracy:
    """The accuracies of hypotheses, best first.

    Example:
        >>> accuracy([1, 0, 2, 0, 0])
        Accuracy(at_1=0.5, at_5=1.0, at_n=1.0, unknown=0)
        >>> accuracy([None, 1]), accuracy([])
        (Accuracy(at_1=None, at_5=0.5, at_n=0.5, unknown=1), \
Accuracy(at_1=0.0, at_5=0.0, at_n=0.0, unknown=0))
    """
    unknown = sum(grade is None for grade in grades)
    return Accuracy(best_of(grades, 1), best_of(grades, 5), best_of(grades, None), unknown)


def best_of(grades: Sequence[int | None], count: int | None) -> float | None:
    """The best grade among the first `count` as a share; None where none of them is known.

    Without any hypothesis nothing was found, which is 0. A grade that is not known is left out.

    Example:
        >>> best_of([0, 1, 2], 2), best_of([2], 5), best_of([None, 2], 1), best_of([], 5)
        (0.5, 1.0, None, 0.0)
    """
    some = grades[:count]
    known = [grade for grade in some if grade is not None]
    if some and not known:
        return None
    return max(known, default=0) / FULL


def mean_interval(
    values: Float64[np.ndarray, " n"], seed: int = 0, level: float = 0.95
) -> tuple[float, float, float]:
    """A mean with where a bootstrap over the values puts it; NaN where there are too few.

    Example:
        >>> tuple(round(end, 2) for end in mean_interval(np.array([0.0, 1, 1, 1])))
        (0.75, 0.25, 1.0)
        >>> mean_interval(np.array([0.5]))
        (0.5, nan, nan)
    """
    if not len(values):
        return float("nan"), float("nan"), float("nan")
    if len(values) < 2:
        return float(values[0]), float("nan"), float("nan")
    drawn = np.random.default_rng(seed).integers(len(values), size=(DRAWS, len(values)))
    outside = (1 - level) / 2
    low, high = np.quantile(values[drawn].mean(axis=1), (outside, 1 - outside)).tolist()
    return float(values.mean()), low, high
