"""CIDEr-D: how much a sentence says what people agree on, and what is rare to say.

Vedantam, Zitnick & Parikh 2015, section 6: https://arxiv.org/abs/1411.5726
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

Words: TypeAlias = Sequence[str]
Grams: TypeAlias = Counter[tuple[str, ...]]
Vector: TypeAlias = Mapping[tuple[str, ...], float]

ORDERS = (1, 2, 3, 4)  # words of an n-gram
SIGMA = 6.0  # words by which lengths may differ
SCALE = 10.0


class CiderD:
    """Holds sentences against a corpus of references.

    An n-gram counts as often as it is in a sentence, times log(N / d), where d of the N items have
    it in one of their references: what is said of every item counts nothing. So a corpus of one
    item can tell nothing, and all of its scores are 0.

    Args:
        references: The sentences of every item, each a sequence of words.
    """

    def __init__(self, references: Sequence[Sequence[Words]]) -> None:
        self.items = len(references)
        self.found: Grams = Counter()
        for sentences in references:
            self.found.update({gram for words in sentences for gram in _grams(words)})

    def score(self, candidate: Words, references: Sequence[Words]) -> float:
        """The score of a sentence, 0 to 10; 10 for the only reference itself, if all orders count.

        For each order n it is the mean over references of exp(-(l - l')² / 2σ²) times
        Σ min(g, g') g' / (|g| |g'|), where g and g' are the weights of the n-grams of both and l
        and l' their lengths in words; then the mean over n, times 10 (equations 3 to 5).

        Example:
            >>> corpus = [["a red car left".split()], ["a dog came back".split()]]
            >>> cider = CiderD(corpus)
            >>> round(cider.score("a red car left".split(), corpus[0]), 6)
            10.0
            >>> cider.score("a dog came back".split(), corpus[0])
            0.0
        """
        if not references:
            return 0.0
        own = self._weighted(candidate)
        total = sum(self._alike(candidate, own, words) for words in references)
        return SCALE * total / len(references)

    def _alike(self, candidate: Words, own: Sequence[Vector], reference: Words) -> float:
        others = self._weighted(reference)
        apart = len(candidate) - len(reference)
        alike = [_clipped_cosine(*both) for both in zip(own, others, strict=True)]
        return math.exp(-(apart**2) / (2 * SIGMA**2)) * sum(alike) / len(ORDERS)

    def _weighted(self, words: Words) -> list[Vector]:
        """The weight of every n-gram, a vector an order."""
        vectors: dict[int, dict[tuple[str, ...], float]] = {n: {} for n in ORDERS}
        for gram, count in Counter(_grams(words)).items():
            rare = math.log(self.items / max(1, self.found[gram])) if self.items else 0.0
            vectors[len(gram)][gram] = count * rare
        return list(vectors.values())


def _grams(words: Words) -> Iterable[tuple[str, ...]]:
    for n in ORDERS:
        for start in range(len(words) - n + 1):
            yield tuple(words[start : start + n])


def _clipped_cosine(own: Vector, other: Vector) -> float:
    """The cosine of two vectors, where what one says more often than the other counts no more."""
    shared = sum(min(own[gram], weight) * weight for gram, weight in other.items() if gram in own)
    lengths = math.hypot(*own.values()) * math.hypot(*other.values())
    return shared / lengths if lengths else 0.0
