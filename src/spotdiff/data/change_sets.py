"""What was added, removed and changed over many pairs, as two sets of pictures a kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from spotdiff.data.images import is_file
from spotdiff.ops.boxes import clip, transform
from spotdiff.types import Box, Change, ChangeKind, ImageSets, PairResult, SetItem, ViewInfo

NAMES = {
    ChangeKind.ADDED: ("what was added", "the same places before"),
    ChangeKind.REMOVED: ("what was removed", "the same places after"),
    ChangeKind.CHANGED: ("what was changed, after", "what was changed, before"),
}


@dataclass(frozen=True)
class ChangeSets:
    """The changes of one kind.

    Attributes:
        kind: Which.
        sets: First the places in the view that shows the thing, then the same in the other view.
        labels: What the changes are called, with their numbers, most frequent first.
    """

    kind: ChangeKind
    sets: ImageSets
    labels: tuple[tuple[str, int], ...]


@dataclass(slots=True)
class _Gathered:
    """What is gathered of one kind."""

    first: list[SetItem] = field(default_factory=list)
    second: list[SetItem] = field(default_factory=list)
    labels: Counter[str] = field(default_factory=Counter)

    def add(self, change: Change, items: tuple[SetItem, SetItem]) -> None:
        """Takes the places of a change in before and in after."""
        one, other = items if change.kind is ChangeKind.REMOVED else items[::-1]
        self.first.append(one)
        self.second.append(other)
        self.labels[change.label or "without a label"] += 1


class _Scenes:
    """Photographs that pairs have in common, directly or by others: they show one place."""

    def __init__(self) -> None:
        self.parents: dict[str, str] = {}

    def of(self, path: str) -> str:
        """The first photograph of the scene, by name."""
        while (parent := self.parents.setdefault(path, path)) != path:
            self.parents[path] = self.parents[parent]  # so that chains stay short
            path = parent
        return path

    def join(self, before: str, after: str) -> None:
        """Says that two photographs are of one scene."""
        first, second = sorted((self.of(before), self.of(after)))
        self.parents[second] = first


def change_sets(
    results: Iterable[PairResult], folder: Path
) -> tuple[list[ChangeSets], tuple[str, ...]]:
    """The changes of all pairs by kind, kinds without any left out, and what could not be used.

    Of what was added the first set shows the after view and the second one the same place in the
    before view; of what was removed the other way round; of what was changed after, then before.
    Pairs that share a photograph are one scene.

    Args:
        results: Answers, as `predict` records them.
        folder: Of the records: paths are taken from the working directory, or else from there.
    """
    found = {kind: _Gathered() for kind in ChangeKind}
    scenes = _Scenes()
    problems = []
    for result in results:
        if result.status != "ok":
            problems.append(f"pair {result.pair_id}: was not answered: {result.reason}")
            continue
        before, after = (_path(view, folder) for view in (result.before, result.after))
        scenes.join(before, after)
        for number, change in enumerate(result.changes, start=1):
            boxes = _boxes(result, change)
            if boxes is None:
                where = f"pair {result.pair_id}, change {number}"
                problems.append(f"{where}: its place lies outside of the other view")
            else:
                items = SetItem(before, boxes[0]), SetItem(after, boxes[1])
                found[change.kind].add(change, items)
    told = [_sets(kind, one, scenes) for kind, one in found.items() if one.first]
    return told, tuple(problems)


def _sets(kind: ChangeKind, found: _Gathered, scenes: _Scenes) -> ChangeSets:
    first, second = (
        tuple(replace(item, scene=scenes.of(item.path)) for item in items)
        for items in (found.first, found.second)
    )
    sets = ImageSets(NAMES[kind], first, second)
    labels = sorted(found.labels.items(), key=lambda item: (-item[1], item[0]))
    return ChangeSets(kind, sets, tuple(labels))


def _boxes(result: PairResult, change: Change) -> tuple[Box, Box] | None:
    """The place of a change in before and in after; None where a view does not show it."""
    forward = _matrix(result)
    before, after = change.box_before, change.box_after
    if before is None and after is not None and forward is not None:
        before = _mapped(after, np.linalg.inv(forward), result.before)
    elif after is None and before is not None and forward is not None:
        after = _mapped(before, forward, result.after)
    return None if before is None or after is None else (before, after)


def _matrix(result: PairResult) -> np.ndarray | None:
    """What maps pixels of before to pixels of after; None where nothing says it."""
    if result.alignment is not None:
        return np.array(result.alignment.matrix, np.float64)
    sizes = result.before.width, result.before.height, result.after.width, result.after.height
    if None in sizes:
        return np.eye(3)
    width, height, target_width, target_height = (float(side) for side in sizes if side)
    return np.diag([target_width / width, target_height / height, 1.0])


def _mapped(box: Box, matrix: np.ndarray, view: ViewInfo) -> Box | None:
    try:
        mapped = transform(np.array([box], np.float32), matrix)
    except ValueError:  # a matrix that sends it to infinity
        return None
    if view.width is not None and view.height is not None:
        mapped = clip(mapped, (view.height, view.width))
    x0, y0, x1, y1 = mapped[0].tolist()
    return (x0, y0, x1, y1) if x1 - x0 >= 1 and y1 - y0 >= 1 else None


def _path(view: ViewInfo, folder: Path) -> str:
    there = folder / view.path
    return str(there) if not is_file(Path(view.path)) and is_file(there) else view.path
