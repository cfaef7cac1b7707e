"""Greedy suppression of overlapping boxes that asks for a verdict only where one can still matter.

Suppression takes candidates in order and keeps each good one that no kept one overlaps, up to a
limit. Whether a candidate is good may cost a forward pass of a large model, so nobody is asked
about one that a kept candidate has already suppressed, or that comes after the last free place.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool


class LazySelection:
    """The state of one suppression: what was asked, what was told, what is kept.

    Args:
        overlaps: Whether candidates i and j, in order, overlap too much to be kept both.
        limit: As many are kept at most; None keeps all.

    Example:
        >>> chain = np.array([[1, 1, 0], [1, 1, 1], [0, 1, 1]], bool)  # 1 overlaps 0 and 2
        >>> selection = LazySelection(chain)
        >>> selection.pending()  # 1 matters only if 0 is no good, 2 only if 1 is suppressed
        [0]
        >>> selection.tell({0: True})
        >>> selection.kept, selection.pending()
        ([0], [2])
        >>> selection.tell({2: True})
        >>> selection.kept, selection.pending()
        ([0, 2], [])
    """

    def __init__(self, overlaps: Bool[np.ndarray, "n n"], limit: int | None = None) -> None:
        self.overlaps = overlaps
        self.limit = len(overlaps) if limit is None else limit
        self.verdicts: dict[int, bool] = {}

    def tell(self, verdicts: dict[int, bool]) -> None:
        """Says of candidates whether they are good."""
        self.verdicts |= verdicts

    @property
    def kept(self) -> list[int]:
        """The candidates that are kept by what is known, in order."""
        return self._replayed()[0]

    def pending(self) -> list[int]:
        """The candidates that matter whatever is told of the others, in order; none at the end."""
        return self._replayed()[1]

    def _replayed(self) -> tuple[list[int], list[int]]:
        """What is kept, and what has to be known next, from the first candidate on."""
        kept: list[int] = []
        asked: list[int] = []
        open_: list[int] = []  # undecided candidates before the present one
        for index, row in enumerate(self.overlaps):
            if len(kept) + len(asked) >= self.limit:
                break
            if row[kept].any() or self.verdicts.get(index) is False:
                continue
            blocked = bool(row[open_].any())
            if self.verdicts.get(index) and not blocked:
                kept.append(index)
                continue
            open_.append(index)
            if not blocked and index not in self.verdicts:
                asked.append(index)
        return kept, asked
