"""The verbs of this package, as protocols: who can be exchanged for whom. All are batch-first."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from spotdiff.types import ChangeMap, Pair, PairResult


@runtime_checkable
class ChangeLocalizer(Protocol):
    """Sees where two views of one place differ."""

    def __call__(self, pairs: Sequence[Pair]) -> list[ChangeMap]:
        """One map a pair; both views of a pair have the same size."""
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
