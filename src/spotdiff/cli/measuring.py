"""One answer after another held against what its row says; a pair that failed counts as such."""

from __future__ import annotations

from dataclasses import dataclass, replace

from spotdiff.data.images import ImageError
from spotdiff.data.row_words import words_of
from spotdiff.data.sets import read_pair
from spotdiff.evaluation.scoreboard import Scoreboard
from spotdiff.evaluation.set_errors import MistakeCounter
from spotdiff.pipeline import Row
from spotdiff.types import PairResult, PairRow, Truth


@dataclass(frozen=True, slots=True)
class Measuring:
    """What answers are held against.

    Attributes:
        board: Every measure.
        mistakes: What goes wrong with words.
    """

    board: Scoreboard
    mistakes: MistakeCounter

    def take(self, row: Row, result: PairResult) -> str | None:
        """Measures one pair, or says why that is not possible; its words count as none then."""
        reason, words = None, words_of(row)
        try:
            self.board.take(result, _truth(row, result))
        except _UnusableError as error:
            reason = str(error)
            self.board.fail(Truth(words))
        if words is not None:
            self.mistakes.take(result, words, reason)
        return reason


class _UnusableError(Exception):
    """A pair cannot be measured; the message says why."""


def _truth(row: Row, result: PairResult) -> Truth:
    """What is known of an answered pair, its mask included.

    Raises:
        _UnusableError: If there is no answer, or the mask cannot be read or has another size.
    """
    if not isinstance(row, PairRow) or result.status == "error":
        raise _UnusableError(result.reason or "no answer")
    if row.mask is None:
        return Truth(words_of(row), row.changes)
    try:
        truth = read_pair(row).truth
    except ImageError as error:
        raise _UnusableError(str(error)) from error
    size = (result.after.height, result.after.width)
    if truth.mask is not None and truth.mask.shape != size:
        raise _UnusableError(
            f"{row.mask}: expected a mask of the after view's size {size}, got {truth.mask.shape}."
        )
    return replace(truth, labels=words_of(row))
