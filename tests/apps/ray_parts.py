"""What the tests of the Ray engine send to workers: sources and comparers that go wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from spotdiff.pipeline import PairPipeline, Row
from spotdiff.types import Answer, ModelInfo, PairRow, RowProblem


def photographs(folder: Path) -> tuple[Path, Path]:
    """Two small photographs."""
    paths = folder / "before.png", folder / "after.png"
    for number, path in enumerate(paths):
        cv2.imwrite(str(path), np.full((8, 12, 3), 40 * number, np.uint8))
    return paths


def numbered(folder: Path, count: int) -> list[Row]:
    """Pairs named by their numbers, all of the same photographs."""
    before, after = photographs(folder)
    return [PairRow(str(number), before, after) for number in range(count)]


def broken_table() -> Iterator[Row]:
    """A source that breaks off with an error of several problems."""
    from spotdiff.data.tables import TableError

    yield RowProblem("first", "table row 1", "no picture")
    raise TableError([RowProblem("", "table", f"problem {number}") for number in (1, 2)])


class Moody:
    """Says half, but raises, says no number or kills its process where the name of a pair asks it.

    Args:
        raising: Ids of pairs that raise.
        boundless: Ids of pairs whose score is no number.
        deadly: Ids of pairs that kill the process whenever they are seen.
        deadly_once: Ids of pairs that kill it the first time.
        marks: A folder that remembers the visits of the last two.
    """

    experts: dict[str, object] = {}  # noqa: RUF012 - there are none

    def __init__(self, marks: Path, **moods: tuple[str, ...]) -> None:
        self.marks, self.moods = marks, moods

    def __call__(self, pairs):
        return [self._answer(pair.pair_id) for pair in pairs]

    def _answer(self, name: str) -> Answer:
        moods = {mood for mood, names in self.moods.items() if name in names}
        if moods & {"deadly", "deadly_once"}:
            mark = self.marks / name
            visits = len(mark.read_text()) if mark.exists() else 0
            mark.write_text("x" * (visits + 1))
            if "deadly" in moods or not visits:
                os._exit(7)
        if "raising" in moods:
            raise TypeError(f"cannot answer {name}\nfor a second line")  # ends a pipeline
        return Answer(change_score=float("nan") if "boundless" in moods else 0.5)


def moody(marks: Path, **moods: tuple[str, ...]) -> PairPipeline:
    """A pipeline with a `Moody` comparer."""
    return PairPipeline(Moody(marks, **moods), ModelInfo("moody", "0"))


def failing() -> PairPipeline:
    """A pipeline that cannot be built."""
    raise FileNotFoundError("there are no such weights")
