"""Which rows show the same: groups of rows by the hashes of their images, and of their text.

What must be equal is a key: the number of images, what flat images look like, the text where it
counts. Within a key rows are grouped by the codes of their images, position by position; rows that
are joined by a chain of near ones are one group.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int64, UInt8, UInt64

from spotdiff.ops.hamming import components
from spotdiff.ops.near_rows import labelled, near_rows
from spotdiff.types import RowHashes

_COLOUR_BITS = 4  # of a channel that tell colours apart: 16 grey levels count as one
_FLAT, _COLOURED = np.uint64(1 << 24), np.uint64(1 << 25)


@dataclass(frozen=True, eq=False)
class Looks:
    """Rows of one number of images as they are compared; where mirrors count, each comes twice.

    Attributes:
        rows: Their numbers; first all as they are, then perhaps all mirrored.
        real: Whether it is the row as it is, and not its mirror image.
        told: What has to be equal, some numbers each.
        codes: The hashes of the images, in the order in which they are compared.
    """

    rows: Int64[np.ndarray, " n"]
    real: Bool[np.ndarray, " n"]
    told: UInt64[np.ndarray, "n c"]
    codes: UInt64[np.ndarray, "n k"]


@dataclass(frozen=True, slots=True)
class Sameness:
    """When two rows are the same.

    Attributes:
        max_distance: Bits by which the codes of two images may differ.
        colour: Images of one code whose mean colours differ clearly are different.
        ordered: The images of a row are a sequence, not a set.
        flat_alike: Images without any contrast are all alike, whatever their colour.
        mirrored: Rows are also the same if all images of one show the mirror images of the other.

    Raises:
        ValueError: If `max_distance` is no number of bits.
    """

    max_distance: int = 0
    colour: bool = False
    ordered: bool = True
    flat_alike: bool = False
    mirrored: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.max_distance <= 64:
            raise ValueError(
                f"Expected max_distance to be a number of bits from 0 to 64, got "
                f"{self.max_distance!r}."
            )

    def groups(self, rows: RowHashes) -> Int64[np.ndarray, " n"]:
        """For every row the first row of its group.

        A row of which an image could not be hashed is a group of its own, and so is one without
        images whose text does not count: nothing is known that would make it the same as another.
        """
        return components(self.links(rows), len(rows))

    def links(self, rows: RowHashes) -> Int64[np.ndarray, "p 2"]:
        """Pairs of rows that join the groups."""
        found = [links_among(looks, self.max_distance) for looks in self.looks(rows)]
        return np.concatenate([np.zeros((0, 2), np.int64), *found])

    def looks(self, rows: RowHashes) -> Iterator[Looks]:
        """All rows that something is known of, by their number of images."""
        for count in np.unique(rows.counts).tolist():
            if count or rows.texts is not None:
                yield self._looks(rows, np.flatnonzero(rows.known & (rows.counts == count)), count)

    def distances(
        self, rows: RowHashes, others: Int64[np.ndarray, " n"]
    ) -> UInt8[np.ndarray, " n"]:
        """By how many bits each row differs from another one, at the position of most.

        Args:
            rows: Hashes.
            others: The other row for each, with as many images.

        Returns:
            0 where nothing is known.
        """
        apart = np.zeros(len(rows), np.uint8)
        for looks in self.looks(rows):
            if not looks.codes.shape[1]:
                continue
            numbers = looks.rows[looks.real]
            place = np.zeros(len(rows), np.int64)
            place[numbers] = np.arange(len(numbers))
            ways = looks.codes.reshape(-1, len(numbers), looks.codes.shape[1])
            there = ways[0][place[others[numbers]]]
            bits = [np.bitwise_count(way ^ there).max(axis=1) for way in ways]
            apart[numbers] = np.min(bits, axis=0)
        return np.where(rows.known & rows.known[others], apart, 0).astype(np.uint8)

    def _looks(self, rows: RowHashes, numbers: Int64[np.ndarray, " n"], count: int) -> Looks:
        images = rows.starts[numbers, None] + np.arange(count)
        seen = [rows.bits, rows.mirrored] if self.mirrored else [rows.bits]
        ways = [self._arranged(column[images], images, rows) for column in seen]
        codes = np.concatenate([way for way, _ in ways])
        told = [np.concatenate([look for _, look in ways])]
        if rows.texts is not None:
            told.append(np.tile(rows.texts[numbers].view(np.uint64), (len(ways), 1)))
        real = np.arange(len(codes)) < len(numbers)
        return Looks(np.tile(numbers, len(ways)), real, np.concatenate(told, axis=1), codes)

    def _arranged(
        self, codes: UInt64[np.ndarray, "n k"], images: Int64[np.ndarray, "n k"], rows: RowHashes
    ) -> tuple[UInt64[np.ndarray, "n k"], UInt64[np.ndarray, "n k"]]:
        """Codes, and what has to be equal of the images besides; sets are sorted."""
        if not self.ordered:
            order = np.lexsort((_packed(rows.colours[images]), codes), axis=-1)
            codes, images = (np.take_along_axis(table, order, 1) for table in (codes, images))
        looks = np.zeros(codes.shape, np.uint64)
        if self.colour:
            step = np.uint8(8 - _COLOUR_BITS)
            looks = _COLOURED | _packed(rows.colours[images] >> step)
        if not self.flat_alike and rows.flat.any():
            looks = np.where(rows.flat[images], _FLAT | _packed(rows.colours[images]), looks)
        return codes, looks


def links_among(looks: Looks, max_distance: int) -> Int64[np.ndarray, "p 2"]:
    """Pairs of rows that join the groups of rows with as many images.

    Rows whose mirror images are alike, while they are not, have nothing in common by that alone.
    """
    count = len(looks.rows)
    keys = labelled(list(looks.told.T), count)
    equal = labelled([keys, *looks.codes.T], count)
    first = np.empty(int(equal.max(initial=-1)) + 1, np.int64)
    first[equal[::-1]] = np.arange(count)[::-1]  # a real one where there is one
    lives = looks.real[first]
    near = np.zeros((0, 2), np.int64)
    if max_distance and len(first) > 1:
        near = near_rows(looks.codes[first], keys[first], max_distance, lives)
        lives[near] = True
    repeats = np.flatnonzero(lives[equal] & (first[equal] != np.arange(count)))
    pairs = np.concatenate([np.stack([first[equal[repeats]], repeats], axis=1), first[near]])
    return np.asarray(looks.rows[pairs])


def _packed(colours: UInt8[np.ndarray, "*n 3"]) -> UInt64[np.ndarray, "*n"]:
    """Three channels as one number."""
    wide = colours.astype(np.uint64)
    return np.asarray(wide @ np.array([1 << 16, 1 << 8, 1], np.uint64))
