"""Rows -> columns of hashes: rows stream through, and of each only some dozen bytes remain."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from spotdiff.data.collections import NamedRow
from spotdiff.data.image_hashing import ImageHasher
from spotdiff.ops.text_hashes import text_hash
from spotdiff.types import ImageHash, ImageRow, RowHashes, Source


@dataclass(frozen=True, slots=True)
class RowReading:
    """What of a row counts.

    Attributes:
        consider_text: Its text does.
        lowercase: Texts that differ in capitals are the same.
        ignore_non_character: So are those that differ in spaces, digits and punctuation.
        once: An image that comes twice in a row counts once.
    """

    consider_text: bool = False
    lowercase: bool = False
    ignore_non_character: bool = False
    once: bool = False

    def images(self, row: ImageRow) -> tuple[Source, ...]:
        """The images that count."""
        return tuple(dict.fromkeys(row.images)) if self.once else row.images

    def text(self, row: ImageRow) -> bytes:
        """The hash of the text, 16 bytes."""
        words = text_hash(
            row.text or "",
            lowercase=self.lowercase,
            ignore_non_character=self.ignore_non_character,
        )
        return bytes.fromhex(words)


def hash_rows(rows: Iterable[NamedRow], hasher: ImageHasher, reading: RowReading) -> RowHashes:
    """The hashes of rows, which are read as the hasher asks for their images."""
    columns = HashColumns(reading)
    for image in hasher(columns.begun(rows)):
        columns.add_image(image)
    return columns.finished()


class HashColumns:
    """Columns that grow: rows are begun, and their images come later in the same order.

    Args:
        reading: What of a row counts.

    Example:
        >>> columns = HashColumns(RowReading())
        >>> images = list(columns.begun([NamedRow(7, ImageRow("a", (b"...",)))]))
        >>> columns.add_image(ImageHash(5, mirrored=6, width=4, height=3))
        >>> found = columns.finished()
        >>> found.counts.tolist(), found.bits.tolist(), found.areas.tolist()
        ([1], [5], [12])
    """

    def __init__(self, reading: RowReading) -> None:
        self.reading = reading
        self._counts, self._names, self._broken = array("i"), array("Q"), bytearray()
        self._texts = bytearray()
        self._bits, self._mirrored = array("Q"), array("Q")
        self._marks, self._colours = bytearray(), bytearray()
        self._areas, self._sharpness = array("q"), array("d")
        self._awaited: deque[str | None] = deque()  # what images are called that are yet to come
        self._problems: list[tuple[int, str]] = []  # of rows by their number
        self._torn: list[tuple[int, str]] = []  # of images by theirs

    def begun(self, rows: Iterable[NamedRow]) -> Iterator[Source]:
        """The images of rows that are begun as their images are asked for."""
        for name, row in rows:
            images = self.reading.images(row)
            if row.problem is not None:
                self._problems.append((len(self._counts), row.problem))
            self._broken.append(row.problem is not None)
            self._names.append(name)
            self._counts.append(len(images))
            if self.reading.consider_text:
                self._texts += self.reading.text(row)
            for number, image in enumerate(images, start=1):
                held = isinstance(image, bytes)
                self._awaited.append(f"{row.where}, picture {number}" if held else None)
                yield image

    def add_image(self, image: ImageHash) -> None:
        """Adds the next image."""
        name = self._awaited.popleft()
        if image.problem is not None:
            # of bytes the hasher knows no name
            reason = image.problem.partition(": ")[2] if name else ""
            reason = reason or image.problem
            self._torn.append((len(self._bits), f"{name}: {reason}" if name else reason))
        self._marks.append(2 * (image.bits is None) + image.flat)
        self._bits.append(image.bits or 0)
        self._mirrored.append(image.mirrored or 0)
        self._colours += bytes(image.colour)
        self._areas.append(image.width * image.height)
        self._sharpness.append(image.sharpness)

    def finished(self) -> RowHashes:
        """All rows, of which every image has come."""
        counts = np.frombuffer(self._counts, np.int32)
        marks = np.frombuffer(self._marks, np.uint8)
        rows = np.repeat(np.arange(len(counts)), counts)
        known = np.frombuffer(self._broken, np.uint8) == 0
        known[rows[marks >= 2]] = False
        told = [*self._problems, *((int(rows[image]), why) for image, why in self._torn)]
        told.sort(key=lambda problem: problem[0])  # those of a row stay in order
        texts = np.frombuffer(self._texts, np.uint8).reshape(-1, 16)
        return RowHashes(
            counts,
            known,
            _sums(np.frombuffer(self._areas, np.int64), rows, len(counts)),
            _sums(np.frombuffer(self._sharpness, np.float64), rows, len(counts)),
            np.frombuffer(self._names, np.uint64),
            np.frombuffer(self._bits, np.uint64),
            np.frombuffer(self._mirrored, np.uint64),
            (marks & 1).astype(bool),
            np.frombuffer(self._colours, np.uint8).reshape(-1, 3),
            texts if self.reading.consider_text else None,
            np.array([row for row, _ in told], np.int64),
            tuple(why for _, why in told),
        )


def _sums(values: np.ndarray, rows: np.ndarray, count: int) -> np.ndarray:
    """The sum of the values of each row, added in their order."""
    sums = np.zeros(count, values.dtype)
    np.add.at(sums, rows, values)
    return sums
