"""Columns of hashes that no picture was read for."""

from __future__ import annotations

from collections.abc import Sequence

from spotdiff.data.collections import NamedRow
from spotdiff.data.row_hashing import HashColumns, RowReading
from spotdiff.types import ImageHash, ImageRow, RowHashes

Hashed = tuple[Sequence[ImageHash], str | None]


def image(bits: int | None, *, flat: bool = False, colour=(9, 9, 9), mirrored=None) -> ImageHash:
    problem = None if bits is not None else "torn"
    return ImageHash(bits, flat, colour, 8, 8, 1.0, problem, mirrored)


def row(*bits: int | None, text: str | None = None) -> Hashed:
    return [image(one) for one in bits], text


def row_hashes(rows: Sequence[Hashed]) -> RowHashes:
    """Of each row its images and its text; texts count where one row has one."""
    worded = any(text is not None for _, text in rows)
    columns = HashColumns(RowReading(consider_text=worded))
    named = (
        NamedRow(number, ImageRow(str(number), (b"",) * len(images), text))
        for number, (images, text) in enumerate(rows)
    )
    list(columns.begun(named))
    for images, _ in rows:
        for one in images:
            columns.add_image(one)
    return columns.finished()
