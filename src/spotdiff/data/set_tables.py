"""Two sets of pictures from a table with groups, or from two folders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from spotdiff.data import fields
from spotdiff.data.folders import pictures
from spotdiff.data.remote import beside, is_remote
from spotdiff.data.tables import TABLE_SUFFIXES, Record, TableError, columns, did_you_mean, records
from spotdiff.types import ImageSets, RowProblem, SetItem

NEEDED = ("path", "group_name")


class ReadSets(NamedTuple):
    """Two sets as they were read, and a sentence for each row that could not be used."""

    sets: ImageSets
    problems: tuple[str, ...]


def read_set_table(table: Path, first: str, second: str, subset: str | None = None) -> ReadSets:
    """Two groups of a table with the columns `path` and `group_name`.

    `subset`, `prompt`, `difference`, `difficulty`, `caption` and `box` may be there. Paths are
    taken from the folder of the table, or else from the working directory.

    Args:
        table: CSV, TSV, JSON lines or Parquet.
        first: The group that is described.
        second: The one that it is compared with.
        subset: Rows whose `subset` is another are left out; None takes all.

    Raises:
        TableError: It is no such table, or cannot be read to its end.
        ValueError: There is no such group, or no such subset.
    """
    _check_columns(table, subset)
    wanted = {name: _Group() for name in (first, second)}
    seen: Counter[str] = Counter()
    subsets: set[str] = set()
    problems: list[str] = []
    for record in _records(table):
        try:
            if not isinstance(record, Record):
                raise fields.FieldError(record.reason)
            group = _needed(record, "group_name")
            part = _word(record, "subset")
            subsets |= {part} if part is not None else set()
            if subset is not None and part != subset:
                continue
            seen[group] += 1
            if group in wanted:
                wanted[group].add(record)
        except fields.FieldError as error:
            problems.append(f"{record.where}: {error}")
    _check_groups(table, (first, second), seen, subset, subsets)
    return _sets((first, second), wanted, problems)


def read_set_folders(first: Path, second: Path) -> ReadSets:
    """The pictures of two folders, to any depth, sorted; the sets are called like the folders.

    Raises:
        FileNotFoundError: There is no such folder.
        ValueError: There are no pictures in it, or both are one.
    """
    if first.resolve() == second.resolve():
        raise ValueError(f"Expected two folders, got {first} for both.")
    names = first.resolve().name, second.resolve().name
    if names[0] == names[1]:
        names = str(first), str(second)
    return ReadSets(ImageSets(names, _in_folder(first), _in_folder(second)), ())


def _in_folder(folder: Path) -> tuple[SetItem, ...]:
    if not folder.is_dir():
        raise FileNotFoundError(f"Expected a folder of pictures, {folder} is none.")
    items = tuple(SetItem(str(path)) for path in pictures(folder))
    if not items:
        raise ValueError(f"Expected pictures in {folder}, found none.")
    return items


@dataclass(slots=True)
class _Group:
    """What is gathered of one group."""

    items: dict[tuple[str, object], SetItem] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)
    difficulties: list[str] = field(default_factory=list)

    def add(self, record: Record) -> None:
        """Takes the picture of a row.

        Raises:
            FieldError: A cell cannot be used, or the picture is there already.
        """
        path = _found(record.path.parent, _needed(record, "path"))
        box = fields.box(record.cells.get("box"), "box")
        prompt, caption = _word(record, "prompt"), _word(record, "caption")
        name = str(path), box
        if name in self.items:
            raise fields.FieldError(f"path: {path} is in this group already")
        self.items[name] = SetItem(str(path), box, prompt, caption)
        for told, column in ((self.differences, "difference"), (self.difficulties, "difficulty")):
            if (word := _word(record, column)) is not None and word not in told:
                told.append(word)


def _sets(names: tuple[str, str], groups: dict[str, _Group], problems: Sequence[str]) -> ReadSets:
    told = list(problems)
    first, second = (groups[name] for name in names)
    known = []
    for column, words in (("difference", first.differences), ("difficulty", first.difficulties)):
        if len(words) > 1:
            told.append(f"{column}: expected one for {names[0]}, got {len(words)}; none is taken.")
        known.append(words[0] if len(words) == 1 else None)
    pair = tuple(first.items.values()), tuple(second.items.values())
    return ReadSets(ImageSets(names, *pair, *known), tuple(told))


def _records(table: Path) -> Iterator[Record | RowProblem]:
    for record in records(table):
        if isinstance(record, RowProblem) and not record.pair_id:
            raise TableError([record])
        yield record


def _check_columns(table: Path, subset: str | None) -> None:
    if not table.name.lower().endswith(TABLE_SUFFIXES):
        known = ", ".join(TABLE_SUFFIXES)
        raise TableError([RowProblem("", str(table), f"expected a table ({known})")])
    there = columns(table)
    needed = NEEDED if subset is None else (*NEEDED, "subset")
    if missing := [name for name in needed if name not in there]:
        raise ValueError(
            f"{table}: expected the columns {', '.join(needed)}, there is no {missing[0]}; "
            f"it has {', '.join(there) or 'none'}."
        )


def _check_groups(
    table: Path, names: tuple[str, str], seen: Counter[str], subset: str | None, parts: set[str]
) -> None:
    if names[0] == names[1]:
        raise ValueError(f"Expected two groups, got {names[0]!r} for both.")
    if subset is not None and subset not in parts:
        raise ValueError(
            f"{table}: there is no subset {subset!r}, only {_listed(sorted(parts))}."
            f"{did_you_mean(subset, parts)}"
        )
    for name in names:
        if name not in seen:
            most = [group for group, _ in seen.most_common()]
            raise ValueError(
                f"{table}: there is no group {name!r}, only {_listed(most)}."
                f"{did_you_mean(name, most)}"
            )


def _listed(names: Sequence[str], most: int = 12) -> str:
    shown = ", ".join(map(repr, names[:most])) or "none"
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def _needed(record: Record, column: str) -> str:
    if not (word := fields.text(record.cells.get(column), column)):
        raise fields.FieldError(f"{column}: expected text, the cell is empty")
    return word


def _word(record: Record, column: str) -> str | None:
    cell = record.cells.get(column)
    return None if fields.is_blank(cell) else fields.text(cell, column)


def _found(folder: Path, name: str) -> Path:
    there = beside(folder, name)
    here = Path(name)
    return there if is_remote(there) or there.is_file() or not here.is_file() else here
