"""Rows sent to shards, so that rows which show the same meet in one of them at least.

What has to be equal, and some bits of one image, name a bucket; a number made of that name says the
shard. For equal codes all bits count, and a row has one bucket. For near ones it has a bucket for
every choice of chunks (`ops.pigeonholes`). A shard compares what has one bucket in common, by the
rules by which all rows would be compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt64

from spotdiff.ops.hamming import spanning
from spotdiff.ops.pigeonholes import near_keys
from spotdiff.stages.deduplication import Looks, Sameness, links_among
from spotdiff.types import RowHashes

_SAMPLE = 1 << 16  # rows that show which image tells rows apart
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9))  # odd, without a pattern


@dataclass(frozen=True, slots=True)
class Buckets:
    """The buckets of the rows of one number of images.

    Attributes:
        position: The image whose bits count.
        keys: The bits that count, a bucket each.
    """

    position: int
    keys: tuple[np.uint64, ...]


@dataclass(frozen=True, slots=True)
class Sharding:
    """How rows find their shards.

    Attributes:
        sameness: When rows are the same.
        buckets: By the number of images.
        shards: Their number.
    """

    sameness: Sameness
    buckets: dict[int, Buckets]
    shards: int

    @classmethod
    def of(cls, sameness: Sameness, rows: RowHashes, in_shard: int, least: int = 1) -> Sharding:
        """How these rows are best sent.

        Args:
            sameness: When rows are the same.
            rows: All of them; a sample is looked at.
            in_shard: So many rows shall meet in a shard, about.
            least: So many shards there are at least.
        """
        step = max(len(rows) // _SAMPLE, 1)
        sample = rows if step == 1 else rows.taken(np.arange(0, len(rows), step))
        found = {
            looks.codes.shape[1]: _buckets(looks, step * len(looks.rows), sameness.max_distance)
            for looks in sameness.looks(sample)
        }
        for count in np.unique(rows.counts).tolist():  # what the sample has not met
            found.setdefault(count, Buckets(0, (np.uint64(0),)))
        most = max((len(one.keys) for one in found.values()), default=1)
        sent = len(rows) * most * (2 if sameness.mirrored else 1)
        return cls(sameness, found, max(least, -(-sent // in_shard)))

    def sent(self, rows: RowHashes, first: int) -> Iterator[tuple[int, Looks]]:
        """What goes to the shards; the bucket is one more number that has to be equal.

        Args:
            rows: Some rows.
            first: The number of the first of them.
        """
        for looks in self.sameness.looks(rows):
            buckets = self.buckets[looks.codes.shape[1]]
            for number, key in enumerate(buckets.keys):
                names = _names(looks, buckets.position, key, number)
                shards = (names % np.uint64(self.shards)).astype(np.int64)
                order = np.argsort(shards, kind="stable")
                ends = np.flatnonzero(np.diff(shards[order])) + 1
                for some in np.split(order, ends) if len(order) else ():
                    yield int(shards[some[0]]), _taken(looks, some, names, first)

    def links(self, looks: Sequence[Looks]) -> np.ndarray:
        """Pairs of rows that join what shows the same in one shard; fewer than rows are there."""
        found = [np.zeros((0, 2), np.int64)]
        for count in sorted({one.codes.shape[1] for one in looks}):
            some = [one for one in looks if one.codes.shape[1] == count]
            found.append(links_among(_met(some), self.sameness.max_distance))
        return spanning(np.concatenate(found))


def _buckets(looks: Looks, count: int, max_distance: int) -> Buckets:
    """For `count` rows, of which some are there."""
    images = looks.codes.shape[1]
    if not images or not len(looks.codes):
        return Buckets(0, (np.uint64(0),))
    distinct = [np.unique(column) for column in looks.codes.T]
    position = max(range(images), key=lambda place: len(distinct[place]))
    count = round(count * len(distinct[position]) / len(looks.codes))
    return Buckets(position, tuple(near_keys(distinct[position], count, max_distance)))


def _names(looks: Looks, position: int, key: np.uint64, number: int) -> UInt64[np.ndarray, " n"]:
    """A number for the bucket of each; that two buckets share one does no harm."""
    names = np.full(len(looks.rows), number * 65537 + looks.codes.shape[1], np.uint64)
    bits = [looks.codes[:, position] & key] if looks.codes.shape[1] else []
    for column in (*looks.told.T, *bits):
        names = (names ^ column) * _MIX[0]
        names = (names ^ (names >> np.uint64(29))) * _MIX[1]
        names ^= names >> np.uint64(32)
    return names


def _taken(looks: Looks, some: np.ndarray, names: UInt64[np.ndarray, " n"], first: int) -> Looks:
    told = np.column_stack([names[some], looks.told[some]])
    return Looks(looks.rows[some] + first, looks.real[some], told, looks.codes[some])


def _met(looks: Sequence[Looks]) -> Looks:
    """All of a shard in one; rows as they are come first."""
    real = np.concatenate([one.real for one in looks])
    order = np.argsort(~real, kind="stable")
    columns = ([one.rows, one.told, one.codes] for one in looks)
    rows, told, codes = (np.concatenate(column)[order] for column in zip(*columns, strict=True))
    return Looks(rows, real[order], told, codes)
