"""Which token of one prompt is which of another, for pictures that share their attention maps.

Hertz et al. 2022, Prompt-to-prompt image editing with cross attention control, section 3.2:
https://arxiv.org/abs/2208.01626
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float32, Int64

Tokens: TypeAlias = Sequence[int]


@dataclass(frozen=True, slots=True)
class TokenMap:
    """How attention maps of a prompt come from those of another, token by token of one window.

    Both prompts fill a window of w tokens: the start, their own tokens, the end, padding.

    Attributes:
        flow: Map j of after is the sum over i of `flow[i, j]` times map i of before; where a
            column is zero, the token has nothing to come from and keeps its own map.
        gone: Tokens of before that mean nothing that after says.
        come: Tokens of after that mean nothing that before says.
    """

    flow: Float32[np.ndarray, "w w"]
    gone: Bool[np.ndarray, " w"]
    come: Bool[np.ndarray, " w"]


def aligned(
    before: Tokens, after: Tokens, *, match: int = 1, mismatch: int = -1, gap: int = 0
) -> Int64[np.ndarray, " m"]:
    """For each token of after the place of its partner in before, −1 where it has none.

    The global alignment of the highest score (Needleman and Wunsch 1970). With these defaults only
    equal tokens are partners, and as many as can be without crossing.

    Args:
        before: n tokens.
        after: m tokens.
        match: What a pair of equal tokens scores.
        mismatch: What a pair of different ones scores.
        gap: What a token without a partner scores.

    Example:
        >>> aligned([5, 6, 7], [5, 9, 7, 8]).tolist()
        [0, -1, 2, -1]
        >>> aligned([5, 6, 7], [5, 9, 7, 8], gap=-2).tolist()  # a partner at nearly any price
        [0, 1, 2, -1]
    """
    pairs = np.where(np.equal.outer(np.asarray(before), np.asarray(after)), match, mismatch)
    scores = _scores(pairs, gap)
    row, column = pairs.shape
    partners = np.full(column, -1, np.int64)
    while row and column:
        if scores[row, column] == scores[row - 1, column - 1] + pairs[row - 1, column - 1]:
            row, column = row - 1, column - 1
            partners[column] = row
        elif scores[row, column] == scores[row - 1, column] + gap:
            row -= 1
        else:
            column -= 1
    return partners


def _scores(pairs: Int64[np.ndarray, "n m"], gap: int) -> Int64[np.ndarray, "n1 m1"]:
    """The best score of the first i tokens with the first j, for all i and j."""
    height, width = pairs.shape
    gaps = gap * np.arange(max(height, width) + 1)
    scores = np.zeros((height + 1, width + 1), np.int64)
    scores[0], scores[:, 0] = gaps[: width + 1], gaps[: height + 1]
    for row in range(1, height + 1):
        above = scores[row - 1]
        scores[row, 1:] = np.maximum(above[:-1] + pairs[row - 1], above[1:] + gap)
        # tokens of after without a partner: the best beginning so far, less a gap for each since
        line = scores[row] - gaps[: width + 1]
        scores[row] = np.maximum.accumulate(line) + gaps[: width + 1]
    return scores


def refined(before: Tokens, after: Tokens, window: int) -> TokenMap:
    """Aligned tokens take the maps of their partners, new ones keep theirs: prompt refinement.

    Args:
        before: Tokens without the start and the end.
        after: Likewise.
        window: Tokens that the network sees.

    Raises:
        ValueError: If a prompt does not fit.

    Example:
        >>> found = refined([5, 7], [5, 6, 7], window=6)
        >>> found.flow.argmax(0).tolist(), found.flow.sum(0).tolist()  # the start, 5, 6, 7, the end
        ([0, 1, 0, 2, 3, 5], [1.0, 1.0, 0.0, 1.0, 1.0, 1.0])
        >>> found.gone.tolist(), found.come.tolist()
        ([False, False, False, False, False, False], [False, False, True, False, False, False])
    """
    found = _framed(len(before), len(after), window)
    partners = aligned(before, after)
    taken = np.flatnonzero(partners >= 0)
    found.flow[partners[taken] + 1, taken + 1] = 1
    found.come[1 : len(after) + 1] = partners < 0
    found.gone[1 : len(before) + 1] = ~np.isin(np.arange(len(before)), partners)
    return found


def replaced(before: Sequence[Tokens], after: Sequence[Tokens], window: int) -> TokenMap:
    """Word i of after takes the maps of word i of before, whatever it says: word swap.

    A word of other length shares the maps of its counterpart out evenly: together its tokens get
    as much attention as that of before got.

    Args:
        before: The tokens of every word.
        after: Likewise.
        window: Tokens that the network sees.

    Raises:
        ValueError: If the prompts have different numbers of words, or one does not fit.

    Example:
        >>> found = replaced([[5], [7]], [[5], [8, 9]], window=6)
        >>> found.flow[2].tolist()
        [0.0, 0.0, 0.5, 0.5, 0.0, 0.0]
        >>> np.flatnonzero(found.gone).tolist(), np.flatnonzero(found.come).tolist()
        ([2], [2, 3])
    """
    if len(before) != len(after):
        raise ValueError(
            f"Expected prompts of equally many words to replace some, got {len(before)} and "
            f"{len(after)}: give edit=refine for these."
        )
    found = _framed(sum(map(len, before)), sum(map(len, after)), window)
    row = column = 1
    for old, new in zip(before, after, strict=True):
        rows, columns = slice(row, row + len(old)), slice(column, column + len(new))
        one_to_one = len(old) == len(new)
        found.flow[rows, columns] = np.eye(len(old)) if one_to_one else 1 / max(1, len(new))
        found.gone[rows] = found.come[columns] = list(old) != list(new)
        row, column = rows.stop, columns.stop
    return found


def _framed(before: int, after: int, window: int) -> TokenMap:
    """The map of the start, the end and the padding of prompts of so many tokens.

    Padding of after takes that of before at its place; where before still says words, it keeps its
    own.
    """
    longest = max(before, after) + 2
    if longest > window:
        raise ValueError(
            f"Expected prompts of at most {window - 2} tokens, got {longest - 2}: shorten them."
        )
    flow = np.zeros((window, window), np.float32)
    flow[0, 0] = flow[before + 1, after + 1] = 1
    flow[range(longest, window), range(longest, window)] = 1
    return TokenMap(flow, np.zeros(window, bool), np.zeros(window, bool))
