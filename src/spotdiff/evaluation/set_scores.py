"""F1 of word sets under both readings of the competition's metric, and answers to compare it with.

By rows, each cell has an F1, 1 where nothing is said of nothing, and a column is the mean of its
rows. Micro, a column is one F1 over all of its words. The score is the mean of the three columns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Float64, Int64

from spotdiff.evaluation.ranking import Weights
from spotdiff.types import ChangeKind, LabelSets

_RIGHT, _WRONG, _MISSED = range(3)

Counts = Int64[np.ndarray, "pairs 3 3"]
Columns = Float64[np.ndarray, " 3"]


def word_counts(said: Sequence[LabelSets], true: Sequence[LabelSets]) -> Counts:
    """How many words are right, wrong and missed, of every pair and kind; repeats count once.

    Example:
        >>> word_counts([LabelSets(("car", "cat"))], [LabelSets(("car", "man", "dog"), ("man",))])
        array([[[1, 1, 2],
                [0, 0, 1],
                [0, 0, 0]]])
    """
    rows = [
        [_cell(set(ours.of(kind)), set(theirs.of(kind))) for kind in ChangeKind]
        for ours, theirs in zip(said, true, strict=True)
    ]
    return np.array(rows, np.int64).reshape(-1, len(ChangeKind), 3)


def row_f1(counts: Counts) -> Float64[np.ndarray, "pairs 3"]:
    """F1 of every cell in [0, 1].

    Example:
        >>> row_f1(np.array([[[1, 0, 1], [0, 0, 2], [0, 0, 0]]])).round(3)
        array([[0.667, 0.   , 1.   ]])
    """
    return _f1(counts)


def micro_f1(counts: Counts, weights: Weights | None = None) -> Columns:
    """F1 of every column over all of its words, in [0, 1]; 1 where none is said or true.

    Args:
        counts: Of the pairs.
        weights: How often each pair counts; None counts each once.

    Example:
        >>> micro_f1(np.array([[[1, 0, 1], [0, 0, 2], [0, 0, 0]], [[2, 1, 0], [1, 1, 0], [0] * 3]]))
        array([0.75, 0.4 , 1.  ])
    """
    counted = np.ones(len(counts)) if weights is None else weights
    return _f1(np.tensordot(counted, counts, 1))


def frequent_words(true: Iterable[LabelSets], count: int) -> tuple[str, ...]:
    """The words of most cells, of whatever kind, best first; equals in alphabetical order.

    Example:
        >>> frequent_words([LabelSets(("car", "car"), ("man",)), LabelSets(("man", "bag"))], 2)
        ('man', 'bag')
    """
    cells = Counter(word for one in true for kind in ChangeKind for word in set(one.of(kind)))
    return tuple(sorted(cells, key=lambda word: (-cells[word], word))[:count])


def gate_oracle(true: LabelSets, words: tuple[str, ...]) -> LabelSets:
    """What one says who knows only which columns are not empty: the same words in each of them.

    Example:
        >>> gate_oracle(LabelSets(("dog", "cat"), (), ("dog",)), ("man",))
        LabelSets(added=('man',), removed=(), changed=('man',))
    """
    return LabelSets(*(words if true.of(kind) else () for kind in ChangeKind))


def _cell(said: set[str], true: set[str]) -> tuple[int, int, int]:
    return len(said & true), len(said - true), len(true - said)


def _f1(counts: np.ndarray) -> np.ndarray:
    right = 2.0 * counts[..., _RIGHT]
    words = right + counts[..., _WRONG] + counts[..., _MISSED]
    return np.where(words > 0, right / np.maximum(words, 1), 1.0)
