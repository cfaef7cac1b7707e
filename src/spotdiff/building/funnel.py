"""What a run left: the rows that were kept, those that each step took out, and the counts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from spotdiff.building.clock import read_seconds
from spotdiff.building.runs import BOXES, BuildFolder
from spotdiff.building.sample_records import STATUS
from spotdiff.writers.files import file_name, replacing
from spotdiff.writers.lines import whole_lines


@dataclass(frozen=True, slots=True)
class StepCount:
    """What one step did.

    Attributes:
        step: Its name; rows that came with a verdict stand under the one that they name.
        rows: That it was given.
        kept: That it let through.
        rejected: That it took out.
        errors: Of which it could make nothing.
        boxes: Changes that it left in all rows together.
        seconds: That it took, over all runs.
    """

    step: str
    rows: int
    kept: int
    rejected: int
    errors: int
    boxes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class BuildFunnel:
    """What became of all rows.

    Attributes:
        rows: Their number.
        kept: Of these, those that no step took out.
        steps: What each step did, in their order.
    """

    rows: int
    kept: int
    steps: tuple[StepCount, ...]

    @property
    def errors(self) -> int:
        """Rows of which nothing could be made."""
        return sum(step.errors for step in self.steps)

    @property
    def seconds(self) -> float:
        """What all steps took."""
        return sum(step.seconds for step in self.steps)


def conclude(folder: BuildFolder, names: Sequence[str]) -> BuildFunnel:
    """Writes `kept.jsonl`, the trace and the funnel from the rows; each file whole or absent.

    Args:
        folder: Of a run whose rows are all written.
        names: Of the steps, in their order.
    """
    left: Counter[tuple[str, str]] = Counter()
    boxes: Counter[str] = Counter()
    with ExitStack() as files:
        opened: dict[Path, BinaryIO] = {}
        _open(folder.kept, opened, files)
        for line in whole_lines(folder.rows):
            row = json.loads(line.content)
            path, step = folder.kept, ""
            if row["verdict"] is not None:
                step = row["verdict"]["step"]
                path = folder.trace / file_name(step, ".jsonl")
            left[step, row[STATUS]] += 1
            boxes.update(row.get(BOXES, {}))
            _open(path, opened, files).write(line.content.rstrip(b"\r\n") + b"\n")
    funnel = counted(left, boxes, names, read_seconds(folder.seconds))
    with replacing(folder.funnel) as partial:
        partial.write_text(json.dumps(asdict(funnel), indent=2) + "\n", "utf-8")
    return funnel


def counted(
    left: Mapping[tuple[str, str], int],
    boxes: Mapping[str, int],
    names: Sequence[str],
    seconds: Mapping[str, float],
) -> BuildFunnel:
    """The funnel of a run.

    Args:
        left: How many rows left at which step, as rejected or error; kept ones at no step.
        boxes: How many changes each step left.
        names: Of the steps, in their order; others stand before them, they came with the rows.
        seconds: That each step took.
    """
    rows = total = sum(left.values())
    others = sorted({step for step, _ in left if step} - set(names))
    steps = []
    for step in (*others, *names):
        rejected, errors = left.get((step, "rejected"), 0), left.get((step, "error"), 0)
        kept = rows - rejected - errors
        took = round(seconds.get(step, 0.0), 3)
        steps.append(StepCount(step, rows, kept, rejected, errors, boxes.get(step, 0), took))
        rows = kept
    return BuildFunnel(total, rows, tuple(steps))


def _open(path: Path, opened: dict[Path, Any], files: ExitStack) -> BinaryIO:
    """A file that takes its name when all of them are written."""
    if path not in opened:
        partial = files.enter_context(replacing(path))
        opened[path] = files.enter_context(partial.open("wb"))
    file: BinaryIO = opened[path]
    return file
