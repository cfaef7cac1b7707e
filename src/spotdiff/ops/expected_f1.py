"""Which words to say: the set whose F1 is expected to be the largest, `none` included.

Jansche 2007 and Ye et al. 2012 (https://arxiv.org/abs/1206.4625): if words are independent, the
best set holds the most probable ones, so that only its size has to be found.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64

MAX_WORDS = 8  # of an answer; longer lists of words do not occur
_COUNTED = 12  # words outside of an answer that are true, counted up to here


def best_sets(
    filled: Float64[np.ndarray, " n"], words: Float64[np.ndarray, "n v"]
) -> Bool[np.ndarray, "n v"]:
    """For each set the words to say, none of them where silence is expected to score more.

    Silence scores 1 where the set is empty and 0 elsewhere; words score their F1 where it is not.

    Args:
        filled: Probability that the set is not empty.
        words: Probability of each word in a set that is not empty.

    Example:
        >>> words = np.array([[0.9, 0.6, 0.1]])
        >>> best_sets(np.array([0.9]), words)
        array([[ True,  True, False]])
        >>> best_sets(np.array([0.4]), words)
        array([[False, False, False]])
    """
    order = np.argsort(-words, axis=1, kind="stable")
    scores = expected_f1(np.take_along_axis(words, order, axis=1))
    sizes = scores.argmax(axis=1) + 1 if scores.size else np.zeros(len(words), np.int64)
    best = scores.max(axis=1) if scores.size else np.zeros(len(words))
    sizes = np.where(filled * best > 1 - filled, sizes, 0)
    said = np.arange(words.shape[1]) < sizes[:, None]
    chosen = np.zeros(words.shape, bool)
    np.put_along_axis(chosen, order, said, axis=1)
    return chosen


def expected_f1(words: Float64[np.ndarray, "n v"]) -> Float64[np.ndarray, "n m"]:
    """E[2 |S ∩ T| / (m + |T|)] of the m most probable words, m = 1, 2, … `MAX_WORDS`.

    Args:
        words: Independent probabilities of a row, falling; few and small ones beyond the best are
            left out of the count of `_COUNTED` words.

    Example:
        >>> expected_f1(np.array([[1.0, 0.5]])).round(3)  # (1 + 2/3) / 2, (2/3 + 1) / 2
        array([[0.833, 0.833]])
    """
    sizes = min(MAX_WORDS, words.shape[1])
    missed = [_counts(words[:, size:]) for size in range(1, sizes + 1)]
    scores = np.zeros((len(words), sizes))
    for size in range(1, sizes + 1):
        hits = _counts(words[:, :size])
        shared = np.arange(hits.shape[1])[:, None]
        rest = np.arange(missed[size - 1].shape[1])[None, :]
        f1 = 2 * shared / (size + shared + rest)
        scores[:, size - 1] = np.einsum("nh,nr,hr->n", hits, missed[size - 1], f1)
    return scores


def _counts(words: Float64[np.ndarray, "n v"]) -> Float64[np.ndarray, "n c"]:
    """How many words of a row are true, as a distribution; the last column is that many or more."""
    counts = np.zeros((len(words), min(words.shape[1], _COUNTED) + 1))
    counts[:, 0] = 1
    for column in words.T:
        up = counts * column[:, None]
        counts -= up
        counts[:, 1:] += up[:, :-1]
        counts[:, -1] += up[:, -1]
    return counts
