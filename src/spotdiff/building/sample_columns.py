"""One row of a table -> a sample, by the names of its columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from os.path import normpath
from pathlib import Path

from spotdiff.building.sample_records import change_of, from_cells, is_sample, plain
from spotdiff.data import fields
from spotdiff.data.images import is_file
from spotdiff.data.remote import RemoteError, beside, is_address, is_remote
from spotdiff.data.tables import Record
from spotdiff.types import Change, Sample

READ = "read"  # the name of the step that reads, in verdicts

IDS = ("id", "pair_id")
BEFORE = ("before", "before_file_name", "image_path1")
AFTER = ("after", "after_file_name", "image_path2")
PICTURE = ("image", "file_name")
CAPTION_BEFORE = ("caption_before", "before_caption", "caption1")
CAPTION_AFTER = ("caption_after", "after_caption", "caption2")
CAPTION, IMAGES, TEXT, CHANGES = "caption", "images", "text", "changes"
KNOWN = (*BEFORE, *AFTER, *PICTURE, *CAPTION_BEFORE, *CAPTION_AFTER, CAPTION, IMAGES, TEXT)


def sample_of(record: Record) -> Sample:
    """The sample of one row; an error where the row is malformed."""
    try:
        if is_sample(record.cells):
            sample = _located(from_cells(record.cells), record.path.parent)
        else:
            sample = _of_columns(record)
    except (fields.FieldError, RemoteError) as error:
        cells = {str(name): plain(cell) for name, cell in record.cells.items()}
        return Sample(_id(record), cells=cells).failed(READ, f"{record.where}: {error}")
    names = [name for name in (sample.before, sample.after, *sample.images) if name]
    missing = [name for name in names if not _is_there(record.path.parent, name)]
    if missing and sample.verdict is None:
        return sample.failed(READ, f"{record.where}: no such file: {', '.join(missing)}")
    return sample


def _of_columns(record: Record) -> Sample:
    """A sample by the names of the columns."""
    cells, folder = record.cells, record.path.parent
    if not any(not fields.is_blank(cells.get(name)) for name in KNOWN):
        raise fields.FieldError(
            "expected pictures (before, after, images), captions or text, the columns are: "
            f"{', '.join(map(str, cells)) or 'none'}"
        )
    before, after = (_path(cells, names, folder) for names in ((*BEFORE, *PICTURE), AFTER))
    caption_before = _text(cells, CAPTION_BEFORE)
    alone = _text(cells, (CAPTION,))
    if alone and caption_before is None and not (before and after):
        caption_before, alone = alone, None  # of a single picture, or of one yet to be made
    used = {*IDS, *KNOWN}
    changes = _changes(cells)
    if changes is not None:
        used.add(CHANGES)
    return Sample(
        _id(record),
        before=before,
        after=after,
        caption_before=caption_before,
        caption_after=_text(cells, CAPTION_AFTER),
        images=_images(cells.get(IMAGES), folder),
        text=_text(cells, (TEXT,)),
        changes=changes or (),
        caption=alone,
        cells={str(name): plain(cell) for name, cell in cells.items() if name not in used},
    )


def _id(record: Record) -> str:
    for name in IDS:
        cell = record.cells.get(name)
        if isinstance(cell, str | int) and not isinstance(cell, bool) and str(cell).strip():
            return str(cell).strip()
    return record.default_id


def _text(cells: Mapping[str, object], names: Iterable[str]) -> str | None:
    """The text of the first of some columns that gives any."""
    found = (fields.text(cells.get(name), name) for name in names)
    return next((text for text in found if text), None)


def _path(cells: Mapping[str, object], names: Iterable[str], folder: Path) -> str | None:
    """The path in the first of some columns that gives any; records of predictions nest it."""
    told = {name: cells.get(name) for name in names}
    nested = {name: cell.get("path") for name, cell in told.items() if isinstance(cell, Mapping)}
    name = _text(told | nested, names)
    return None if name is None else str(_found(folder, name))


def _images(cell: object, folder: Path) -> tuple[str, ...]:
    if fields.is_blank(cell):
        return ()
    listed = not isinstance(cell, str) or cell.lstrip().startswith("[")
    names = fields.items(cell, IMAGES) if listed else [cell]
    return tuple(str(_found(folder, fields.text(name, IMAGES))) for name in names)


def _changes(cells: Mapping[str, object]) -> tuple[Change, ...] | None:
    """What a row says that differs; None where it does not say how all of it does."""
    told = fields.items(cells.get(CHANGES), CHANGES)
    kinds = [one.get("kind") if isinstance(one, Mapping) else "" for one in told]
    if any(kind in (None, "unknown") for kind in kinds):
        return None
    return tuple(change_of(one, f"{CHANGES}[{number}]") for number, one in enumerate(told))


def _located(sample: Sample, folder: Path) -> Sample:
    """A sample that was written in `folder`, with paths as they are seen from here."""

    def seen(name: str) -> str:
        return name if is_address(name) else normpath(_found(folder, name))

    before, after = (name and seen(name) for name in (sample.before, sample.after))
    return replace(sample, before=before, after=after, images=tuple(map(seen, sample.images)))


def _found(folder: Path, name: str) -> Path:
    there, here = beside(folder, name), Path(name)
    if is_remote(there) or is_file(there):
        return there
    return here if is_file(here) else there


def _is_there(folder: Path, name: str) -> bool:
    path = beside(folder, name)
    return is_remote(path) or is_file(Path(name))
