"""Pairs that lie in folders: two folders of equal names, mask trees, and siblings by name.

Folders are walked in sorted order and to any depth; hidden files are passed over. An id keeps the
sub-folder it was found in ("street/0001"). What has no partner is a problem, not a pair.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from spotdiff.data.images import SUFFIXES, is_file
from spotdiff.data.remote import walked
from spotdiff.types import PairRow, RowProblem

SIBLINGS = r"^(?P<id>.+)_(?:(?P<before>1|before)|(?P<after>2|after))$"
VIEW_FOLDERS = (("before", "after"), ("a", "b"), ("im1", "im2"), ("t1", "t2"))
MASK_FOLDERS = ("label", "labels", "mask", "masks", "gt")

Codes = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """A folder that holds its views, and perhaps their masks, in sub-folders."""

    before: Path
    after: Path
    masks: Path | None = None


def find_tree(folder: Path) -> Tree | None:
    """The sub-folders of views and masks in a folder, by their usual names in any case."""
    children = {child.name.casefold(): child for child in _sub_folders(folder)}
    masks = next((children[name] for name in MASK_FOLDERS if name in children), None)
    for before, after in VIEW_FOLDERS:
        if before in children and after in children:
            return Tree(children[before], children[after], masks)
    return None


def read_folders(
    before: Path, after: Path, masks: Path | None = None, codes: Codes | None = None
) -> Iterator[PairRow | RowProblem]:
    """The pictures that have the same stem and sub-folder in two folders.

    Args:
        before: The folder of the before views.
        after: The folder of the after views.
        masks: A folder of masks under the same stems, if there is one.
        codes: What the values of the masks mean, as in `PairRow.mask_codes`.
    """
    for path in pictures(before):
        name = _name(path, before)
        pair_id = name.with_suffix("").as_posix()
        where = f"{before.name}/{name.as_posix()}"
        partner = _same_stem(after, name)
        mask = None if masks is None else _same_stem(masks, name)
        if partner is None:
            yield RowProblem(pair_id, where, _no_partner(after, pair_id), before=path)
        elif masks is not None and mask is None:
            yield RowProblem(pair_id, where, f"no mask {pair_id}.* in {masks}", path, partner)
        else:
            yield PairRow(pair_id, path, partner, mask=mask, mask_codes=codes, where=where)
    for path in pictures(after):
        name = _name(path, after)
        if _same_stem(before, name) is None:
            pair_id = name.with_suffix("").as_posix()
            where = f"{after.name}/{name.as_posix()}"
            yield RowProblem(pair_id, where, _no_partner(before, pair_id), after=path)


def read_matched(
    before: Path, after: Path, pattern: re.Pattern[str]
) -> Iterator[PairRow | RowProblem]:
    """The pictures of two folders in whose stems `pattern` finds the same group `id`.

    Pictures in which it finds nothing are passed over. All names are held in memory.
    """
    befores, problems = _by_id(before, pattern)
    afters, more_problems = _by_id(after, pattern)
    yield from problems + more_problems
    for pair_id in sorted(befores.keys() | afters.keys()):
        first, second = befores.get(pair_id), afters.get(pair_id)
        found = first or second
        where = "" if found is None else str(found)
        yield _paired(pair_id, where, first, second, (before, after))


def read_siblings(folder: Path, pattern: re.Pattern[str]) -> Iterator[PairRow | RowProblem]:
    """The pictures that lie side by side and differ in the mark of their view.

    Args:
        folder: The folder, walked to any depth.
        pattern: Is sought in each stem; its group `id` is common to both views, and of its groups
            `before` and `after` one is found. Other pictures are passed over.
    """
    for sub_folder, names in _walk(folder):
        views: dict[str, dict[str, Path]] = {}
        for name in names:
            found = pattern.search(Path(name).stem)
            if found is None:
                continue
            view = "before" if found["before"] is not None else "after"
            pair_id = (_name(sub_folder, folder) / found["id"]).as_posix()
            path = sub_folder / name
            first = views.setdefault(pair_id, {}).setdefault(view, path)
            if first != path:
                yield _repeated(f"{pair_id} ({name})", path, view, first)
        for pair_id, sides in views.items():
            before, after = sides.get("before"), sides.get("after")
            yield _paired(pair_id, pair_id, before, after, (sub_folder, sub_folder))


def has_siblings(folder: Path, pattern: re.Pattern[str]) -> bool:
    """Whether at least one picture in a folder matches the pattern of `read_siblings`."""
    return any(pattern.search(path.stem) for path in pictures(folder))


def pictures(folder: Path) -> Iterator[Path]:
    """The files with the suffix of a picture in a folder and its sub-folders, sorted."""
    for sub_folder, names in _walk(folder):
        for name in names:
            yield sub_folder / name


def _walk(folder: Path) -> Iterator[tuple[Path, list[str]]]:
    for root, folders, names in walked(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield root, sorted(filter(_is_picture, names))


def _name(path: Path, folder: Path) -> PurePosixPath:
    """Where a path lies in a folder, free of its file system."""
    return PurePosixPath(path.relative_to(folder).as_posix())


def _is_picture(name: str) -> bool:
    return not name.startswith(".") and name.lower().endswith(SUFFIXES)


def _sub_folders(folder: Path) -> list[Path]:
    return sorted(child for child in folder.iterdir() if child.is_dir())


def _same_stem(folder: Path, name: PurePosixPath) -> Path | None:
    """The picture of that stem; the same suffix first, then the usual order."""
    for suffix in (name.suffix, *SUFFIXES, *(suffix.upper() for suffix in SUFFIXES)):
        path = folder / name.with_name(f"{name.stem}{suffix}").as_posix()
        if is_file(path):
            return path
    return None


def _by_id(folder: Path, pattern: re.Pattern[str]) -> tuple[dict[str, Path], list[RowProblem]]:
    paths: dict[str, Path] = {}
    problems: list[RowProblem] = []
    for path in pictures(folder):
        found = pattern.search(path.stem)
        if found is None:
            continue
        pair_id = (_name(path.parent, folder) / found["id"]).as_posix()
        first = paths.setdefault(pair_id, path)
        if first != path:
            problems.append(_repeated(f"{pair_id} ({path.name})", path, "picture", first))
    return paths, problems


def _paired(
    pair_id: str, where: str, before: Path | None, after: Path | None, folders: tuple[Path, Path]
) -> PairRow | RowProblem:
    if before is not None and after is not None:
        return PairRow(pair_id, before, after, where=where)
    view, folder = ("after", folders[1]) if after is None else ("before", folders[0])
    return RowProblem(pair_id, where, f"no {view} picture for it in {folder}", before, after)


def _repeated(pair_id: str, path: Path, what: str, first: Path) -> RowProblem:
    return RowProblem(pair_id, str(path), f"a second {what} of this id; the first is {first}")


def _no_partner(folder: Path, pair_id: str) -> str:
    return f"no partner {pair_id}.* in {folder}"
