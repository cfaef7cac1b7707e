"""Rows of data-juicer's difference area operator: two paths and two captions, one JSON a line.

The format: https://github.com/modelscope/data-juicer. Paths are taken from the folder of the file
or, as the operator does, from the working directory; a file behind an address (`s3://…`) is not
looked for before it is read. Columns that are not asked for are left to whoever wrote them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from spotdiff.data import fields
from spotdiff.data.images import is_file
from spotdiff.data.remote import RemoteError, beside, is_remote
from spotdiff.data.tables import Record, records
from spotdiff.types import PairRow, RowProblem

PATH_COLUMNS = ("image_path1", "image_path2")
CAPTION_COLUMNS = ("caption1", "caption2")


def read_operator_rows(path: Path) -> Iterator[PairRow | RowProblem]:
    """The pairs of a file of operator rows, lazily; each is named after the file and its line."""
    for record in records(path):
        yield record if isinstance(record, RowProblem) else _pair_row(record)


def operator_cells(path: Path) -> Iterator[tuple[str, Mapping[str, object]]]:
    """The name and all cells of every row that is a row, in order."""
    for record in records(path):
        if isinstance(record, Record):
            yield record.default_id, record.cells


def _pair_row(record: Record) -> PairRow | RowProblem:
    try:
        names = [fields.text(record.cells.get(column), column) for column in PATH_COLUMNS]
        told = [fields.text(record.cells.get(column), column) for column in CAPTION_COLUMNS]
    except fields.FieldError as error:
        return record.problem(str(error))
    blank = [column for column, name in zip(PATH_COLUMNS, names, strict=True) if not name]
    if blank:
        return record.problem(f"{', '.join(blank)}: expected a path, the cell is blank")
    try:
        before, after = (_found(record.path.parent, name) for name in names)
    except RemoteError as error:
        return record.problem(str(error))
    missing = [str(path) for path in (before, after) if not (is_remote(path) or is_file(path))]
    if missing:
        return record.problem(f"no such file: {', '.join(missing)}", "", before, after)
    captions = (told[0], told[1]) if any(told) else None
    return PairRow(record.default_id, before, after, captions=captions, where=record.where)


def _found(folder: Path, name: str) -> Path:
    there, here = beside(folder, name), Path(name)
    if is_remote(there) or is_file(there):
        return there
    return here if is_file(here) else there
