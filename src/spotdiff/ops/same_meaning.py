"""Which short descriptions mean the same: by their words, and by vectors where there are some."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from spotdiff.ops.plurals import singular
from spotdiff.types import Embeddings

_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_ARTICLES = frozenset(["a", "an", "the", "some"])


def words_of(text: str) -> tuple[str, ...]:
    """The words of a description without articles, plurals and capitals.

    Example:
        >>> words_of("The red Cars"), words_of("a red car."), words_of("the")
        (('red', 'car'), ('red', 'car'), ('the',))
    """
    words = [word.casefold() for word in _WORD.findall(text)]
    return tuple(singular(word) for word in words if word not in _ARTICLES) or tuple(words)


def first_alike(
    texts: Sequence[str], vectors: Embeddings | None = None, min_alike: float = 0.97
) -> list[int]:
    """For each text the number of the first one that means the same.

    Args:
        texts: Descriptions.
        vectors: A unit vector each; None compares words alone.
        min_alike: Cosine from which on two mean the same.

    Example:
        >>> first_alike(["red cars", "a dog", "the red car"])
        [0, 1, 0]
        >>> first_alike(["dogs", "canines"], np.float32([[1, 0], [1, 0]]))
        [0, 0]
    """
    firsts: list[int] = []
    known: dict[tuple[str, ...], int] = {}
    for i, text in enumerate(texts):
        first = known.setdefault(words_of(text), i)
        if first == i and vectors is not None:
            others = sorted(set(firsts))
            cosines = vectors[others] @ vectors[i] if others else np.zeros(0)
            if len(cosines) and cosines.max() >= min_alike:
                first = others[int(cosines.argmax())]
        firsts.append(first)
    return firsts
