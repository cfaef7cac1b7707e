"""What goes wrong with words: which are missed, which are said in their place, and where."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from typing import TypeAlias

from spotdiff.evaluation.set_scores import row_f1, word_counts
from spotdiff.types import (
    ChangeKind,
    ColumnMistakes,
    Confusion,
    GateCounts,
    LabelSets,
    Mistakes,
    PairResult,
    WordMistakes,
    WorstPair,
)

Draw: TypeAlias = Callable[[PairResult], bytes | None]


class MistakeCounter:
    """Counts mistakes pair by pair, and keeps the pictures of the worst pairs alone.

    Args:
        worst: How many pairs to keep.
        draw: What makes the picture of a pair; called only for pairs that are kept, at least for
            a while.

    Raises:
        ValueError: If `worst` is negative.
    """

    def __init__(self, worst: int, draw: Draw) -> None:
        if worst < 0:
            raise ValueError(f"Expected errors to be a number of pairs from 0 on, got {worst}.")
        self.pairs = 0
        self.failed = 0
        self._worst = _Worst(worst)
        self._draw = draw
        self._columns = {kind: _Column() for kind in ChangeKind}

    def take(self, result: PairResult, true: LabelSets, reason: str | None = None) -> None:
        """Adds a pair.

        Args:
            result: Its answer, with its pixels if it is to be drawn.
            true: Its words.
            reason: Why it could not be answered: it is counted as if nothing had been said.
        """
        said = LabelSets() if reason is not None else result.labels or LabelSets()
        self.pairs += 1
        self.failed += reason is not None
        for kind, column in self._columns.items():
            column.take(set(said.of(kind)), set(true.of(kind)))
        f1 = float(row_f1(word_counts([said], [true])).mean())
        self._worst.take(
            (reason is None, f1),
            lambda: WorstPair(result.pair_id, f1, said, true, reason, self._draw(result)),
        )

    def found(self) -> Mistakes:
        """All that was wrong up to now."""
        columns = tuple(column.found(kind) for kind, column in self._columns.items())
        return Mistakes(self.pairs, self.failed, columns, self._worst.found())


class _Column:
    """The mistakes of one kind."""

    def __init__(self) -> None:
        self.right = Counter[str]()
        self.missed = Counter[str]()
        self.wrong = Counter[str]()
        self.confused = Counter[tuple[str | None, str | None]]()
        self.gates = Counter[tuple[bool, bool]]()

    def take(self, said: set[str], true: set[str]) -> None:
        missed, wrong = true - said, said - true
        self.right.update(said & true)
        self.missed.update(missed)
        self.wrong.update(wrong)
        if missed or wrong:
            nothing: tuple[str | None, ...] = (None,)
            self.confused.update((x, y) for x in missed or nothing for y in wrong or nothing)
        self.gates[bool(true), bool(said)] += 1

    def found(self, kind: ChangeKind) -> ColumnMistakes:
        words = [
            WordMistakes(word, self.right[word], self.missed[word], self.wrong[word])
            for word in {*self.right, *self.missed, *self.wrong}
        ]
        words.sort(key=lambda one: (-one.missed - one.wrong, one.word))
        confusions = [Confusion(true, said, count) for (true, said), count in self.confused.items()]
        confusions.sort(key=lambda one: (-one.count, one.true or "", one.said or ""))
        both, missed, invented, neither = (
            self.gates[gate]
            for gate in ((True, True), (True, False), (False, True), (False, False))
        )
        gate = GateCounts(both, missed, invented, neither)
        return ColumnMistakes(kind, tuple(words), tuple(confusions), gate)


class _Worst:
    """The pairs of the lowest scores; of equal ones those that came first."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._heap: list[tuple[tuple[float, float, int], WorstPair]] = []  # the best one on top
        self._seen = 0

    def take(self, score: tuple[bool, float], make: Callable[[], WorstPair]) -> None:
        """Adds a pair, unless nothing is wrong with it or all that are kept are worse."""
        self._seen += 1
        key = (-float(score[0]), -score[1], -self._seen)
        full = len(self._heap) >= self.count
        if score >= (True, 1.0) or (full and (not self._heap or key < self._heap[0][0])):
            return
        put = heapq.heappushpop if full else heapq.heappush
        put(self._heap, (key, make()))

    def found(self) -> tuple[WorstPair, ...]:
        return tuple(pair for _, pair in sorted(self._heap, key=lambda one: one[0], reverse=True))
