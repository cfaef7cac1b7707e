"""Neighbours among codes of 64 bits: rows whose codes differ in few bits, and what they join."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64, UInt8, UInt64
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from spotdiff.ops.pigeonholes import BITS, expanded, near_pairs


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Pairs of rows whose codes are near each other.

    Attributes:
        pairs: Rows (i, j), ascending by i, then by j.
        distances: In how many bits their codes differ.
    """

    pairs: Int64[np.ndarray, "k 2"]
    distances: UInt8[np.ndarray, " k"]


def neighbours(
    codes: UInt64[np.ndarray, " n"],
    max_distance: int,
    others: UInt64[np.ndarray, " m"] | None = None,
) -> Neighbours:
    """All pairs of rows whose codes differ in `max_distance` bits at most; none is missed.

    Equal codes do not multiply: where several rows have one code, the first stands for them. Within
    one set (i < j) a repeat is paired with the first row of its code and with no other, which joins
    the same groups. Between two sets every row of `codes` is paired with the first row of each near
    code of `others`.

    The time grows with the distance: from 12 bits or so (more for more codes) each code is compared
    with every other, about a nanosecond a pair. Beyond the answer, memory is that of a few columns
    as long as the sets.

    Args:
        codes: One a row.
        max_distance: Bits, from 0 to 64.
        others: A second set to search; None to search `codes` itself.

    Raises:
        ValueError: If the codes are not of type uint64, or `max_distance` is no number of bits.

    Example:
        >>> near = neighbours(np.array([0b0000, 0b0111, 0b0001, 0b0000], np.uint64), 2)
        >>> near.pairs.tolist(), near.distances.tolist()
        ([[0, 2], [0, 3], [1, 2]], [1, 0, 2])
        >>> neighbours(np.array([7, 8], np.uint64), 1, np.array([6, 9, 6], np.uint64)).pairs
        array([[0, 0],
               [1, 1]])
    """
    for given in (codes, codes if others is None else others):
        if given.dtype != np.uint64 or given.ndim != 1:
            msg = f"Expected a column of codes of type uint64, got {given.dtype} {given.shape}."
            raise ValueError(msg)
    if not 0 <= max_distance <= BITS:
        msg = f"Expected max_distance to be a number of bits from 0 to 64, got {max_distance!r}."
        raise ValueError(msg)
    if others is None:
        return _within(codes, max_distance)
    return _between(codes, others, max_distance)


def components(pairs: Int64[np.ndarray, "k 2"], count: int) -> Int64[np.ndarray, " count"]:
    """For each of `count` rows the smallest row that a chain of pairs joins it with.

    Example:
        >>> components(np.array([[1, 3], [3, 4]]), 5)
        array([0, 1, 2, 1, 1])
    """
    links = spanning(pairs)
    found = np.arange(count)
    found[links[:, 1]] = links[:, 0]
    return found


def spanning(pairs: Int64[np.ndarray, "k 2"]) -> Int64[np.ndarray, "m 2"]:
    """Pairs that join what the given ones join, fewer than there are rows in them.

    Each is the smallest row of those that are joined, and another one of them.

    Example:
        >>> spanning(np.array([[4, 3], [3, 1], [4, 1]]))
        array([[1, 3],
               [1, 4]])
    """
    nodes, places = np.unique(pairs, return_inverse=True)
    ends = places.reshape(pairs.shape).T
    links = coo_array((np.ones(len(pairs), bool), tuple(ends)), shape=(len(nodes), len(nodes)))
    _, numbers = connected_components(links, directed=False)
    smallest = np.empty(len(nodes), np.int64)
    smallest[numbers[::-1]] = nodes[::-1]  # the last one written is the first of its number
    roots = smallest[numbers]
    return np.asarray(np.stack([roots, nodes], axis=1)[roots != nodes])


def _within(codes: UInt64[np.ndarray, " n"], max_distance: int) -> Neighbours:
    distinct, first, member = np.unique(codes, return_index=True, return_inverse=True)
    near = near_pairs(distinct, None, max_distance)
    repeats = np.flatnonzero(first[member] != np.arange(len(codes)))
    left = np.concatenate([first[near.left], first[member[repeats]]])
    right = np.concatenate([first[near.right], repeats])
    distances = np.concatenate([near.distances, np.zeros(len(repeats), np.uint8)])
    return _in_order(np.minimum(left, right), np.maximum(left, right), distances)


def _between(
    codes: UInt64[np.ndarray, " n"], others: UInt64[np.ndarray, " m"], max_distance: int
) -> Neighbours:
    distinct, member, counts = np.unique(codes, return_inverse=True, return_counts=True)
    distinct_others, first = np.unique(others, return_index=True)
    near = near_pairs(distinct, distinct_others, max_distance)
    by_code = np.argsort(member, kind="stable")
    starts = np.cumsum(counts) - counts
    taken, places = expanded(starts[near.left], counts[near.left])
    return _in_order(by_code[places], first[near.right[taken]], near.distances[taken])


def _in_order(
    left: Int64[np.ndarray, " k"],
    right: Int64[np.ndarray, " k"],
    distances: UInt8[np.ndarray, " k"],
) -> Neighbours:
    order = np.lexsort((right, left))
    return Neighbours(np.stack([left[order], right[order]], axis=1), distances[order])
