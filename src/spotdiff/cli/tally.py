"""What happened while pairs were answered."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field

from spotdiff.types import Funnel, NoAreas, PairResult


@dataclass
class Tally:
    """Counts of results, and the problems of the table that are no pair's."""

    answered: int = 0
    changed: int = 0
    changes: int = 0
    failed: int = 0
    funnel: Funnel | None = None
    wrong_size: int = 0
    unaligned: int = 0
    problems: list[str] = field(default_factory=list)

    def count(self, result: PairResult) -> None:
        """Adds one result."""
        self.answered += 1
        self.failed += result.status == "error"
        self.changed += bool(result.changes)
        self.changes += len(result.changes)
        if result.alignment is not None and result.alignment.registration is not None:
            self.unaligned += not result.alignment.registration.accepted
        if result.areas is not None:
            self.wrong_size += result.areas.reason == NoAreas.WRONG_SIZE
            self.funnel = (self.funnel or Funnel()) + result.areas.funnel


def is_main_process() -> bool:
    """Whether this process is rank 0, the one that joins and reports."""
    return all(os.environ.get(name, "0") == "0" for name in ("LOCAL_RANK", "NODE_RANK"))


def funnel_line(funnel: Funnel) -> str:
    """The funnel as one line.

    Example:
        >>> funnel_line(Funnel(9, 7, 120, 30, 25, 20, 14))
        'Funnel: 9 pairs → 7 gated → 120 regions → 30 different → 25 asked → 20 matched → 14 kept'
    """
    counts = " → ".join(f"{count:,} {name}" for name, count in asdict(funnel).items())
    return f"Funnel: {counts}"
