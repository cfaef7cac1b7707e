"""Collections whose rows are read again and again instead of being held in memory."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
from jaxtyping import UInt64

from spotdiff.data.image_rows import TEXT, read_image_rows
from spotdiff.types import ImageRow

Rows: TypeAlias = Path | Sequence[ImageRow]  # a folder or a table, or rows that are there

_CHANGED = "Expected {} to stay as it is while it is deduplicated, but {}: run it again."


class CollectionChangedError(ValueError):
    """A collection is not what it was when its images were hashed."""


class NamedRow(NamedTuple):
    """A row, and the number by which it is found again: see `row_name`."""

    name: int
    row: ImageRow


@dataclass(frozen=True, slots=True)
class Collection:
    """The rows of some sources, one source after another.

    Attributes:
        sources: Folders, tables, or rows.
        text: The column of the text in tables.
    """

    sources: tuple[Rows, ...]
    text: str = TEXT

    def __iter__(self) -> Iterator[ImageRow]:
        """Reads all rows, lazily and in order.

        Raises:
            FileNotFoundError: If a source is neither folder nor table.
            TableError: If a table cannot be read to its end.
        """
        return (named.row for named in self.named())

    def named(self) -> Iterator[NamedRow]:
        """All rows with their names, likewise."""
        for source in self.sources:
            place = os.path.abspath(source) if isinstance(source, Path) else ""  # noqa: PTH100
            rows = read_image_rows(source, self.text) if isinstance(source, Path) else source
            for row in rows:
                yield NamedRow(row_name(place, row), row)

    def stamps(self) -> tuple[tuple[int, int], ...]:
        """Size and time of the tables, which tell whether one has changed."""
        tables = [one for one in self.sources if isinstance(one, Path) and one.is_file()]
        return tuple((one.stat().st_size, one.stat().st_mtime_ns) for one in tables)

    def again(
        self, names: UInt64[np.ndarray, " n"], stamps: tuple[tuple[int, int], ...]
    ) -> Iterator[ImageRow]:
        """All rows once more.

        Args:
            names: Those of the rows when they were read first.
            stamps: Those of then.

        Raises:
            CollectionChangedError: If the rows are others by now.
        """
        told = " and ".join(str(one) for one in self.sources if isinstance(one, Path))
        if stamps != self.stamps():
            raise CollectionChangedError(_CHANGED.format(told, "a table was written to"))
        number = 0
        for name, row in self.named():
            if number >= len(names) or name != names[number]:
                what = f"{row.where} is not where it was"
                raise CollectionChangedError(_CHANGED.format(told, what))
            yield row
            number += 1
        if number < len(names):
            what = f"{len(names) - number} rows are gone"
            raise CollectionChangedError(_CHANGED.format(told, what))


def row_name(place: str, row: ImageRow) -> int:
    """The name of a row, 64 bits: its collection and its files, or its place where it has none.

    Rows that have no collection are named by both.

    Args:
        place: Path of the collection; empty for rows that are there.
        row: One of its rows.

    Example:
        >>> row_name("/photos", ImageRow("1", (Path("a.png"),))) == row_name(
        ...     "/photos", ImageRow("2", (Path("a.png"),))
        ... )
        True
    """
    files = [os.path.abspath(one) for one in row.images if isinstance(one, Path)]  # noqa: PTH100
    if not place or not files or len(files) < len(row.images):
        files.append(row.where)
    words = "\0".join([place, *files]).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(words, digest_size=8).digest(), "big")
