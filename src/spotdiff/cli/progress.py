"""What the user sees while pairs are answered: a bar on a terminal, at times a line in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import StringIO

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from spotdiff.types import Box, PairResult

SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def progress(results: Iterable[PairResult]) -> Iterator[Iterator[PairResult]]:
    """The same results, shown as they pass by on standard error."""
    console = Console(stderr=True)
    if console.is_terminal:
        columns = (
            SpinnerColumn(),
            MofNCompleteColumn(),
            TextColumn("pairs {task.fields[rate]}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("pairs", total=None, rate="")
            yield _counted(results, lambda n, rate: bar.update(task, completed=n, rate=rate))
    else:
        yield _counted(results, _Lines())


def _counted(results: Iterable[PairResult], tell) -> Iterator[PairResult]:  # type: ignore[no-untyped-def]  # noqa: ANN001
    start = time.perf_counter()
    for count, result in enumerate(results, 1):
        yield result
        tell(count, f"{count / (time.perf_counter() - start):.1f}/s")


class _Lines:
    """A line every ten seconds, for logs."""

    def __init__(self) -> None:
        self.last = time.perf_counter()

    def __call__(self, count: int, rate: str) -> None:
        now = time.perf_counter()
        if now - self.last >= SECONDS_BETWEEN_LINES:
            self.last = now
            print(f"{count} pairs, {rate}", file=sys.stderr, flush=True)  # noqa: T201


def table_of(result: PairResult) -> str:
    """The changes of one pair as a table for a terminal of any width."""
    if result.status == "error":
        return f"{result.pair_id}: {result.reason}"
    table = Table(title=f"{result.pair_id}: probability of a change {result.change_score:.2f}")
    for name in ("kind", "label", "score", "before x0 y0 x1 y1", "after x0 y0 x1 y1"):
        table.add_column(name, justify="left" if name in ("kind", "label") else "right")
    for change in result.changes:
        boxes = (_written(change.box_before), _written(change.box_after))
        table.add_row(change.kind.value, change.label or "", f"{change.score:.2f}", *boxes)
    text = StringIO()
    Console(file=text, width=100).print(table)
    return text.getvalue().rstrip()


def _written(box: Box | None) -> str:
    return "" if box is None else " ".join(f"{round(value):4d}" for value in box)
