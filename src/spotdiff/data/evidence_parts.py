"""Part files of a shelf: Parquet tables of rows by key, each whole or absent, each named once.

Many processes may write parts of one shelf side by side. A part is never changed; merging writes a
new one before the old ones go. Pages carry checksums, so damage is an error and no wrong number.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from spotdiff.data.evidence_rows import Codec, Row

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

MAX_GROUP = 1 << 30  # bytes of rows that are read together: what claims more is not read

_numbers = count()


class DamagedPartError(ValueError):
    """A part that cannot be read, or is none; one sentence, which names the file."""


class Place(NamedTuple):
    """Where a row lies: the part, the group of rows in it, the row in that."""

    path: Path
    group: int
    row: int


def listed(folder: Path) -> list[Path]:
    """The parts in a folder, sorted."""
    return sorted(folder.glob("part-*.parquet"))


def small_parts(paths: Collection[Path], limit: int) -> dict[Path, int]:
    """The parts below `limit` bytes, sorted, with their sizes; without those that are gone."""
    sizes: dict[Path, int] = {}
    for path in sorted(paths):
        with suppress(FileNotFoundError):
            sizes[path] = path.stat().st_size
    return {path: size for path, size in sizes.items() if size < limit}


def write_part(folder: Path, rows: Mapping[str, Row], codec: Codec[Any]) -> dict[str, Place]:
    """Writes rows by their keys as one part; where each of them lies."""
    import pyarrow as pa

    columns: dict[str, Any] = {"key": list(rows)}
    columns |= {name: [row[name] for row in rows.values()] for name in codec.columns}
    table = pa.table(columns, schema=_schema(codec))
    path = _write(folder, [table], codec)
    return {key: Place(path, *divmod(i, codec.group)) for i, key in enumerate(rows)}


def merge_parts(
    paths: Sequence[Path], folder: Path, codec: Codec[Any]
) -> tuple[Path, dict[Path, str]]:
    """One part of all rows of some; of rows with one key the first. The old parts remain.

    Returns:
        The new part, and what is wrong with those whose rows are not all in it.
    """
    problems: dict[Path, str] = {}
    return _write(folder, _grouped(_distinct(paths, codec, problems), codec), codec), problems


def read_places(path: Path, codec: Codec[Any]) -> dict[str, Place]:
    """Where the row of each key of a part lies; only the keys are read.

    Raises:
        FileNotFoundError: If there is none.
        DamagedPartError: If it cannot be read.
    """
    places: dict[str, Place] = {}
    with _opened(path, codec) as file:
        for group in range(file.metadata.num_row_groups):
            keys = file.read_row_group(group, columns=["key"], use_threads=False)
            for row, key in enumerate(_cells(keys["key"], "text")):
                places.setdefault(key, Place(path, group, row))
    return places


def read_group(path: Path, group: int, codec: Codec[Any]) -> list[Row]:
    """The rows of one group of a part.

    Raises:
        FileNotFoundError: If there is no such part any more.
        DamagedPartError: If it cannot be read.
    """
    with _opened(path, codec) as file:
        table = file.read_row_group(group, columns=list(codec.columns), use_threads=False)
        columns = [_cells(table[name], kind) for name, kind in codec.columns.items()]
    return [dict(zip(codec.columns, cells, strict=True)) for cells in zip(*columns, strict=True)]


@contextmanager
def _opened(path: Path, codec: Codec[Any]) -> Iterator[ParquetFile]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            _check(file, codec)
            yield file
    except FileNotFoundError:
        raise
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DamagedPartError(f"{path} is no part of this evidence: {reason}") from error


def _check(file: ParquetFile, codec: Codec[Any]) -> None:
    expected = _schema(codec)
    if not file.schema_arrow.equals(expected):
        found = ", ".join(file.schema_arrow.names[:40])
        raise ValueError(
            f"expected columns {', '.join(expected.names)} of their types, got {found}"
        )
    groups = map(file.metadata.row_group, range(file.metadata.num_row_groups))
    if any(not 0 <= group.total_byte_size <= MAX_GROUP for group in groups):
        raise ValueError(f"expected at most {MAX_GROUP} bytes in a group of rows")


def _schema(codec: Codec[Any]) -> pa.Schema:
    import pyarrow as pa

    kinds = {
        "int": pa.int32(),
        "bool": pa.bool_(),
        "bytes": pa.binary(),
        "floats": pa.list_(pa.float32()),
        "words": pa.list_(pa.string()),
    }
    columns = [(name, kinds[kind]) for name, kind in codec.columns.items()]
    return pa.schema([("key", pa.string()), *columns])


def _cells(column: pa.ChunkedArray, kind: str) -> list[Any]:
    """The values of a column, a row each; floats as views of one array."""
    array = column.combine_chunks()
    holes = array.null_count
    if kind in ("floats", "words"):
        values = array.flatten()
        holes += values.null_count
    if holes:
        raise ValueError(f"expected a value in every cell, {holes} are missing")
    if kind != "floats":
        return list(array.to_pylist())
    numbers, ends = values.to_numpy(), array.value_lengths().to_numpy().cumsum()
    starts = [0, *ends[:-1].tolist()]
    return [numbers[start:end] for start, end in zip(starts, ends.tolist(), strict=False)]


def _distinct(
    paths: Sequence[Path], codec: Codec[Any], problems: dict[Path, str]
) -> Iterator[pa.Table]:
    """The rows of parts, group by group, without those whose key was seen before."""
    seen: set[str] = set()
    for path in paths:
        try:
            with _opened(path, codec) as file:
                for group in range(file.metadata.num_row_groups):
                    table = file.read_row_group(group, use_threads=False)
                    keys = _cells(table["key"], "text")
                    first = {key: row for row, key in reversed(list(enumerate(keys)))}
                    new = sorted(first[key] for key in first.keys() - seen)
                    yield table.take(np.array(new, np.int64))
                    seen |= first.keys()
        except (DamagedPartError, FileNotFoundError) as error:
            problems[path] = str(error)


def _grouped(tables: Iterator[pa.Table], codec: Codec[Any]) -> Iterator[pa.Table]:
    """Tables of about a group of rows."""
    import pyarrow as pa

    waiting: list[pa.Table] = []
    for table in tables:
        waiting.append(table)
        if sum(map(len, waiting)) >= codec.group:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)


def _write(
    folder: Path, tables: Sequence[pa.Table] | Iterator[pa.Table], codec: Codec[Any]
) -> Path:
    import pyarrow.parquet as pq

    name = f"part-{os.getpid()}-{next(_numbers):06d}-{secrets.token_hex(4)}.parquet"
    path, partial = folder / name, folder / f".{name}.tmp"
    options = {"compression": "zstd", "write_page_checksum": True}
    try:
        with partial.open("xb") as file:
            with pq.ParquetWriter(file, _schema(codec), **options) as writer:
                for table in tables:
                    writer.write_table(table, row_group_size=codec.group)
            file.flush()
            os.fsync(file.fileno())  # what is merged is deleted next
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path
