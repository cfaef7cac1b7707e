"""Steps that answer by rule and count what they are asked, for tests of chains."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from spotdiff.types import Change, ChangeKind, Plain, Sample

BOX = (0.0, 0.0, 4.0, 4.0)


def numbered(count: int) -> list[Sample]:
    return [Sample(str(number), text=f"row {number}") for number in range(count)]


@dataclass
class Counting:
    """Scores a row by its number; rejects, fails or raises where its settings say.

    `log` gets a line for each sample that it is asked about, in whatever process.
    """

    name: str
    rejects: tuple[str, ...] = ()
    fails: tuple[str, ...] = ()
    raises: tuple[str, ...] = ()
    deadly: tuple[str, ...] = ()
    boxes: int = 0
    log: Path | None = None
    seconds: float = 0.0
    tick: Callable[[], None] = lambda: None
    asked: Counter[str] = field(default_factory=Counter)

    @property
    def settings(self) -> Mapping[str, Plain]:
        return {"rejects": list(self.rejects), "boxes": self.boxes}

    def __call__(self, samples: Sequence[Sample]) -> list[Sample]:
        self.tick()
        for sample in samples:
            if sample.id in self.raises:
                raise ValueError(f"cannot think of\n{sample.id}")
        found = [self._answer(sample) for sample in samples]
        self.tick()
        return found

    def _answer(self, sample: Sample) -> Sample:
        self.asked[sample.id] += 1
        if self.log is not None:
            with self.log.open("a") as file:
                file.write(f"{self.name} {sample.id}\n")
        if sample.id in self.deadly:
            os._exit(7)
        time.sleep(self.seconds)
        score = float(sample.id) / 10
        if sample.id in self.rejects:
            return sample.rejected(self.name, "is too low", score, 9.0)
        if sample.id in self.fails:
            return sample.failed(self.name, "has nothing")
        changes = tuple(Change(ChangeKind.ADDED, 1.0, None, None, BOX) for _ in range(self.boxes))
        return replace(sample.scored(self.name, score), changes=(*sample.changes, *changes))
