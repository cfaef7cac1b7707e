"""Tables of pairs: manifests that name their files, and weak labels whose images are named by id.

A manifest has the columns `before` and `after` (or `before_file_name` and `after_file_name`) and
may have `pair_id`, `added_objs`, `removed_objs`, `changed_objs` or `labels`, `caption_before`,
`caption_after`, `changes`, `mask`, `mask_kinds` and `outside_boxes`. Its paths are relative to its
folder, or addresses (`s3://…`); a file behind an address is not looked for before it is read. A
table of weak labels has the column `img_id` and may have the three of labels; the images are
`{img_id}_1` (before) and `{img_id}_2` (after) with any suffix of a picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from spotdiff.data import fields
from spotdiff.data.images import SUFFIXES, is_file
from spotdiff.data.remote import RemoteError, beside, is_remote
from spotdiff.data.tables import Record, did_you_mean, records
from spotdiff.types import PairRow, RowProblem

BEFORE_COLUMNS = ("before", "before_file_name")
AFTER_COLUMNS = ("after", "after_file_name")
WEAK_COLUMNS = ("img_id", *fields.LABEL_COLUMNS)
MANIFEST_COLUMNS = (
    "pair_id",
    *BEFORE_COLUMNS,
    *AFTER_COLUMNS,
    *fields.LABEL_COLUMNS,
    *("labels", "caption_before", "caption_after", "changes", "mask", "mask_kinds"),
    "outside_boxes",
)
_CASES = (*SUFFIXES, *(suffix.upper() for suffix in SUFFIXES))

T = TypeVar("T")


def read_manifest(path: Path) -> Iterator[PairRow | RowProblem]:
    """The pairs of a manifest, lazily; a row without `pair_id` is named after table and row."""
    return _read(path, MANIFEST_COLUMNS, _manifest_row)


def read_weak_labels(path: Path, images: Path | None = None) -> Iterator[PairRow | RowProblem]:
    """The pairs of a table of weak labels, lazily.

    Args:
        path: The table.
        images: The folder of the images; None looks beside the table and in its sub-folders
            `data` and `images`.
    """
    beside = (path.parent, path.parent / "data", path.parent / "images")
    finder = _ImageFinder(beside if images is None else (images,))
    return _read(path, WEAK_COLUMNS, lambda record: _weak_row(record, finder))


def _read(
    path: Path, known: Sequence[str], build: Callable[[Record], PairRow | RowProblem]
) -> Iterator[PairRow | RowProblem]:
    reported: set[str] = set()
    for record in records(path):
        if isinstance(record, RowProblem):
            yield record
            continue
        for column in sorted(record.cells.keys() - set(known) - reported):
            reported.add(column)
            guess = did_you_mean(column, known)
            reason = f"unknown column {column!r}.{guess} Known are: {', '.join(known)}"
            yield RowProblem("", record.path.name, reason)
        yield build(record)


class _Cells:
    """Reads the cells of one row and collects what is wrong with them."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.problems: list[str] = []

    def read(self, parse: Callable[[], T]) -> T | None:
        try:
            return parse()
        except fields.FieldError as error:
            self.problems.append(str(error))
            return None

    def text(self, column: str) -> str:
        return self.read(lambda: fields.text(self.record.cells.get(column), column)) or ""

    def file(self, columns: Sequence[str], needed: bool = True) -> Path | None:
        name = next(filter(None, map(self.text, columns)), "")
        if not name:
            if needed:
                self.problems.append(f"{columns[0]}: expected a path, the cell is blank")
            return None
        try:
            path = beside(self.record.path.parent, name)
        except RemoteError as error:
            self.problems.append(f"{columns[0]}: {error}")
            return None
        if not (is_remote(path) or is_file(path)):
            self.problems.append(f"{columns[0]}: no such file: {path}")
        return path


def _manifest_row(record: Record) -> PairRow | RowProblem:
    cells, values = _Cells(record), record.cells
    pair_id = cells.text("pair_id") or record.default_id
    before, after = cells.file(BEFORE_COLUMNS), cells.file(AFTER_COLUMNS)
    labels = cells.read(lambda: fields.label_sets(values))
    changes = cells.read(lambda: fields.true_changes(values.get("changes")))
    mask = cells.file(("mask",), needed=False)
    codes = cells.read(lambda: fields.mask_codes(values.get("mask_kinds")))
    outside = cells.read(lambda: fields.outside(values.get("outside_boxes")))
    captions = cells.text("caption_before"), cells.text("caption_after")
    if cells.problems or before is None or after is None:
        problem = record.problem("; ".join(cells.problems), pair_id, before, after)
        return replace(problem, labels=labels)
    return PairRow(
        pair_id,
        before,
        after,
        labels,
        changes,
        mask,
        codes,
        captions if any(captions) else None,
        record.where,
        outside,
    )


def _weak_row(record: Record, finder: _ImageFinder) -> PairRow | RowProblem:
    cells = _Cells(record)
    pair_id = cells.text("img_id")
    if not pair_id:
        return record.problem("img_id: expected an id, the cell is blank")
    labels = cells.read(lambda: fields.label_sets(record.cells))
    views = finder.find(f"{pair_id}_1"), finder.find(f"{pair_id}_2")
    for view, path, number in zip(("before", "after"), views, (1, 2), strict=True):
        if path is None:
            cells.problems.append(
                f"no {view} image {pair_id}_{number}.* in {', '.join(map(str, finder.folders))}"
            )
    before, after = views
    if cells.problems or before is None or after is None:
        problem = record.problem("; ".join(cells.problems), pair_id, before, after)
        return replace(problem, labels=labels)
    return PairRow(pair_id, before, after, labels, where=record.where)


class _ImageFinder:
    """Finds pictures by stem without listing folders: where the last one lay is asked first."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = folders
        self._places = [(folder, suffix) for folder in folders for suffix in _CASES]

    def find(self, stem: str) -> Path | None:
        for index, (folder, suffix) in enumerate(self._places):
            path = folder / f"{stem}{suffix}"
            if is_file(path):
                self._places.insert(0, self._places.pop(index))
                return path
        return None
