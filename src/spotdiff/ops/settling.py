"""Who stays where an earlier run has spoken already."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int64


def settled_kept(
    kept: Int64[np.ndarray, " n"],
    groups: Int64[np.ndarray, " n"],
    settled: Bool[np.ndarray, " n"],
    elsewhere: Bool[np.ndarray, " n"],
) -> Int64[np.ndarray, " n"]:
    """For each row the row that stays in its stead, after what an earlier run has decided.

    A row that stayed stays. Of other groups that earlier rows have part in, none stays.

    Args:
        kept: For each row the one of its group that would stay.
        groups: For each row the first of its group.
        settled: Rows that stayed in an earlier run.
        elsewhere: Rows whose group has a row of an earlier run that is none of these.

    Returns:
        -1 where no row of the group stays.

    Example:
        >>> groups = np.array([0, 0, 0, 3, 3, 5])
        >>> settled = np.array([False, True, True, False, False, False])
        >>> settled_kept(groups, groups, settled, groups == 3)
        array([ 1,  1,  2, -1, -1,  5])
    """
    found = np.where(elsewhere, -1, kept)
    rows = np.flatnonzero(settled)
    leaders = np.full(len(kept), -1)
    leaders[groups[rows[::-1]]] = rows[::-1]  # the last one written is the first of its group
    led = leaders[groups]
    found = np.where(led >= 0, led, found)
    found[rows] = rows
    return np.asarray(found)


def first_of(labels: Int64[np.ndarray, " n"]) -> Int64[np.ndarray, " n"]:
    """For each row the first row of its label.

    Example:
        >>> first_of(np.array([7, 2, 7, 2]))
        array([0, 1, 0, 1])
    """
    _, first, member = np.unique(labels, return_index=True, return_inverse=True)
    return np.asarray(first[member], np.int64)
