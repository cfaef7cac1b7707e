"""Every method on the same pairs with truth in one run; all measures read the same heat.

No pixels are kept: they are counted into a histogram a pair.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from spotdiff.data.images import ImageError
from spotdiff.evaluation.boxes import box_intervals, recall_by_size
from spotdiff.evaluation.figures import Figures
from spotdiff.evaluation.grid import AREAS, Grid
from spotdiff.evaluation.methods import Method
from spotdiff.evaluation.pair_tables import tables
from spotdiff.evaluation.pairs import WholePairs
from spotdiff.evaluation.pixels import Pixels
from spotdiff.evaluation.protocols import BOX_PROTOCOLS
from spotdiff.evaluation.scoreboard import Scoreboard
from spotdiff.evaluation.swapping import SwapConsistency
from spotdiff.evaluation.tables import Report, Step
from spotdiff.types import Pair


class Pairs(Protocol):
    """Pairs with truth, both views and all boxes in one frame."""

    problems: Sequence[str]

    def __len__(self) -> int:
        """How many there are."""
        ...

    def pair(self, index: int) -> Pair:
        """One of them, read now; raises `ImageError` where that cannot be done."""
        ...


class PairSuite:
    """Measures methods on pairs with truth.

    Args:
        name: Of the suite.
        pairs: What is measured.
        margin: Pixels added around predicted boxes, for truth that is drawn with a margin.
        areas: Smallest areas of the grid, in pixels.
        swap_stride: Every how many-th pair is asked again with its views exchanged, where views
            are not aligned; 0 for none.
        tells_pairs: Whether a truth without changes tells that nothing changed; False measures no
            whole pairs.
    """

    def __init__(
        self,
        name: str,
        pairs: Pairs,
        margin: float = 0.0,
        areas: Sequence[int] = AREAS,
        swap_stride: int = 1,
        tells_pairs: bool = True,
    ) -> None:
        self.name = name
        self.pairs = pairs
        self.margin = margin
        self.areas = tuple(areas)
        self.swap_stride = swap_stride
        self.tells_pairs = tells_pairs

    def __call__(self, methods: Sequence[Method], step: Step) -> Report:
        """Answers every pair by every method; one that cannot be read becomes a problem."""
        runs = [_Run(method, self.margin, self.areas, self.tells_pairs) for method in methods]
        problems = list(self.pairs.problems)
        measured = 0
        for number, pair in self._read(problems):
            asks_again = self.swap_stride > 0 and number % self.swap_stride == 0
            for run in runs:
                run.take(pair, asks_again)
            measured += 1
            step()
        figures = [run.figures() for run in runs] if measured else []
        values = {one.name: one.plain() for one in figures}
        shown = tables(figures, self.margin)
        return Report(self.name, shown, values, measured, tuple(problems))

    def _read(self, problems: list[str]) -> Iterator[tuple[int, Pair]]:
        for number in range(len(self.pairs)):
            try:
                pair = self.pairs.pair(number)
            except ImageError as error:
                problems.append(str(error))
            else:
                yield number, pair


class _Run:
    """The evidence of one method."""

    def __init__(
        self, method: Method, margin: float, areas: Sequence[int], tells_pairs: bool
    ) -> None:
        self.method = method
        if method.decision is None or method.min_heat is None:
            self.board = Scoreboard((Pixels(None), *([WholePairs()] if tells_pairs else [])))
        else:
            self.board = Scoreboard.of_answers(method.min_heat, margin, tells_pairs)
        self.grid = Grid(method.heats, margin, areas)
        self.swap = SwapConsistency()
        self.seconds: list[float] = []

    def take(self, pair: Pair, asks_again: bool) -> None:
        answered = self.method.answer(pair)
        self.seconds.append(answered.seconds)
        self.board.take(answered.result, answered.truth)
        if answered.truth.changes is not None:
            self.grid.take(answered.change_map.heat, answered.truth.changes)
        if asks_again and not answered.moved:  # else the frames of both answers would differ
            self.swap.take(self.method, pair, answered)

    def figures(self) -> Figures:
        evidence = next(iter(self.grid.points.values()))
        best, intervals, sizes = {}, {}, {}
        if any(len(one.places.true_boxes) for one in evidence):
            best = {protocol: self.grid.best(protocol) for protocol in BOX_PROTOCOLS}
            intervals = {
                name: box_intervals(self.grid.points[best[name].point])[name]
                for name in ("ap50", "centre_ap")
            }
            at_best = self.grid.points[best["ap50"].point]
            sizes = recall_by_size([one.places for one in at_best])
        swap = self.swap.values() if self.swap.pairs else {}
        parts = {part.name: part for part in self.board.parts()}
        seconds = float(np.mean(self.seconds))
        return Figures(self.method.name, parts, best, intervals, sizes, swap, seconds)
