"""Which pairs repeat an earlier one: as it is, with its views exchanged, mirrored, or both.

A pair is compared with the pairs before it that stay, so that the first of many stays and no chain
of near pairs leads away from it. Of several that it repeats the earliest is told.

ViewHashes that a chain of near codes joins are labelled alike; only pairs whose labels agree are
compared, and of pairs with equal codes only the first. So nothing is compared with everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Bool, Int8, Int64, UInt8, UInt64

from spotdiff.ops.hamming import components, neighbours
from spotdiff.types import ViewHashes

Relation: TypeAlias = Literal["same", "swapped", "mirrored", "mirrored, swapped"]
RELATIONS: tuple[Relation, ...] = ("same", "swapped", "mirrored", "mirrored, swapped")

Rows: TypeAlias = Int64[np.ndarray, " n"]
_FAR = 255  # bits; more than any two codes differ in


@dataclass(frozen=True, slots=True)
class Repeats:
    """Which pairs repeat which.

    Attributes:
        earlier: The pair that each repeats; -1 where it repeats none.
        relation: Its place in `RELATIONS`; -1 likewise.
        distances: In how many bits its before and its after view differ from those of the earlier
            pair that they are like; 0 where there is none.
    """

    earlier: Rows
    relation: Int8[np.ndarray, " n"]
    distances: UInt8[np.ndarray, "n 2"]


def repeats(before: ViewHashes, after: ViewHashes, max_distance: int, older: int = 0) -> Repeats:
    """For each pair the earlier one that it repeats.

    Args:
        before: Of each pair.
        after: Likewise.
        max_distance: Bits by which a view may differ.
        older: So many of the pairs, the first, stay whatever they repeat, and nothing is told of
            them.

    Raises:
        ValueError: If `max_distance` is no number of bits.
    """
    count = len(before.bits)
    found = Repeats(np.full(count, -1), np.full(count, -1, np.int8), np.zeros((count, 2), np.uint8))
    labels, exact = _labels(before, after, max_distance)
    _, first, member = np.unique(_key(*exact), return_index=True, return_inverse=True)
    order = np.sort(first)  # the pairs whose codes come for the first time, in their order
    leaders = _Leaders(before.taken(order), after.taken(order), labels[:, order], max_distance)
    earlier = leaders.earlier(int(np.searchsorted(order, older)))
    relation, distances = leaders.relations(earlier)
    place = np.searchsorted(order, first[member])
    repeated = earlier[place] >= 0
    found.earlier[:] = np.where(repeated, order[earlier[place]], first[member])
    found.relation[:] = np.where(repeated, relation[place], 0)
    found.distances[:] = distances[place]
    _forget(found, ~repeated & (first[member] == np.arange(count)))
    _forget(found, np.arange(count) < older)
    return found


def distances(before: ViewHashes, after: ViewHashes, found: Repeats) -> UInt8[np.ndarray, "n 2"]:
    """In how many bits the views of each pair differ from those of its earlier one; 0 without."""
    apart = _apart(before, after, found.earlier)
    counted = apart[found.relation, :, np.arange(len(found.earlier))]
    counted[found.earlier < 0] = 0
    return counted


def _apart(before: ViewHashes, after: ViewHashes, earlier: Rows) -> UInt8[np.ndarray, "4 2 n"]:
    """Bits in which before and after differ from those of another pair, for each relation."""
    own = np.stack([before.bits, after.bits])
    return np.asarray(np.bitwise_count(_looks(before, after)[:, :, earlier] ^ own))


def _looks(before: ViewHashes, after: ViewHashes) -> UInt64[np.ndarray, "4 2 n"]:
    """What before and after of a repeat look like, for each relation."""
    views = (before.bits, after.bits), (after.bits, before.bits)
    mirrored = (before.mirrored, after.mirrored), (after.mirrored, before.mirrored)
    return np.stack([np.stack(pair) for pair in (*views, *mirrored)])


def _forget(found: Repeats, rows: Bool[np.ndarray, " n"]) -> None:
    found.earlier[rows], found.relation[rows], found.distances[rows] = -1, -1, 0


def _labels(
    before: ViewHashes, after: ViewHashes, max_distance: int
) -> tuple[Int64[np.ndarray, "4 n"], Int64[np.ndarray, "2 n"]]:
    """What each view is joined with, and what it equals.

    Returns:
        Labels of before, after, mirrored before and mirrored after, equal where a chain of near
        codes joins views of one look; and numbers of before and after, equal for equal codes.
    """
    codes = np.stack([before.bits, after.bits, before.mirrored, after.mirrored])
    looks = np.stack([before.look, after.look, before.look, after.look])
    distinct, number = np.unique(codes, return_inverse=True)
    near = neighbours(distinct, max_distance).pairs
    joined = components(near, len(distinct)) if len(near) else np.arange(len(distinct))
    number = number.reshape(codes.shape)
    return _numbered(np.asarray(joined[number], np.int64), looks), _numbered(number, looks)[:2]


def _numbered(
    one: Int64[np.ndarray, "k n"], other: Int64[np.ndarray, "k n"]
) -> Int64[np.ndarray, "k n"]:
    """Small numbers, equal where both are equal."""
    _, number = np.unique((one << 30) | other, return_inverse=True)
    return np.asarray(number.reshape(one.shape), np.int64)


def _key(one: Rows, other: Rows) -> Rows:
    """One number for two that are smaller than 2**31."""
    return np.asarray((one << 31) | other)


class _Leaders:
    """Pairs of different codes, which are compared with one another.

    Args:
        before: Of each.
        after: Likewise.
        labels: Of before, after, mirrored before and mirrored after.
        max_distance: Bits by which a view may differ.
    """

    def __init__(
        self,
        before: ViewHashes,
        after: ViewHashes,
        labels: Int64[np.ndarray, "4 n"],
        max_distance: int,
    ) -> None:
        self.before, self.after, self.most = before, after, max_distance
        b, a, mirrored_b, mirrored_a = labels
        keys = np.stack([_key(b, a), _key(a, b), _key(mirrored_b, mirrored_a)])
        keys = np.concatenate([keys, _key(mirrored_a, mirrored_b)[None]])
        _, shelf = np.unique(keys, return_inverse=True)
        self.shelves: Int64[np.ndarray, "4 n"] = shelf.reshape(keys.shape)  # a row a relation
        self.looks = _looks(before, after)

    def earlier(self, older: int) -> Rows:
        """For each pair the first before it that stays and that it repeats; -1 where none is.

        The first `older` stay even so.
        """
        count = len(self.before.bits)
        found = np.full(count, -1)
        wanted = self._wanted()
        seats = np.where(wanted[self.shelves], self.shelves, -1)
        sizes = np.bincount(seats[seats >= 0], minlength=len(wanted))
        ends = np.cumsum(sizes) - sizes  # of the filled part of each shelf, empty as yet
        starts, room = ends.copy(), int(sizes.sum())
        kept = np.zeros((2, room), np.uint64)
        who = np.zeros(room, np.int64)
        for row in np.flatnonzero((seats >= 0).any(axis=0)).tolist():
            own = self.shelves[0, row]
            held = slice(starts[own], ends[own])
            near = self._near(kept[:, held], row)
            if near.any():
                found[row] = who[held][near.argmax()]
                if row >= older:
                    continue
            for relation in np.flatnonzero(seats[:, row] >= 0):
                seat = ends[seats[relation, row]]
                kept[:, seat], who[seat] = self.looks[relation, :, row], row
                ends[seats[relation, row]] += 1
        return found

    def relations(self, earlier: Rows) -> tuple[Int8[np.ndarray, " n"], UInt8[np.ndarray, "n 2"]]:
        """How each pair repeats its earlier one: by the relation of the fewest bits."""
        apart = _apart(self.before, self.after, earlier)
        fits = (apart.max(axis=1) <= self.most) & (self.shelves[:, earlier] == self.shelves[0])
        relation = np.where(fits, apart.sum(axis=1, dtype=np.int64), 2 * _FAR).argmin(axis=0)
        distances = apart[relation, :, np.arange(len(earlier))]
        distances[earlier < 0] = 0
        return relation.astype(np.int8), distances

    def _wanted(self) -> Bool[np.ndarray, " shelves"]:
        """The shelves on which a pair finds one that came before it."""
        count = len(self.before.bits)
        first = np.full(int(self.shelves.max(initial=-1)) + 1, count)
        np.minimum.at(first, self.shelves, np.arange(count)[None])
        wanted = np.zeros(len(first), bool)
        wanted[self.shelves[0][first[self.shelves[0]] < np.arange(count)]] = True
        return wanted

    def _near(self, kept: UInt64[np.ndarray, "2 k"], row: int) -> Bool[np.ndarray, " k"]:
        own = self.looks[0, :, row]
        return np.asarray((np.bitwise_count(kept ^ own[:, None]) <= self.most).all(axis=0))
