"""Collections of images as rows: folders, and tables with `images` or `image_bytes`, and `text`.

The columns are those of data-juicer. A row that cannot be used is a row with a problem: it is kept
wherever rows are kept.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from pathlib import Path

from spotdiff.data import fields
from spotdiff.data.folders import pictures
from spotdiff.data.tables import TABLE_SUFFIXES, Record, TableError, records
from spotdiff.types import ImageRow, RowProblem, Source

IMAGES, BYTES, TEXT = "images", "image_bytes", "text"


def read_image_rows(source: Path, text: str = TEXT) -> Iterator[ImageRow]:
    """The rows of a folder or a table, lazily and in order.

    A folder is walked to any depth, sorted; each picture is a row. Paths in a table are taken from
    its folder, or else from the working directory.

    Args:
        source: A folder, or a file with one of `TABLE_SUFFIXES`.
        text: The column of the text.

    Raises:
        FileNotFoundError: If there is neither.
        TableError: If it is no table, has none of the columns, or cannot be read to its end.
    """
    if source.is_dir():
        for path in pictures(source):
            name = path.relative_to(source).as_posix()
            yield ImageRow(name, (path,), cells={IMAGES: [str(path)]})
        return
    if not source.is_file():
        raise FileNotFoundError(f"Expected a folder or a table of images, {source} is none.")
    if not source.name.lower().endswith(TABLE_SUFFIXES):
        known = ", ".join(TABLE_SUFFIXES)
        raise TableError([RowProblem("", source.name, f"expected a table ({known})")])
    for number, record in enumerate(records(source)):
        if isinstance(record, Record):
            if number == 0:
                _expect_columns(record, text)
            yield _row(record, text)
        elif record.pair_id:
            yield ImageRow(record.where, problem=f"{record.where}: {record.reason}")
        else:
            raise TableError([record])


def _expect_columns(record: Record, text: str) -> None:
    """Refuses a table of something else by its first row: nothing in it could be compared."""
    if not record.cells.keys() & {IMAGES, BYTES, text}:
        names = ", ".join(map(str, record.cells)) or "none"
        reason = f"expected a column {IMAGES}, {BYTES} or {text}, the columns are: {names}"
        raise TableError([RowProblem("", record.path.name, reason)])


def _row(record: Record, text: str) -> ImageRow:
    try:
        images = _images(record)
        told = record.cells.get(text)
        words = None if told is None else fields.text(told, text)
    except fields.FieldError as error:
        return ImageRow(record.where, cells=record.cells, problem=f"{record.where}: {error}")
    return ImageRow(record.where, images, words, record.cells)


def _images(record: Record) -> tuple[Source, ...]:
    """The pictures of a row: bytes where it has some, else paths."""
    cells: Mapping[str, object] = record.cells
    cell = cells.get(BYTES)
    held = [cell] if isinstance(cell, bytes) else fields.items(cell, BYTES)
    if held:
        return tuple(_content(item) for item in held)
    if fields.is_blank(cells.get(IMAGES)):
        return ()
    cell = cells[IMAGES]
    listed = isinstance(cell, list | tuple) or str(cell).lstrip().startswith("[")
    names = fields.items(cell, IMAGES) if listed else [cell]
    return tuple(_found(record.path.parent, fields.text(name, IMAGES)) for name in names)


def _content(item: object) -> bytes:
    """A picture as bytes; JSON holds them in base 64."""
    if isinstance(item, bytes):
        return item
    try:
        return base64.b64decode(str(item), validate=True)
    except (binascii.Error, ValueError) as error:
        raise fields.FieldError(f"{BYTES}: expected bytes, or text in base 64") from error


def _found(folder: Path, name: str) -> Path:
    there, here = folder / name, Path(name)
    return there if there.is_file() or not here.is_file() else here
