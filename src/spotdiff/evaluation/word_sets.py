"""Which words does a pair hold?"""

from __future__ import annotations

from collections.abc import Mapping

from spotdiff.evaluation.ranking import Interval, interval
from spotdiff.evaluation.set_scores import (
    Columns,
    frequent_words,
    gate_oracle,
    micro_f1,
    row_f1,
    word_counts,
)
from spotdiff.types import ChangeKind, LabelSets, PairResult, Truth

_KINDS = tuple(kind.value for kind in ChangeKind)
_SILENCE = "_of_all_none"


class WordSets:
    """Word lists against word lists, and what others would score on the same pairs."""

    name = "sets"
    needs = "words"

    def __init__(self) -> None:
        self.said: list[LabelSets] = []
        self.true: list[LabelSets] = []
        self.failed = 0

    def take(self, result: PairResult, truth: Truth) -> bool:
        """Adds the word lists of a pair."""
        if truth.labels is None:
            return False
        self.said.append(result.labels or LabelSets())
        self.true.append(truth.labels)
        return True

    def fail(self, truth: Truth) -> bool:
        """Adds a pair that could not be answered: nothing is said of it."""
        if truth.labels is None:
            return False
        self.said.append(LabelSets())
        self.true.append(truth.labels)
        self.failed += 1
        return True

    def values(self) -> dict[str, float]:
        """F1 by rows and micro, by column and on average, beside that of simpler answers.

        `all_none` says nothing; a `gate_oracle` knows which columns are not empty, and says the
        most frequent word, or the two most frequent ones, in each of those.
        """
        answers = {"": self.said, **self._others()}
        counts = {name: word_counts(said, self.true) for name, said in answers.items()}
        rows = {name: row_f1(some).mean(axis=0) for name, some in counts.items()}
        micro = {name: micro_f1(some) for name, some in counts.items()}
        above = float((rows[""] - rows[_SILENCE]).mean())
        return {
            **_named("f1", rows),
            "f1_above_all_none": above,
            **_named("micro_f1", micro),
            "failed": self.failed,
        }

    def intervals(self) -> dict[str, Interval]:
        """Of the mean F1 under both readings, and of what lies above saying nothing."""
        pairs = len(self.true)
        counts = word_counts(self.said, self.true)
        rows = row_f1(counts).mean(axis=1)
        silence = row_f1(word_counts(self._others()[_SILENCE], self.true)).mean(axis=1)
        return {
            "f1": interval(lambda weights: float(weights @ rows) / pairs, pairs),
            "f1_of_all_none": interval(lambda weights: float(weights @ silence) / pairs, pairs),
            "f1_above_all_none": interval(
                lambda weights: float(weights @ (rows - silence)) / pairs, pairs
            ),
            "micro_f1": interval(lambda weights: float(micro_f1(counts, weights).mean()), pairs),
        }

    def _others(self) -> dict[str, list[LabelSets]]:
        """What simpler ways to answer say of the same pairs."""
        one, two = (frequent_words(self.true, count) for count in (1, 2))
        return {
            _SILENCE: [LabelSets() for _ in self.true],
            "_of_gate_oracle": [gate_oracle(true, one) for true in self.true],
            "_of_gate_oracle_2": [gate_oracle(true, two) for true in self.true],
        }


def _named(name: str, columns: Mapping[str, Columns]) -> dict[str, float]:
    """The mean of the columns, each column of our own answers, and the means of the others."""
    ours = dict(zip(_KINDS, columns[""].tolist(), strict=True))
    return {
        name: float(columns[""].mean()),
        **{f"{name}_{kind}": value for kind, value in ours.items()},
        **{f"{name}{other}": float(some.mean()) for other, some in columns.items() if other},
    }
