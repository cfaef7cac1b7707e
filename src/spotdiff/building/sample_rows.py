"""Tables and folders -> samples, whatever their columns are called.

What is known, of JSON lines, Parquet, CSV and TSV: `before` and `after` or `image_path1` and
`image_path2`; `caption_before` and `caption_after`, `before_caption` and `after_caption` or
`caption1` and `caption2`; `images` and `text` of data-juicer; `caption` alone; a picture as `image`
or `file_name`; `changes`; and the rows of an earlier build. Of COCO files: photographs, captioned
by the names of their objects. Of folders: those of pairs, and pictures, each with its caption in a
text file of the same stem. Paths are taken from the folder of the table, or else from the working
directory. All other cells of a row stay with it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import replace
from itertools import chain, islice
from os.path import relpath
from pathlib import Path
from typing import Any

from spotdiff.building.composing import captioned
from spotdiff.building.sample_columns import KNOWN, READ, sample_of
from spotdiff.data import fields
from spotdiff.data.folders import SIBLINGS, find_tree, has_siblings, pictures
from spotdiff.data.photos import annotated_photos, is_photographs
from spotdiff.data.published import SBI_COLUMNS
from spotdiff.data.remote import is_address
from spotdiff.data.sources import open_source
from spotdiff.data.tables import TABLE_SUFFIXES, TableError, columns, records
from spotdiff.types import Change, PairRow, RowProblem, Sample

_SIBLINGS = re.compile(SIBLINGS)


def read_samples(
    source: Path, each: int = 1, photos: Path | None = None, limit: int | None = None
) -> Iterator[Sample]:
    """The samples of a table or a folder, lazily, in order, each under an id of its own.

    A row that cannot be used, or repeats an id, is a sample with an error.

    Args:
        source: The table or the folder.
        each: Samples of each photograph of a COCO file.
        photos: Their folder; None takes that of the file, or its subfolder `images`.
        limit: So many at most; None takes all.

    Raises:
        FileNotFoundError: There is neither file nor folder.
        ValueError: It holds nothing that is known, or no rows, or cannot be read to its end.
    """
    if not source.exists():
        raise FileNotFoundError(f"Expected a table or a folder of rows, {source} does not exist.")
    samples = distinct(_samples(source, each, photos))
    first = next(samples, None)
    if first is None:
        raise ValueError(f"Expected rows in {source}, found none.")
    yield from islice(chain([first], samples), limit)


def distinct(samples: Iterable[Sample]) -> Iterator[Sample]:
    """The same samples; one whose id was there before becomes an error under another id.

    Example:
        >>> [s.id for s in distinct([Sample("a"), Sample("b"), Sample("a"), Sample("a")])]
        ['a', 'b', 'a (again 2)', 'a (again 3)']
    """
    seen: set[int] = set()  # of hashes: an eighth of what the ids would take
    for number, sample in enumerate(samples):
        if (key := _key(sample.id)) not in seen:
            seen.add(key)
            yield sample
            continue
        reason = f"id {sample.id!r} occurs more than once; ids must be unique"
        yield replace(sample, id=f"{sample.id} (again {number})").failed(READ, reason)


def portable(sample: Sample, folder: Path) -> Sample:
    """The sample with paths as they are seen from `folder`; absolute ones outside of it stay."""

    def seen(name: str) -> str:
        path = Path(name)
        outside = path.is_absolute() and not path.is_relative_to(folder)
        return name if outside or is_address(name) else Path(relpath(path, folder)).as_posix()

    before, after = (name and seen(name) for name in (sample.before, sample.after))
    return replace(sample, before=before, after=after, images=tuple(map(seen, sample.images)))


def _key(text: str) -> int:
    content = text.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big")


def _samples(source: Path, each: int = 1, photos: Path | None = None) -> Iterator[Sample]:
    if source.is_dir():
        return _of_folder(source)
    if source.suffix.lower() == ".json" and is_photographs(source):
        return captioned(annotated_photos(photos or source.parent, source, "", 1), each)
    if source.name.lower().endswith(TABLE_SUFFIXES):
        return _of_pairs(source) if _only_of_pairs({*columns(source)}) else _rows(source)
    return _of_pairs(source)


def _only_of_pairs(names: Set[str]) -> bool:
    """Whether a table has no column of a sample, but those of a table of words or of SBI."""
    return not names & {*KNOWN} and ("img_id" in names or names >= {*SBI_COLUMNS})


def _of_folder(folder: Path) -> Iterator[Sample]:
    tables = [one for one in sorted(folder.iterdir()) if one.name.lower().endswith(TABLE_SUFFIXES)]
    if len(tables) > 1:
        names = ", ".join(table.name for table in tables)
        raise ValueError(f"Expected one table in {folder}, got {names}: give one of these files.")
    if tables:
        return _samples(tables[0])
    if find_tree(folder) is not None or has_siblings(folder, _SIBLINGS):
        return _of_pairs(folder)
    return _of_pictures(folder)


def _of_pictures(folder: Path) -> Iterator[Sample]:
    """Every picture is the before view of a sample, with the text beside it as its caption."""
    for path in pictures(folder):
        beside_it = path.with_suffix(".txt")
        told = None
        if beside_it.is_file():
            told = beside_it.read_text("utf-8", errors="replace").strip() or None
        name = path.relative_to(folder).as_posix()
        yield Sample(name, before=str(path), caption_before=told)


def _of_pairs(source: Path) -> Iterator[Sample]:
    """The pairs of any source that prediction knows."""
    for row in open_source(source):
        if isinstance(row, RowProblem):
            yield _problem(row)
            continue
        known = row.changes or ()
        told = [Change(c.kind, 1.0, c.label, c.box_before, c.box_after) for c in known if c.kind]
        yield Sample(
            row.pair_id,
            before=str(row.before),
            after=str(row.after),
            caption_before=(row.captions or ("", ""))[0] or None,
            caption_after=(row.captions or ("", ""))[1] or None,
            changes=tuple(told) if len(told) == len(known) else (),
            cells=_words(row),
        )


def _words(row: PairRow) -> dict[str, Any]:
    if row.labels is None:
        return {}
    return {column: list(row.labels.of(kind)) for column, kind in fields.LABEL_COLUMNS.items()}


def _problem(row: RowProblem) -> Sample:
    if not row.pair_id:
        raise TableError([row])
    before, after = (None if path is None else str(path) for path in (row.before, row.after))
    return Sample(row.pair_id, before, after).failed(READ, f"{row.where}: {row.reason}")


def _rows(table: Path) -> Iterator[Sample]:
    for record in records(table):
        yield _problem(record) if isinstance(record, RowProblem) else sample_of(record)
