"""Rows of several codes: which are equal, and which are near each other at every position.

Few rows are compared with one another one by one. Of many, those that are near at every position
are also joined by chains at every position: most of them part by that, and what is left is searched
at the position with the most different codes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Bool, Int64, Shaped, UInt64

from spotdiff.ops.hamming import components, neighbours, spanning
from spotdiff.ops.pigeonholes import blocks, expanded, near_pairs

_FEW = 32  # rows that are compared with one another: sorting them would cost more
_HELD = 1 << 22  # pairs that are kept before they are reduced to what joins the same rows


class _Rows(NamedTuple):
    """Rows that are searched: their codes, whether they are real, the bits that may differ."""

    codes: UInt64[np.ndarray, "n k"]
    real: Bool[np.ndarray, " n"]
    max_distance: int

    def taken(self, rows: Int64[np.ndarray, " m"]) -> _Rows:
        return self._replace(codes=self.codes[rows], real=self.real[rows])


Pairs: TypeAlias = Iterator[Int64[np.ndarray, "p 2"]]


def labelled(
    columns: Sequence[Shaped[np.ndarray, " n"]], count: int
) -> Int64[np.ndarray, " count"]:
    """Numbers of rows, equal where the rows are equal in all columns.

    Example:
        >>> labelled([np.array([7, 5, 7, 7]), np.array([1, 1, 1, 0])], 4)
        array([2, 0, 2, 1])
    """
    telling = [column for column in columns if count and (column != column[0]).any()]
    if not telling:
        return np.zeros(count, np.int64)
    order = np.lexsort(telling[::-1]) if len(telling) > 1 else np.argsort(telling[0])
    fresh = np.zeros(count, bool)
    for column in telling:
        ranked = column[order]
        fresh[1:] |= ranked[1:] != ranked[:-1]
    labels = np.empty(count, np.int64)
    labels[order] = np.cumsum(fresh)
    return labels


def near_rows(
    codes: UInt64[np.ndarray, "n k"],
    keys: Int64[np.ndarray, " n"],
    max_distance: int,
    real: Bool[np.ndarray, " n"] | None = None,
) -> Int64[np.ndarray, "p 2"]:
    """Pairs that join the same rows as all near pairs do, and no row that has no near pair.

    Two rows are a near pair if their keys are equal, their codes differ in few bits at every
    position, and one of them at least is real.

    Args:
        codes: A row each, no two equal ones under one key.
        keys: What has to be equal.
        max_distance: Bits by which the codes may differ at each position.
        real: None for all of them.

    Example:
        >>> codes = np.array([[0, 0], [1, 1], [1, 7], [0, 0]], np.uint64)
        >>> near_rows(codes, np.array([0, 0, 0, 1]), 1)
        array([[0, 1]])
    """
    real = np.ones(len(codes), bool) if real is None else real
    rows = _Rows(codes, real, max_distance)
    none = np.zeros((0, 2), np.int64)
    held, found = [none], 0
    for pairs in _searched(rows, keys, _of_one_key):
        held.append(pairs)
        found += len(pairs)
        if found > _HELD:
            held = [spanning(np.concatenate(held))]
            found = len(held[0])
    return np.concatenate(held)


def _searched(
    rows: _Rows, keys: Int64[np.ndarray, " n"], among_many: Callable[[_Rows], Pairs]
) -> Pairs:
    """Near pairs under equal keys: few rows are compared with one another, many are searched."""
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.diff(keys[order], prepend=-1))
    sizes = np.diff(starts, append=len(order))
    few = np.repeat(sizes <= _FEW, sizes)
    places = np.flatnonzero(few)
    ends = np.repeat(starts + sizes, sizes)
    yield from _compared(rows, order[places], order, places + 1, (ends - 1)[places] - places)
    many = sizes > _FEW
    for start, size in zip(starts[many], sizes[many], strict=True):
        members = order[start : start + size]
        for pairs in among_many(rows.taken(members)):
            yield members[pairs]


def _of_one_key(rows: _Rows) -> Pairs:
    """Near pairs among many rows of one key."""
    if rows.codes.shape[1] == 1:
        yield from _of_one_code(rows)
        return
    chained = [
        components(neighbours(column, rows.max_distance).pairs, len(column))
        for column in rows.codes.T
    ]
    yield from _searched(rows, labelled(chained, len(rows.codes)), _by_position)


def _of_one_code(rows: _Rows) -> Pairs:
    real, other = np.flatnonzero(rows.real), np.flatnonzero(~rows.real)
    codes = rows.codes[:, 0]
    yield real[neighbours(codes[real], rows.max_distance).pairs]
    if len(other):
        left, right = neighbours(codes[real], rows.max_distance, codes[other]).pairs.T
        yield np.stack([real[left], other[right]], axis=1)


def _by_position(rows: _Rows) -> Pairs:
    """Near pairs by way of those at the position with the most different codes."""
    found = [np.unique(column, return_inverse=True) for column in rows.codes.T]
    codes, member = max(found, key=lambda one: len(one[0]))
    yield from _searched(rows, member, _all_with_all)  # of equal codes there
    order = np.argsort(member, kind="stable")
    counts = np.bincount(member)
    starts = np.cumsum(counts) - counts
    near = near_pairs(codes, None, rows.max_distance)
    numbers, places = expanded(starts[near.left], counts[near.left])
    right = near.right[numbers]
    yield from _compared(rows, order[places], order, starts[right], counts[right])


def _all_with_all(rows: _Rows) -> Pairs:
    everyone = np.arange(len(rows.codes))
    yield from _compared(rows, everyone, everyone, everyone + 1, everyone[::-1])


def _compared(
    rows: _Rows,
    left: Int64[np.ndarray, " r"],
    order: Int64[np.ndarray, " n"],
    starts: Int64[np.ndarray, " r"],
    counts: Int64[np.ndarray, " r"],
) -> Pairs:
    """Those near pairs of each row of `left` with `counts` rows of `order` from `starts` on."""
    for some in blocks(counts):
        numbers, places = expanded(starts[some], counts[some])
        one, other = left[some][numbers], order[places]
        fits = rows.real[one] | rows.real[other]
        for column in rows.codes.T:
            one, other = one[fits], other[fits]
            fits = np.bitwise_count(column[one] ^ column[other]) <= rows.max_distance
        yield np.stack([one[fits], other[fits]], axis=1)
