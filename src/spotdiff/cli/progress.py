"""What the user sees while pairs are answered: a bar on a terminal, at times a line in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import StringIO

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from spotdiff.types import Box, PairResult

SECONDS_BETWEEN_LINES = 10.0


def counted(count: int, what: str) -> str:
    """A number with its noun.

    Example:
        >>> counted(1, "pair"), counted(2000, "pair")
        ('1 pair', '2000 pairs')
    """
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


@contextmanager
def progress(results: Iterable[PairResult]) -> Iterator[Iterator[PairResult]]:
    """The same results, shown as they pass by on standard error."""
    with counting() as count:
        yield _counted(results, count)


@contextmanager
def counting(what: str = "pair") -> Iterator[Callable[[], None]]:
    """Something to call for each pair, or what else is counted; how many there were is shown."""
    console = Console(stderr=True)
    done = _Count()
    if not console.is_terminal:
        lines = _Lines(what)
        yield lambda: lines(*done.more())
        return
    columns = (
        SpinnerColumn(),
        MofNCompleteColumn(),
        TextColumn(what + "s {task.fields[rate]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None, rate="")

        def show() -> None:
            count, rate = done.more()
            bar.update(task, completed=count, rate=rate)

        yield show


def _counted(results: Iterable[PairResult], count: Callable[[], None]) -> Iterator[PairResult]:
    for result in results:
        yield result
        count()


class _Count:
    """How many there were, and how many a second."""

    def __init__(self) -> None:
        self.start = time.perf_counter()
        self.count = 0

    def more(self) -> tuple[int, str]:
        self.count += 1
        return self.count, f"{self.count / (time.perf_counter() - self.start):.1f}/s"


class _Lines:
    """A line every ten seconds, for logs."""

    def __init__(self, what: str = "pair") -> None:
        self.what = what
        self.last = time.perf_counter()

    def __call__(self, count: int, rate: str) -> None:
        now = time.perf_counter()
        if now - self.last >= SECONDS_BETWEEN_LINES:
            self.last = now
            print(f"{counted(count, self.what)}, {rate}", file=sys.stderr, flush=True)  # noqa: T201


def table_of(result: PairResult) -> str:
    """The changes of one pair as a table, and in words, for a terminal of any width."""
    if result.status == "error":
        return f"{result.pair_id}: {result.reason}"
    table = Table(title=f"{result.pair_id}: {_verdict(result)}")
    for name in ("kind", "label", "score", "before x0 y0 x1 y1", "after x0 y0 x1 y1"):
        table.add_column(name, justify="left" if name in ("kind", "label") else "right")
    for change in result.changes:
        boxes = (_written(change.box_before), _written(change.box_after))
        table.add_row(change.kind.value, change.label or "", f"{change.score:.2f}", *boxes)
    text = StringIO()
    console = Console(file=text, width=100, markup=False, highlight=False)
    console.print(table)
    if result.caption is not None:
        console.print(result.caption)
    return text.getvalue().rstrip()


def _verdict(result: PairResult) -> str:
    """What is said of the pair as a whole."""
    if result.areas is not None:
        reason = result.areas.reason
        found = "difference areas" if reason is None else reason.replace("_", " ")
        alike = result.areas.similarity
        return found if alike is None else f"{found}, views {alike:.3f} alike"
    score = result.change_score
    return "" if score is None else f"probability of a change {score:.2f}"


def _written(box: Box | None) -> str:
    return "" if box is None else " ".join(f"{round(value):4d}" for value in box)
