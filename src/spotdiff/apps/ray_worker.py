"""The worker of a Ray cluster: one pipeline, built once, that answers tasks of rows.

A row that raises becomes an error of its own. A row that kills the process, by a crash in native
code or for want of memory, is found by the book that is kept outside of it: a task that was begun
before is answered row by row, and a row in which the worker died twice on its own becomes an error.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from spotdiff.apps.ray_rows import CarriedError, Task, task_of, to_table, to_text, work_in
from spotdiff.contracts import Writer
from spotdiff.pipeline import PairPipeline, Row
from spotdiff.types import PairResult, ViewInfo

if TYPE_CHECKING:
    import pyarrow as pa

MAX_DEATHS = 2  # of a worker in one row alone, after it died in the task
MAX_BUILDS = 5  # that die one after another, beyond one of each worker
BUILD = -1  # what building is called in the book, where tasks have their numbers
_REASON = 300  # characters of an exception that a reason quotes

_DEADLY = (
    "its worker died {} times while it answered this pair alone: there may be too little memory, "
    "or a library crashes on these files"
)

Deaths: TypeAlias = Counter[int | None]
Built = TypeVar("Built")


class Book:
    """Knows what every worker is doing, and so what it was doing when it died.

    Lives in a process of its own. A task that begins a second time before it ended has lost its
    worker; rows are named by their numbers, and None stands for all rows of a task together.
    """

    def __init__(self) -> None:
        self._now: dict[int, int | None] = {}
        self._deaths: dict[int, Deaths] = {}

    def begin(self, task: int) -> Deaths:
        """Notes that a task begins; how many workers died in it, by the row they were in."""
        deaths = self._deaths.setdefault(task, Counter())
        if task in self._now:
            deaths[self._now[task]] += 1
        self._now[task] = None
        return deaths

    def enter(self, task: int, row: int) -> None:
        """Notes that a task has come to one of its rows, alone."""
        self._now[task] = row

    def end(self, task: int) -> None:
        """Forgets a task that is done."""
        self._now.pop(task, None)
        self._deaths.pop(task, None)


class SharedBook:
    """The book as a worker sees it: every call waits until it is written.

    Args:
        actor: The handle of the Ray actor that holds a `Book`.
    """

    def __init__(self, actor: Any) -> None:  # noqa: ANN401 - Ray makes the class of a handle
        self._actor = actor

    def begin(self, task: int) -> Deaths:
        """As `Book.begin`."""
        deaths: Deaths = self._wait(self._actor.begin.remote(task))
        return deaths

    def enter(self, task: int, row: int) -> None:
        """As `Book.enter`."""
        self._wait(self._actor.enter.remote(task, row))

    def end(self, task: int) -> None:
        """As `Book.end`."""
        self._wait(self._actor.end.remote(task))

    @staticmethod
    def _wait(answer: Any) -> Any:  # noqa: ANN401 - an answer of any kind
        import ray

        return ray.get(answer)


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """How a worker works.

    Attributes:
        folder: Where relative paths begin.
        threads: Of torch and OpenCV.
        gpus: Share of a GPU; 0 hides all of them.
        batch_size: As in `PairPipeline.stream`, like `readers`.
        readers: Threads that read and decode.
        workers: In all, this one included.
    """

    folder: str
    threads: int
    gpus: float
    batch_size: int
    readers: int
    workers: int


def built(
    build: Callable[[], Built], settings: WorkerSettings, book: SharedBook, what: str
) -> Built:
    """What a worker works with, made in its process; the book is told that it was begun.

    Args:
        build: Makes it.
        settings: How to work.
        book: What all workers share; whoever calls this ends `BUILD` in it, come what may.
        what: What it is, for messages.

    Raises:
        RuntimeError: Too many processes died of it.
        Exception: What `build` raised.
    """
    deaths = book.begin(BUILD).total()
    if deaths >= MAX_BUILDS + settings.workers:
        raise RuntimeError(f"Expected {what}, but {deaths} processes died while they built it.")
    work_in(settings.folder)
    if not settings.gpus:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""  # Ray hides nothing from who asks for none
    made = build()
    _use_threads(settings.threads)
    return made


class Worker:
    """Answers tasks.

    Args:
        build: Gives the pipeline.
        writers: Give the writers of pictures, anew for each task.
        settings: How to work.
        book: What all workers share; it finds out which rows are deadly.
    """

    def __init__(
        self,
        build: Callable[[], PairPipeline],
        writers: Callable[[], Sequence[Writer]],
        settings: WorkerSettings,
        book: SharedBook,
    ) -> None:
        self.writers, self.settings, self.book = writers, settings, book
        self.pipeline: PairPipeline | None = None
        self._problem: Exception | None = None
        try:
            self.pipeline = built(build, settings, book, "a pipeline")
        except Exception as error:  # noqa: BLE001 - Ray loses it here, and keeps it in an answer
            self._problem = error
        book.end(BUILD)

    def __call__(self, table: pa.Table) -> pa.Table:
        """The records of the task in a table; rows that were answered earlier have none.

        Raises:
            CarriedError: What building the pipeline raised.
        """
        if self.pipeline is None:
            raise CarriedError(self._problem or RuntimeError("the worker has no pipeline"))
        answering = _Answering(self.pipeline, task_of(table), self.settings, self.book)
        with ExitStack() as stack:
            writers = [stack.enter_context(writer) for writer in self.writers()]
            records = [_written(result, writers) for result in answering.results()]
        return to_table(answering.task.number, records)


@dataclass(frozen=True, slots=True)
class _Answering:
    """The answering of one task."""

    pipeline: PairPipeline
    task: Task
    settings: WorkerSettings
    book: SharedBook

    def results(self) -> Iterator[PairResult]:
        """Of all rows that were not answered earlier, in their order."""
        deaths = self.book.begin(self.task.number)
        yield from self._alone(self.task.rows, deaths) if deaths else self._together()
        self.book.end(self.task.number)

    def _together(self) -> Iterator[PairResult]:
        """In batches; from where that raises, row by row."""
        left = list(self.task.rows)
        settings = self.settings
        try:
            for result in self.pipeline.stream(
                self.task.rows, settings.batch_size, settings.readers, self.task.finished
            ):
                while left.pop(0).pair_id != result.pair_id:
                    pass  # a row that was answered earlier yields nothing
                yield result
        except Exception:  # noqa: BLE001 - whose fault it is, the rows show one by one
            yield from self._alone(left, Counter())

    def _alone(self, rows: Sequence[Row], deaths: Deaths) -> Iterator[PairResult]:
        """The last rows of the task, each by itself."""
        first = self.task.number + len(self.task.rows) - len(rows)
        for number, row in enumerate(rows, first):
            if deaths[number] >= MAX_DEATHS:
                yield self._failed(row, _DEADLY.format(deaths[number]))
                continue
            self.book.enter(self.task.number, number)
            try:
                yield from self.pipeline([row], self.task.finished)
            except Exception as error:  # noqa: BLE001 - one row must not end the run of the others
                yield self._failed(row, _told(error))

    def _failed(self, row: Row, reason: str) -> PairResult:
        before, after = (ViewInfo(str(path or "")) for path in (row.before, row.after))
        return PairResult(row.pair_id, before, after, "error", reason, model=self.pipeline.model)


def _written(result: PairResult, writers: Sequence[Writer]) -> str:
    """The record of a result, after the writers saw it; an error where one of them fails."""
    try:
        written = result
        for writer in writers:
            written = writer.write(written)
        return to_text(written)
    except Exception as error:  # noqa: BLE001 - one row must not end the run of the others
        before, after = ViewInfo(result.before.path), ViewInfo(result.after.path)
        return to_text(
            PairResult(result.pair_id, before, after, "error", _told(error), model=result.model)
        )


def _told(error: Exception) -> str:
    lines = str(error).strip().splitlines() or ["it says no more"]
    return f"answering the pair raised {type(error).__name__}: {lines[0][:_REASON]}"


def _use_threads(count: int) -> None:
    """What the pipeline computes with, as far as it is loaded."""
    import cv2

    cv2.setNumThreads(count)
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(count)
