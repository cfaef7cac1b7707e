"""An album of numbers: what is measured of pictures that nobody has."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spotdiff.types import Hypothesis, ImageSets, Measure, Reply, SetItem

MEASURES = tuple(Measure(f"m{i}", f"more of {i}", f"less of {i}") for i in range(40))


class NumberAlbum:
    """Pictures by a row of numbers each; those without a finite first number cannot be read."""

    def __init__(self, values: np.ndarray, name: str = "p") -> None:
        self.values = np.asarray(values, np.float64)
        self.items = tuple(SetItem(f"{name}/{i:03}.png") for i in range(len(self.values)))
        self.rows = tuple(np.flatnonzero(np.isfinite(self.values[:, 0])).tolist())
        self.measures = MEASURES[: self.values.shape[1]]
        gone = sorted(set(range(len(self.values))) - set(self.rows))
        self.problems = tuple(f"{self.items[row].path}: no such file" for row in gone)
        self.asked: list[int] = []

    def measured(self, rows: Sequence[int]) -> np.ndarray:
        self.asked += rows
        return self.values[list(rows)]

    def keys(self, rows: Sequence[int]) -> list[str]:
        return [self.items[row].path for row in rows]

    def images(self, rows: Sequence[int]) -> list[np.ndarray]:
        return [np.full((8, 8, 3), row, np.uint8) for row in rows]

    def captions(self, rows: Sequence[int]) -> list[Reply]:
        return [Reply(f"picture {row}") for row in rows]

    def embeddings(self, rows: Sequence[int]) -> np.ndarray:
        return np.eye(len(self.items), dtype=np.float32)[list(rows)]


def sets_of(first: NumberAlbum, second: NumberAlbum) -> ImageSets:
    return ImageSets(("one", "other"), tuple(first.items), tuple(second.items))


class Says:
    """A proposer that says some texts, and keeps what it was asked."""

    def __init__(self, *said: Hypothesis | str, problems: Sequence[str] = (), name="says") -> None:
        self.said = [
            one if isinstance(one, Hypothesis) else Hypothesis(one, (name,)) for one in said
        ]
        self.problems, self.name = list(problems), name
        self.asked: list[tuple] = []

    def __call__(self, first, second, count, seed):
        self.asked.append((tuple(first.rows), tuple(second.rows), count, seed))
        return list(self.said), list(self.problems)


class Scores:
    """A ranker that scores by a function of the text and the number of a picture."""

    def __init__(self, score, name="scores") -> None:
        self.score, self.name = score, name
        self.rows = None  # another number of rows than there are

    def __call__(self, hypotheses, album):
        scores = np.zeros((len(hypotheses), len(album.rows)))
        for row, one in enumerate(hypotheses):
            scores[row] = [self.score(one.text, album.items[number].path) for number in album.rows]
        return scores if self.rows is None else scores[: self.rows, :1]
