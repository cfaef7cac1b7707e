"""The one door for data: a path of any known form -> a stream of rows.

What is known: a table (CSV, TSV, JSON lines, Parquet) that is a manifest or holds weak labels;
COCO JSON with pair ids; DeepPCB; SBI pairs; two folders; a folder with `before/ after/` or
`A/ B/ label/` inside; a folder of siblings `{id}_1.png`, `{id}_2.png`; a folder that holds one of
the tables. A path may be an address (`s3://bucket/pairs.jsonl`): see `spotdiff.data.remote`.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from spotdiff.data import folders, manifests
from spotdiff.data.annotations import read_coco
from spotdiff.data.datajuicer import PATH_COLUMNS, read_operator_rows
from spotdiff.data.images import SUFFIXES
from spotdiff.data.published import SBI_COLUMNS, read_deeppcb, read_sbi
from spotdiff.data.remote import is_remote, located, reaching
from spotdiff.data.tables import TABLE_SUFFIXES, columns, did_you_mean, distinct
from spotdiff.types import PairRow, RowProblem

Rows: TypeAlias = Iterator[PairRow | RowProblem]

_KNOWN = (
    "a table with the columns before and after, or img_id; COCO JSON with pair ids; or a folder "
    "with such a file, with before/ and after/ or A/ and B/, or with pictures {id}_1.*, {id}_2.*"
)

# a run may write its records beside the pictures it read: they are no manifest of the next run
_RESULT_COLUMNS = {"status", "change_score", "before", "after"}


class SourceError(ValueError):
    """A path holds no pairs in a known form; the message says in one line what was expected."""


@dataclass(frozen=True, slots=True)
class _Hints:
    """What the caller says beside the path."""

    pattern: str | None
    images: Path | None
    split: str | None

    def refuse(self, path: Path, form: str, *names: str) -> None:
        """Raises where a hint is given that a form of data has no use for."""
        for name in names:
            if getattr(self, name) is not None:
                raise SourceError(f"{path}: {name}=… has no meaning for {form}; leave it out")


def open_source(
    path: Path | str,
    *,
    after: Path | str | None = None,
    pattern: str | None = None,
    images: Path | str | None = None,
    split: str | None = None,
) -> Rows:
    """The pairs at a path, lazily; what cannot be used comes as a problem in its place.

    Args:
        path: A table, an annotation file or a folder; the before folder or photograph where
            `after` is given.
        after: The after folder or photograph.
        pattern: A regular expression sought in the stem of each picture. Its group `id` names the
            pair; within one folder its groups `before` and `after` tell the views apart.
        images: Where the images of a table of weak labels or of COCO JSON lie.
        split: Which part to read of a folder that has several: the stem of a table (`train`) or a
            sub-folder.

    Raises:
        SourceError: The path is missing, of no known form, or of several.
        TableError: The file cannot be read as what it is.
    """
    root = _existing(path)
    hints = _Hints(pattern, None if images is None else _existing(images), split)
    if after is not None:
        rows = _two_places(root, _existing(after), hints)
    elif root.is_dir():
        rows = _folder_rows(root, hints)
    else:
        rows = _file_rows(root, hints)
    return distinct(rows, str(root))


def _existing(name: Path | str) -> Path:
    try:
        path = located(name)
        if is_remote(path):
            with reaching(path):
                path.stat()  # unlike exists(), it says why not
            return path
    except OSError as error:
        nothing = isinstance(error, FileNotFoundError)
        reason = "there is nothing at this address" if nothing else f"cannot be reached: {error}"
        raise SourceError(f"{name}: {reason}") from error
    if path.exists():
        return path
    missing = path
    while not missing.parent.exists():
        missing = missing.parent
    siblings = missing.parent.iterdir() if missing.parent.is_dir() else ()
    question = did_you_mean(missing.name, sorted(sibling.name for sibling in siblings))
    raise SourceError(f"{path}: there is no {missing.name!r} in {missing.parent}.{question}")


def _two_places(before: Path, after: Path, hints: _Hints) -> Rows:
    hints.refuse(before, "two folders", "images", "split")
    if before.is_file() and after.is_file():
        hints.refuse(before, "two photographs", "pattern")
        name = before.stem if before.stem == after.stem else f"{before.stem}__{after.stem}"
        return iter([PairRow(name, before, after, where=f"{before}, {after}")])
    if not (before.is_dir() and after.is_dir()):
        raise SourceError(f"expected two folders or two photographs, got {before} and {after}")
    if hints.pattern is None:
        return folders.read_folders(before, after)
    return folders.read_matched(before, after, _compiled(hints.pattern, "id"))


def _file_rows(path: Path, hints: _Hints) -> Rows:
    suffix = path.suffix.lower()
    hints.refuse(path, "a file", "pattern", "split")
    if suffix in TABLE_SUFFIXES:
        return _table_rows(path, hints)
    if suffix == ".json":
        return read_coco(path, hints.images)
    hints.refuse(path, f"a {suffix} file", "images")
    if suffix == ".txt":
        return read_deeppcb(path)
    if suffix in SUFFIXES:
        raise SourceError(f"{path}: is one photograph; give the other one as after=…")
    raise SourceError(f"{path}: expected {_KNOWN}; a {suffix or 'bare'} file is none of these")


def _table_rows(path: Path, hints: _Hints) -> Rows:
    form = _table_form(path)
    if form == "weak":
        return manifests.read_weak_labels(path, hints.images)
    hints.refuse(path, "a table that names its files", "images")
    if form == "datajuicer":
        return read_operator_rows(path)
    if form == "manifest":
        return manifests.read_manifest(path)
    if form == "sbi":
        return read_sbi(path)
    found = ", ".join(columns(path)) or "none"
    raise SourceError(
        f"{path}: expected the columns before and after, or img_id; the columns are: {found}"
    )


def _table_form(path: Path) -> str | None:
    names = set(columns(path))
    if names >= _RESULT_COLUMNS:
        return None
    if "img_id" in names and not names & {*manifests.BEFORE_COLUMNS, *manifests.AFTER_COLUMNS}:
        return "weak"
    if names >= set(PATH_COLUMNS):
        return "datajuicer"
    if names & set(manifests.BEFORE_COLUMNS) and names & set(manifests.AFTER_COLUMNS):
        return "manifest"
    return "sbi" if names >= set(SBI_COLUMNS) else None


def _folder_rows(folder: Path, hints: _Hints) -> Rows:
    if hints.pattern is not None:
        hints.refuse(folder, "a folder of siblings", "images", "split")
        return folders.read_siblings(folder, _compiled(hints.pattern, "id", "before", "after"))
    files = _annotation_files(folder)
    if hints.split is not None:
        return _split_rows(folder, files, hints)
    if len(files) > 1:
        names = ", ".join(str(file.relative_to(folder)) for file in files)
        raise SourceError(
            f"{folder}: holds several sets of pairs: {names}; name one of these files, or give its "
            "stem as split=…"
        )
    if files:
        return _file_rows(files[0], hints)
    return _picture_rows(folder, hints)


def _split_rows(folder: Path, files: list[Path], hints: _Hints) -> Rows:
    rest = _Hints(None, hints.images, None)
    named = [file for file in files if file.stem == hints.split]
    if len(named) == 1:
        return _file_rows(named[0], rest)
    inside = folder / str(hints.split)
    if inside.is_dir() and not named:
        return _folder_rows(inside, rest)
    known = [file.stem for file in files] + sorted(p.name for p in folder.iterdir() if p.is_dir())
    raise SourceError(
        f"{folder}: expected one split of the name {hints.split!r}, got {len(named)}; "
        f"there are: {', '.join(known) or 'none'}"
    )


def _picture_rows(folder: Path, hints: _Hints) -> Rows:
    hints.refuse(folder, "a folder of pictures", "images")
    tree = folders.find_tree(folder)
    if tree is not None:
        return folders.read_folders(tree.before, tree.after, tree.masks)
    siblings = re.compile(folders.SIBLINGS)
    if folders.has_siblings(folder, siblings):
        return folders.read_siblings(folder, siblings)
    raise SourceError(f"{folder}: expected {_KNOWN}; nothing of the kind is in this folder")


def _annotation_files(folder: Path) -> list[Path]:
    """The files of a folder that describe pairs; those of `data` or `PCBData` if it has none."""
    for place in (folder, folder / "data", folder / "PCBData"):
        children = sorted(place.iterdir()) if place.is_dir() else []
        files = [child for child in children if child.is_file() and _describes_pairs(child)]
        if files:
            return files
    return []


def _describes_pairs(path: Path) -> bool:
    suffix = path.suffix.lower()
    if suffix in TABLE_SUFFIXES:
        return _table_form(path) is not None
    if suffix == ".json":
        return _mentions_pairs(path)
    return path.name in ("trainval.txt", "test.txt") and any(path.parent.glob("group*"))


def _mentions_pairs(path: Path) -> bool:
    """Whether a JSON file holds the key `pair_id`, found without parsing it."""
    if is_remote(path):
        return b'"pair_id"' in path.read_bytes()
    if path.stat().st_size == 0:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(b'"pair_id"') >= 0


def _compiled(pattern: str, *groups: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise SourceError(f"pattern {pattern!r} is no regular expression: {error}") from error
    missing = [group for group in groups if group not in compiled.groupindex]
    if missing:
        wanted = ", ".join(f"(?P<{group}>…)" for group in missing)
        raise SourceError(f"pattern {pattern!r}: expected the named groups {wanted} in it")
    return compiled
