"""Whom to keep of rows that show the same."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import numpy as np
from jaxtyping import Float64, Int64

Keep: TypeAlias = Literal["first", "largest", "sharpest"]


def kept_of(
    groups: Int64[np.ndarray, " n"],
    keep: Keep,
    areas: Int64[np.ndarray, " n"],
    sharpness: Float64[np.ndarray, " n"],
) -> Int64[np.ndarray, " n"]:
    """For each row the row of its group that is kept; of equally good ones the first.

    Args:
        groups: Rows with equal numbers are one group.
        keep: The first row, or the one of the largest area, or the sharpest.
        areas: Pixels.
        sharpness: Higher is sharper; NaN where it is not known, which is worse than any other.

    Raises:
        ValueError: If `keep` is none of the three, or the columns differ in length.

    Example:
        >>> groups, areas = np.array([0, 1, 0, 1, 0]), np.array([100, 400, 900, 400, 900])
        >>> sharpness = np.array([5.0, 2.0, 3.0, 7.0, 4.0])
        >>> kept_of(groups, "first", areas, sharpness)
        array([0, 1, 0, 1, 0])
        >>> kept_of(groups, "largest", areas, sharpness)
        array([2, 1, 2, 1, 2])
        >>> kept_of(groups, "sharpest", areas, sharpness)
        array([0, 3, 0, 3, 0])
    """
    if keep not in get_args(Keep):
        known = ", ".join(get_args(Keep))
        raise ValueError(f"Expected keep to be one of {known}, got {keep!r}.")
    if not len(groups) == len(areas) == len(sharpness):
        msg = f"Expected an area and a sharpness for each of {len(groups)} rows, "
        raise ValueError(f"{msg}got {len(areas)} and {len(sharpness)}.")
    merits = {"first": np.zeros(len(groups)), "largest": areas, "sharpest": sharpness}
    best_first = np.lexsort((-merits[keep], groups))  # stable, so the first row leads equal ones
    _, leaders, members = np.unique(groups[best_first], return_index=True, return_inverse=True)
    kept = np.empty(len(groups), np.int64)
    kept[best_first] = best_first[leaders[members]]
    return kept
