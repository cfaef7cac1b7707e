"""What happened while pairs were answered."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from spotdiff.types import PairResult


@dataclass
class Tally:
    """Counts of results, and the problems of the table that are no pair's."""

    answered: int = 0
    changed: int = 0
    changes: int = 0
    failed: int = 0
    problems: list[str] = field(default_factory=list)

    def count(self, result: PairResult) -> None:
        """Adds one result."""
        self.answered += 1
        self.failed += result.status == "error"
        self.changed += bool(result.changes)
        self.changes += len(result.changes)


def is_main_process() -> bool:
    """Whether this process is rank 0, the one that joins and reports."""
    return all(os.environ.get(name, "0") == "0" for name in ("LOCAL_RANK", "NODE_RANK"))
