"""Pairs of views: where they differ, what that means, and where it is written."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from spotdiff.types import (
    Answer,
    Boxes,
    ChangeMap,
    LabelScores,
    Matrix,
    ModelInfo,
    Pair,
    PairResult,
    Registration,
    Thresholds,
)


@runtime_checkable
class ChangeLocalizer(Protocol):
    """Sees where two views of one place differ."""

    def __call__(self, pairs: Sequence[Pair]) -> list[ChangeMap]:
        """One map a pair; both views of a pair have the same size."""
        ...


class StandaloneLocalizer(ChangeLocalizer, Protocol):
    """A localiser that needs no checkpoint: it says itself what it is and where its heat counts."""

    @property
    def info(self) -> ModelInfo:
        """Which rule or weights it is."""
        ...

    @property
    def thresholds(self) -> Thresholds:
        """Those that its heat is cut at if nobody says others."""
        ...

    @property
    def heats(self) -> tuple[float, ...]:
        """Thresholds of the heat worth trying."""
        ...


class Aligner(Protocol):
    """Lays the before views of pairs onto their after views; sizes are equal already."""

    def __call__(self, pairs: Sequence[Pair]) -> list[tuple[Pair, Matrix, Registration]]:
        """For every pair: it with before moved, the matrix for that, and whether it is believed.

        What before does not cover then is not in `Pair.overlap`.
        """
        ...


class Comparer(Protocol):
    """Says what differs in pairs whose views lie in one frame.

    Outside of `Pair.overlap` nothing is known: there is no change and no heat.
    """

    @property
    def experts(self) -> dict[str, object]:
        """The models that it asks, by their role."""
        ...

    def __call__(self, pairs: Sequence[Pair]) -> list[Answer]:
        """One answer a pair, which does not depend on the other pairs."""
        ...


@runtime_checkable
class Closing(Protocol):
    """What holds something back that has to be written when it is not needed any more."""

    def close(self) -> None:
        """Writes it; what comes later is held back again."""
        ...


class RegionLabeller(Protocol):
    """Names what changed in regions of pairs.

    Attributes:
        words: The labels that it knows.
        max_gap: Pixels between regions of one name that are parts of one thing; negative for none.
    """

    words: tuple[str, ...]
    max_gap: float

    def __call__(self, pairs: Sequence[Pair], boxes: Sequence[Boxes]) -> list[LabelScores]:
        """For every pair the probability of each of `words` (columns) for each box (rows).

        Boxes lie in the frame of the pair. What a row lacks to one is the probability that the
        region shows none of the words.
        """
        ...


class DifferenceCaptioner(Protocol):
    """Says in words what differs in pairs whose changes are found.

    Attributes:
        info: Its name with the version of what it asks or says, and the hash of its weights.
    """

    info: ModelInfo

    def __call__(self, pairs: Sequence[Pair], answers: Sequence[Answer]) -> list[Answer]:
        """The same answers, each change with its caption and each answer with its own.

        Nothing else of them changes. What could not be captioned keeps the reason.
        """
        ...


@runtime_checkable
class Writer(Protocol):
    """Puts results where the world can read them; a context manager that owns its files."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def write(self, result: PairResult) -> PairResult:
        """Writes one result and returns it, with the path of the file it added, if it added one."""
        ...
