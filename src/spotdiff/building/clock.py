"""How long each step took, over all runs of a folder."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from spotdiff.building.chain import Spent
from spotdiff.writers.files import replacing

_BETWEEN = 10.0  # seconds between two writings: a kill loses at most so much


class Clock:
    """Adds up seconds and keeps them in a file; a context manager.

    Args:
        path: The file. What it holds is added to.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seconds = dict(read_seconds(path))
        self._written = time.perf_counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._write()

    def add(self, spent: Spent) -> None:
        """Adds what a step took."""
        self.seconds[spent.step] = self.seconds.get(spent.step, 0.0) + spent.seconds
        if time.perf_counter() - self._written > _BETWEEN:
            self._write()

    def _write(self) -> None:
        with replacing(self.path) as partial:
            partial.write_text(json.dumps(self.seconds, indent=2) + "\n", "utf-8")
        self._written = time.perf_counter()


def read_seconds(path: Path) -> Mapping[str, float]:
    """The seconds of each step by its name; none where there is no file."""
    if not path.is_file():
        return {}
    found: dict[str, float] = json.loads(path.read_text("utf-8"))
    return found
