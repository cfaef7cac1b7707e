"""All pairs of different codes within a few bits of each other, without comparing all with all.

Of c chunks of a code, d differing bits leave c - d untouched at least. So whoever sorts by every
choice of c - d chunks has every pair within d bits side by side once: Manku, Jain and Das Sarma
2007, section 3, https://doi.org/10.1145/1242572.1242592
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from jaxtyping import Int64, UInt8, UInt64

BITS = 64
_BLOCK = 1 << 16  # pairs that are compared at once: they stay in the cache of a core
_SAMPLE = 2048  # codes that show how many pairs agree
_CUTS = 8  # more chunks than that beyond the distance make too many choices
# Nanoseconds for a code that is sorted, a pair that is picked, and a pair of a whole table. They
# choose between ways that all give the same answer.
_SORTED, _PICKED, _TABLED = 60.0, 12.0, 1.0
_SENT = 600.0  # in place of the first, where codes are sent elsewhere to be compared


class NearPairs(NamedTuple):
    """Places of near codes in two lists, and in how many bits they differ."""

    left: Int64[np.ndarray, " k"]
    right: Int64[np.ndarray, " k"]
    distances: UInt8[np.ndarray, " k"]


def near_pairs(
    codes: UInt64[np.ndarray, " n"],
    others: UInt64[np.ndarray, " m"] | None,
    max_distance: int,
) -> NearPairs:
    """Every pair within `max_distance` bits, once, in no particular order.

    Args:
        codes: All different.
        others: All different too; None for pairs within `codes`, of a code and one after it.
        max_distance: Bits, from 0 to 64.

    Example:
        >>> left, right, distances = near_pairs(np.array([0, 1, 7], np.uint64), None, 2)
        >>> left.tolist(), right.tolist(), distances.tolist()
        ([0, 1], [1, 2], [1, 2])
    """
    chunks, agreeing = _plan(codes, others, max_distance)
    blocks = (
        _by_chunks(codes, others, max_distance, _masks(chunks), agreeing)
        if agreeing
        else _by_table(codes, others, max_distance)
    )
    none = np.zeros(0, np.int64)
    found = [NearPairs(none, none, np.zeros(0, np.uint8)), *blocks]
    return NearPairs(*(np.concatenate(columns) for columns in zip(*found, strict=True)))


def near_keys(sample: UInt64[np.ndarray, " n"], count: int, max_distance: int) -> list[np.uint64]:
    """Sets of bits, of which every two codes within `max_distance` bits agree in one at least.

    For those who look for near codes in many places: codes that agree in a set go to one place.

    Args:
        sample: What the codes are like; it tells how many sets are worth their while.
        count: How many codes there are.
        max_distance: Bits, from 0 to 64.

    Example:
        >>> [hex(key) for key in near_keys(np.arange(4, dtype=np.uint64), 4, 0)]
        ['0xffffffffffffffff']
    """
    if not max_distance:
        return [np.uint64(2**BITS - 1)]
    costs = _costs([sample], count, count * count / 2, max_distance, _SENT)
    if not costs:
        return [np.uint64(0)]
    chunks, agreeing = min(costs, key=costs.__getitem__)
    return [np.bitwise_or.reduce(chosen) for chosen in combinations(_masks(chunks), agreeing)]


def expanded(
    starts: Int64[np.ndarray, " n"], counts: Int64[np.ndarray, " n"]
) -> tuple[Int64[np.ndarray, " k"], Int64[np.ndarray, " k"]]:
    """The numbers of ranges, each repeated for what is in it, and what is in them.

    Example:
        >>> expanded(np.array([5, 0, 8]), np.array([2, 0, 1]))
        (array([0, 0, 2]), array([5, 6, 8]))
    """
    numbers = np.repeat(np.arange(len(counts)), counts)
    shift = starts - (np.cumsum(counts) - counts)
    return numbers, np.arange(len(numbers)) + shift[numbers]


def _plan(
    codes: UInt64[np.ndarray, " n"], others: UInt64[np.ndarray, " m"] | None, max_distance: int
) -> tuple[int, int]:
    """Into how many chunks to cut, and how many to sort by; none to compare all with all."""
    sets = [codes] if others is None else [codes, others]
    pairs = len(codes) ** 2 / 2 if others is None else len(codes) * len(others)
    costs = {(1, 0): pairs * _TABLED}
    costs |= _costs(sets, sum(map(len, sets)), pairs, max_distance, _SORTED)
    return min(costs, key=costs.__getitem__)


def _costs(
    sets: Sequence[UInt64[np.ndarray, " n"]],
    count: int,
    pairs: float,
    max_distance: int,
    each: float,
) -> dict[tuple[int, int], float]:
    """Nanoseconds by the numbers of chunks and of those to sort by; none for few pairs.

    Codes of pictures are not evenly spread: how many pairs agree is looked up in a sample too.
    """
    costs: dict[tuple[int, int], float] = {}
    if pairs > _SAMPLE**2:
        rng = np.random.default_rng(0)
        sample = np.concatenate([rng.choice(s, min(_SAMPLE, len(s)), False) for s in sets])
        for chunks in range(max_distance + 1, min(max_distance + _CUTS, BITS) + 1):
            agreeing = chunks - max_distance
            picked = pairs * _agreement(sample, chunks, agreeing)
            costs[chunks, agreeing] = math.comb(chunks, agreeing) * (
                count * each + picked * _PICKED
            )
    return costs


def _agreement(sample: UInt64[np.ndarray, " n"], chunks: int, agreeing: int) -> float:
    """The share of pairs that agree in so many chunks: of a sample, or of even codes if more."""
    key = np.bitwise_or.reduce(_masks(chunks)[:agreeing])
    counts = np.unique(sample & key, return_counts=True)[1].astype(np.float64)
    seen = float((counts * (counts - 1)).sum()) / (len(sample) * (len(sample) - 1))
    return max(seen, 0.5 ** int(np.bitwise_count(key)))


def _masks(chunks: int) -> list[np.uint64]:
    """The bits of each chunk; neighbouring bits, which are alike in hashes, go to different ones.

    Example:
        >>> [hex(mask) for mask in _masks(2)]
        ['0x5555555555555555', '0xaaaaaaaaaaaaaaaa']
    """
    return [np.uint64(sum(1 << bit for bit in range(c, BITS, chunks))) for c in range(chunks)]


def _by_chunks(
    codes: UInt64[np.ndarray, " n"],
    others: UInt64[np.ndarray, " m"] | None,
    max_distance: int,
    masks: list[np.uint64],
    agreeing: int,
) -> Iterator[NearPairs]:
    for chosen in combinations(range(len(masks)), agreeing):
        key = np.bitwise_or.reduce([masks[chunk] for chunk in chosen])
        # A pair belongs to the first chunks it agrees in: where it also agrees in one that was
        # skipped, another choice has it.
        skipped = [masks[chunk] for chunk in range(chosen[-1]) if chunk not in chosen]
        for near in _sharing(codes, others, max_distance, key):
            apart = codes[near.left] ^ (codes if others is None else others)[near.right]
            fresh = np.ones(len(apart), bool)
            for mask in skipped:
                fresh &= (apart & mask) != 0
            yield NearPairs(*(column[fresh] for column in near))


def _sharing(
    codes: UInt64[np.ndarray, " n"],
    others: UInt64[np.ndarray, " m"] | None,
    max_distance: int,
    key: np.uint64,
) -> Iterator[NearPairs]:
    """Blocks of the near pairs whose codes agree in the bits of the key."""
    order = np.argsort(codes & key)
    ranked = codes[order]
    keys = ranked & key
    if others is None:
        order_others, ranked_others = order, ranked
        starts, ends = np.arange(1, len(codes) + 1), np.searchsorted(keys, keys, "right")
    else:
        order_others = np.argsort(others & key)
        ranked_others = others[order_others]
        keys_others = ranked_others & key
        starts, ends = (np.searchsorted(keys_others, keys, s) for s in ("left", "right"))
    counts = ends - starts
    for rows in blocks(counts):
        numbers, right = expanded(starts[rows], counts[rows])
        distances = np.bitwise_count(ranked[rows][numbers] ^ ranked_others[right])
        near = np.flatnonzero(distances <= max_distance)
        left = order[rows][numbers[near]]
        yield NearPairs(left, order_others[right[near]], distances[near])


def blocks(counts: Int64[np.ndarray, " n"]) -> Iterator[slice]:
    """Rows that together have about as many pairs as are compared at once, one row at least."""
    totals = np.cumsum(counts)
    start = 0
    while start < len(counts):
        done = int(totals[start - 1]) if start else 0
        stop = max(int(np.searchsorted(totals, done + _BLOCK, "right")), start + 1)
        yield slice(start, stop)
        start = stop


def _by_table(
    codes: UInt64[np.ndarray, " n"], others: UInt64[np.ndarray, " m"] | None, max_distance: int
) -> Iterator[NearPairs]:
    """Everything with everything, in blocks of rows."""
    against = codes if others is None else others
    height = max(_BLOCK // max(len(against), 1), 1)
    for start in range(0, len(codes), height):
        skipped = start if others is None else 0
        distances = np.bitwise_count(codes[start : start + height, None] ^ against[skipped:])
        near = np.flatnonzero(distances <= max_distance)
        left, right = np.divmod(near, len(against) - skipped)
        if others is None:
            near, left, right = (column[right > left] for column in (near, left, right))
        yield NearPairs(left + start, right + skipped, distances.ravel()[near])
