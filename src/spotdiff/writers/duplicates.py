"""Rows that stay, and groups of rows that show the same, as files."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spotdiff.types import ImageRow
from spotdiff.writers.files import replacing


@dataclass(frozen=True, slots=True)
class Member:
    """One row of a collection, and the group that it is in.

    Attributes:
        row: Its number in the collection, from 0.
        group: The number of the first row of its group.
        kept: The number of the row of that group that stays.
        distance: By how many bits it differs from that one.
        hashes: Of its images, in hexadecimal digits; empty where nothing is known.
        problem: Why nothing is known of it.
    """

    row: int
    group: int
    kept: int
    distance: int
    hashes: tuple[str, ...] = ()
    problem: str | None = None


def write_rows(rows: Iterable[Mapping[str, object]], path: Path) -> int:
    """Writes rows as JSON lines, whole or not at all; says how many.

    Bytes are written as text in base 64.
    """
    count = 0
    with replacing(path) as partial, partial.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False, default=_plain) + "\n")
            count += 1
    return count


def write_members(members: Sequence[Member], rows: Sequence[ImageRow], path: Path) -> None:
    """Writes every row with its group as Parquet, whole or not at all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {
        "row": pa.array([one.row for one in members], pa.int64()),
        "where": pa.array([rows[one.row].where for one in members], pa.string()),
        "group": pa.array([one.group for one in members], pa.int64()),
        "kept": pa.array([one.kept for one in members], pa.int64()),
        "distance": pa.array([one.distance for one in members], pa.uint8()),
        "hashes": pa.array([list(one.hashes) for one in members], pa.list_(pa.string())),
        "problem": pa.array([one.problem for one in members], pa.string()),
    }
    with replacing(path) as partial:
        pq.write_table(pa.table(columns), partial)


def write_traced(pairs: Iterable[tuple[ImageRow, ImageRow]], path: Path) -> int:
    """Writes pairs of rows that show the same as JSON lines of `dup1` and `dup2`."""
    told = ({"dup1": dict(one.cells), "dup2": dict(other.cells)} for one, other in pairs)
    return write_rows(told, path)


def _plain(value: object) -> object:
    """What JSON does not know of a table's values."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"Expected a value that JSON can hold, got {type(value).__name__}.")
