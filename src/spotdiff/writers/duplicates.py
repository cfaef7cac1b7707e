"""Rows that stay, and groups of rows that show the same, as files."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TextIO

from spotdiff.types import ImageRow
from spotdiff.writers.files import replacing

if TYPE_CHECKING:
    import pyarrow as pa

_TOGETHER = 8192  # rows that are written at once


@dataclass(frozen=True, slots=True)
class Member:
    """One row of a collection, and the group that it is in.

    Attributes:
        row: Its number in the collection, from 0.
        where: Its origin.
        group: The number of the first row of its group.
        kept: The number of the row of that group that stays; None where a store has it already.
        distance: By how many bits it differs from that one; None likewise.
        hashes: Of its images, in hexadecimal digits; empty where nothing is known.
        problem: Why nothing is known of it.
    """

    row: int
    where: str
    group: int
    kept: int | None
    distance: int | None
    hashes: tuple[str, ...] = ()
    problem: str | None = None


class RowsWriter:
    """Writes rows as JSON lines, whole or not at all; bytes as text in base 64.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stack = ExitStack()
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        partial = self._stack.enter_context(replacing(self.path))
        self._file = self._stack.enter_context(partial.open("w", encoding="utf-8"))
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.__exit__(*error)  # type: ignore[arg-type]

    def write(self, row: Mapping[str, object]) -> None:
        """Writes one row as its table says it."""
        if self._file is not None:
            self._file.write(json.dumps(row, ensure_ascii=False, default=_plain) + "\n")


class MembersWriter:
    """Writes every row with its group as Parquet, whole or not at all, some thousands at a time.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stack = ExitStack()
        self._waiting: list[Member] = []
        self._file: Any = None

    def __enter__(self) -> Self:
        import pyarrow.parquet as pq

        partial = self._stack.enter_context(replacing(self.path))
        self._file = self._stack.enter_context(pq.ParquetWriter(partial, _schema()))
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is None:
            self._flush()
        self._stack.__exit__(kind, *error)  # type: ignore[arg-type]

    def write(self, member: Member) -> None:
        """Writes one row, now or with later ones."""
        self._waiting.append(member)
        if len(self._waiting) >= _TOGETHER:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        schema = _schema()
        columns = [[getattr(one, name) for one in self._waiting] for name in schema.names]
        self._file.write_table(pa.table(columns, schema=schema))
        self._waiting = []


def write_traced(pairs: Iterable[tuple[ImageRow, ImageRow]], path: Path) -> None:
    """Writes pairs of rows that show the same as JSON lines of `dup1` and `dup2`."""
    with RowsWriter(path) as file:
        for one, other in pairs:
            file.write({"dup1": dict(one.cells), "dup2": dict(other.cells)})


def _schema() -> pa.Schema:
    import pyarrow as pa

    numbers = {"group": pa.int64(), "kept": pa.int64(), "distance": pa.uint8()}
    told = {"hashes": pa.list_(pa.string()), "problem": pa.string()}
    return pa.schema({"row": pa.int64(), "where": pa.string(), **numbers, **told})


def _plain(value: object) -> object:
    """What JSON does not know of a table's values."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"Expected a value that JSON can hold, got {type(value).__name__}.")
