"""What is wrong with the words that were said of many pairs."""

from __future__ import annotations

from dataclasses import dataclass

from spotdiff.types.changes import ChangeKind, LabelSets


@dataclass(frozen=True, slots=True)
class WordMistakes:
    """In how many pairs a word was said rightly, was missed, and was said wrongly."""

    word: str
    right: int
    missed: int
    wrong: int


@dataclass(frozen=True, slots=True)
class Confusion:
    """In how many pairs `true` was missed while `said` was said wrongly.

    `said` is None where nothing wrong was said, `true` is None where nothing was missed.
    """

    true: str | None
    said: str | None
    count: int


@dataclass(frozen=True, slots=True)
class GateCounts:
    """How many pairs have words in a column, and of how many that is said.

    Attributes:
        both: There are words, and words are said, whatever they are.
        missed: There are words, none is said.
        invented: There are none, words are said.
        neither: There are none, and none is said.
    """

    both: int = 0
    missed: int = 0
    invented: int = 0
    neither: int = 0


@dataclass(frozen=True, slots=True)
class ColumnMistakes:
    """Those of one kind: words and confusions by falling count of mistakes."""

    kind: ChangeKind
    words: tuple[WordMistakes, ...]
    confusions: tuple[Confusion, ...]
    gate: GateCounts


@dataclass(frozen=True, slots=True)
class WorstPair:
    """A pair of low score.

    Attributes:
        pair_id: Unique among the pairs.
        f1: Mean over the columns, in [0, 1].
        said: The words of the answer, none where there was none.
        true: The words of the truth.
        reason: Why it could not be answered; None if it was.
        picture: Both views with what was found, as JPEG; None where they could not be read.
    """

    pair_id: str
    f1: float
    said: LabelSets
    true: LabelSets
    reason: str | None = None
    picture: bytes | None = None


@dataclass(frozen=True, slots=True)
class Mistakes:
    """Everything that is wrong with the words of a run.

    Attributes:
        pairs: How many pairs had true words.
        failed: How many of them could not be answered.
        columns: By kind, in the order of `ChangeKind`.
        worst: Some pairs, failed ones first, then by rising score.
    """

    pairs: int
    failed: int
    columns: tuple[ColumnMistakes, ...]
    worst: tuple[WorstPair, ...]
