"""The sets of VisDiffBench: 150 pairs from the web, 14 styles of ImageNet-R, 23 conditions.

Dunlap et al. 2024 (VisDiff): https://arxiv.org/abs/2312.02974
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from spotdiff.data import fields
from spotdiff.data.tables import Record, records
from spotdiff.types import ImageSets, RowProblem, SetItem

DIFFICULTIES = ("easy", "medium", "hard")
# The table, the group that others are compared with, groups that nobody uses, what it is called.
GROUPED = (
    ("ImageNetR.csv", "imagenet", ("misc",), "ImageNet-R"),
    ("ImageNetStar.csv", "base", (), "ImageNet*"),
)
PARTS = (*DIFFICULTIES, *(name for *_, name in GROUPED))


class BenchSet(NamedTuple):
    """A pair of sets of a benchmark, or why there is none.

    Attributes:
        name: Its own, such as `easy-0007`.
        part: Of the benchmark, one of `PARTS`.
        sets: The pictures, with the true difference.
        problem: Why they cannot be used, in one sentence.
    """

    name: str
    part: str
    sets: ImageSets | None
    problem: str | None = None


class Bench(NamedTuple):
    """The sets of a folder, and which parts of the benchmark are not in it."""

    sets: tuple[BenchSet, ...]
    absent: tuple[str, ...]


def visdiff_bench(root: Path) -> Bench:
    """All sets of VisDiffBench below a folder, in the order of `PARTS`.

    The web pairs are `easy.jsonl`, `medium.jsonl` and `hard.jsonl`, the others `ImageNetR.csv` and
    `ImageNetStar.csv`, in the folder or at most two folders below. Paths of pictures are taken
    from the folder, whatever folders of another machine they begin with. How difficult a pair is
    comes from these paths, for the column of that name in the published table is wrong.

    Raises:
        FileNotFoundError: None of the files is there.
    """
    found: dict[str, list[BenchSet]] = {}
    found |= {part: _web_sets(path, root) for part in DIFFICULTIES if (path := _file(root, part))}
    for table, against, unused, part in GROUPED:
        if path := _file(root, table.removesuffix(".csv"), ".csv"):
            found[part] = list(_grouped_sets(path, root, (against, unused, part)))
    if not found:
        raise FileNotFoundError(
            f"Expected the files of VisDiffBench in {root} (easy.jsonl, medium.jsonl, hard.jsonl, "
            "ImageNetR.csv or ImageNetStar.csv), found none."
        )
    sets = tuple(one for some in found.values() for one in some)
    # a pair is as difficult as the folder of its pictures says, whatever file names it
    order = {part: place for place, part in enumerate(PARTS)}
    ordered = sorted(sets, key=lambda one: order[one.part])
    return Bench(tuple(ordered), tuple(part for part in PARTS if part not in found))


def _file(root: Path, stem: str, suffix: str = ".jsonl") -> Path | None:
    for pattern in ("", "*/", "*/*/"):
        if paths := sorted(root.glob(f"{pattern}{stem}{suffix}")):
            return paths[0]
    return None


class _Finder:
    """Finds pictures by paths that were written on another machine.

    Args:
        folders: Where they may lie; what is in the first one comes first.
    """

    def __init__(self, *folders: Path) -> None:
        self.folders = folders
        self._last = folders[0], 0  # where the last one lay, and folders its path had too many

    def __call__(self, name: str) -> str:
        """The file; where there is none, the path as it is written, below the first folder."""
        parts = Path(name).parts
        tries = ((folder, drop) for folder in self.folders for drop in range(len(parts)))
        for folder, drop in (self._last, *tries):
            path = folder.joinpath(*parts[drop:])
            if drop < len(parts) and path.is_file():
                self._last = folder, drop
                return str(path)
        return str(self.folders[0] / name)


def _web_sets(path: Path, root: Path) -> list[BenchSet]:
    finder = _Finder(path.parent, root)
    return [_web_set(record, path, finder) for record in records(path)]


def _web_set(record: Record | RowProblem, path: Path, finder: _Finder) -> BenchSet:
    """The pair of a line; its difficulty comes from the folder of its pictures, else the file."""
    part = path.stem
    if not isinstance(record, Record):
        return BenchSet(record.pair_id or path.name, part, None, f"{record.where}: {record.reason}")
    name = f"{part}-{record.number:04d}"
    cells = record.cells
    try:
        names = tuple(_text(cells.get(column), column) for column in ("set1", "set2"))
        images = [_images(cells.get(f"set{i}_images"), f"set{i}_images") for i in (1, 2)]
        difference = cells.get("difference")
        told = None if fields.is_blank(difference) else _text(difference, "difference")
    except fields.FieldError as error:
        return BenchSet(name, part, None, f"{record.where}: {error}")
    folders = {folder for image in images[0] for folder in Path(image).parts[:-1]}
    named = [one for one in DIFFICULTIES if one in folders]
    part = named[0] if len(named) == 1 else part
    first, second = (tuple(SetItem(finder(image)) for image in some) for some in images)
    return BenchSet(name, part, ImageSets((names[0], names[1]), first, second, told, part))


def _grouped_sets(
    path: Path, root: Path, about: tuple[str, tuple[str, ...], str]
) -> Iterator[BenchSet]:
    """A pair for each group of a table and the one that all are compared with."""
    against, unused, part = about
    finder = _Finder(path.parent, root)
    groups: dict[str, list[SetItem]] = {}
    problems: list[str] = []
    for record in records(path):
        try:
            if not isinstance(record, Record):
                raise fields.FieldError(record.reason)
            group = _text(record.cells.get("group_name"), "group_name")
            image = _text(record.cells.get("path"), "path")
            groups.setdefault(group, []).append(SetItem(finder(image)))
        except fields.FieldError as error:
            problems.append(f"{record.where}: {error}")
    if against not in groups:
        first = f"; {problems[0]}" if problems else ""
        yield BenchSet(part, part, None, f"{path}: there is no group {against!r}{first}")
        return
    for group, items in groups.items():
        if group not in (against, *unused):
            sets = ImageSets((group, against), tuple(items), tuple(groups[against]), group, part)
            yield BenchSet(f"{part}-{group}", part, sets)


def _images(cell: object, column: str) -> list[str]:
    if not isinstance(cell, list) or not cell or not all(isinstance(one, str) for one in cell):
        raise fields.FieldError(f"{column}: expected a list of paths of pictures")
    return cell


def _text(cell: object, column: str) -> str:
    if not isinstance(cell, str) or not cell.strip():
        raise fields.FieldError(f"{column}: expected text, got {cell!r}")
    return cell.strip()
