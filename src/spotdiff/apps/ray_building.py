"""Building on Ray: workers take tasks of rows through the whole chain, rows come back in order.

Each task has a journal of its own in the folder of the run, which all machines see: a task whose
worker died goes on where that one stopped, in the next worker or in the next run.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotdiff.apps.ray_cluster import cluster, gpus_of_each, imported, plain_errors
from spotdiff.apps.ray_engine import RayEngine, streamed, working
from spotdiff.apps.ray_rows import TASKS, CarriedError, carrying, taken, to_table, work_in
from spotdiff.apps.ray_streams import read_by_one, shared_book
from spotdiff.apps.ray_worker import (
    BUILD,
    MAX_DEATHS,
    Deaths,
    SharedBook,
    WorkerSettings,
    built,
)
from spotdiff.building.chain import Chain, Spent, Started
from spotdiff.building.clock import Clock
from spotdiff.building.journal import Journal, furthest, line_of, read_outcomes, started_of
from spotdiff.building.runs import (
    BuildFolder,
    RowFile,
    Source,
    Tell,
    close_journal,
    in_batches,
    in_hand,
    unfinished,
)

if TYPE_CHECKING:
    import pyarrow as pa

_DEADLY = (
    "its worker died {} times while it had this row alone: there may be too little memory, or a "
    "library crashes on these files"
)


def build_with_ray(
    build: Callable[[], Chain],
    names: Sequence[str],
    source: Source,
    folder: BuildFolder,
    tell: Tell,
    *,
    settings: RayEngine,
) -> None:
    """Finishes all rows of a source on a cluster; the rows are those of `run_here`.

    `build` and `source` are pickled and called in other processes, whose machines have this package
    and see the same files. A row that kills its worker again and again becomes an error.

    Args:
        build: Gives the chain, in each worker once.
        names: Of its steps, in their order.
        source: Opens the rows, in one process.
        folder: As in `run_here`, like `tell`.
        tell: Is told each row that was finished now.
        settings: How many workers, and where.

    Raises:
        ModuleNotFoundError: Ray is not installed.
        ConnectionError: There is no cluster at the address.
        ValueError: The workers ask for more GPUs than there are.
        Exception: What `source` or `build` raised, or a mistake in a step.
        RuntimeError: Ray gave up for another reason.
    """
    alone = settings.address is None
    known = in_hand(folder)
    ray = imported(alone)
    with (
        cluster(ray, settings.address, settings.workers * settings.cpus_per_worker),
        plain_errors(ray),
        shared_book(ray) as book,
        RowFile(folder) as rows,
        Clock(folder.seconds) as clock,
    ):
        gpus = gpus_of_each(ray, settings.workers, settings.gpus_per_worker, alone)
        tasks = _tasks(ray, source, folder, known, settings.task_size)
        arguments = (build, folder, working(settings, gpus), book)
        for table in streamed(ray, tasks, ChainWorker, arguments, settings, gpus):
            for number, told in _answers(table):
                for step, seconds in told.seconds.items():
                    clock.add(Spent(step, 0, seconds))
                for started in told.rows:
                    rows.write(started, names)
                    tell(started.sample)
                _journal_of(folder, number).unlink(missing_ok=True)
    close_journal(folder)


@dataclass
class _Told:
    """What came of one task."""

    rows: list[Started] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def spent(self, spent: Spent) -> None:
        self.seconds[spent.step] = self.seconds.get(spent.step, 0.0) + spent.seconds


class ChainWorker:
    """Takes tasks of rows through a chain.

    Args:
        build: Gives the chain.
        folder: Of the run.
        settings: How to work.
        book: What all workers share; it finds out which rows are deadly.
    """

    def __init__(
        self,
        build: Callable[[], Chain],
        folder: BuildFolder,
        settings: WorkerSettings,
        book: SharedBook,
    ) -> None:
        self.folder, self.settings, self.book = folder, settings, book
        self.chain: Chain | None = None
        self._problem: Exception | None = None
        try:
            self.chain = built(build, settings, book, "a chain")
        except Exception as error:  # noqa: BLE001 - Ray loses it here, and keeps it in an answer
            self._problem = error
        book.end(BUILD)

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows of the task in a table at their end.

        Raises:
            CarriedError: What building the chain raised, or a mistake in a step.
        """
        if self.chain is None:
            raise CarriedError(self._problem or RuntimeError("the worker has no chain"))
        number: int = table["number"][0].as_py()
        rows: tuple[Started, ...] = pickle.loads(table["rows"][0].as_py())
        deaths = self.book.begin(number)
        told = _Told()
        with carrying():
            path = _journal_of(self.folder, number)
            known = furthest(read_outcomes(path)) if path.is_file() else {}
            rows = tuple(known.get(row.sample.id, row) for row in rows)
            with Journal(path) as journal:
                for batch in self._batches(number, rows, deaths):
                    told.rows += self.chain.run(batch, journal.known, told.spent)
        self.book.end(number)
        lines = [line_of(started) for started in told.rows]
        return to_table(number, [json.dumps(told.seconds), *lines])

    def _batches(
        self, number: int, rows: Sequence[Started], deaths: Deaths
    ) -> Iterator[list[Started]]:
        """The rows together, or each by itself where a worker died in them."""
        if not deaths:
            yield from in_batches(rows, self.settings.batch_size)
            return
        for place, row in enumerate(rows, number):
            if deaths[place] >= MAX_DEATHS:
                yield [self._deadly(row, deaths[place])]
                continue
            self.book.enter(number, place)
            yield [row]

    def _deadly(self, row: Started, deaths: int) -> Started:
        step = self.chain.names[row.done] if self.chain is not None else ""
        return Started(row.sample.failed(step, _DEADLY.format(deaths)), row.done, row.boxes)


def _tasks(
    ray: Any,  # noqa: ANN401 - a module
    source: Source,
    folder: BuildFolder,
    known: Mapping[str, Started],
    size: int,
) -> Any:  # noqa: ANN401 - a Dataset of Ray
    """The rows that are not finished as a data set of tasks, read as they are needed."""
    held, place = ray.put(dict(known)), str(Path.cwd())

    def read() -> Iterator[Any]:
        return read_tasks(source, folder, ray.get(held), size, place)

    return read_by_one(ray, read)


def read_tasks(
    source: Source, folder: BuildFolder, known: Mapping[str, Started], size: int, place: str
) -> Iterator[pa.Table]:
    """The rows that are not finished as tasks of `size` rows, a table of one row each, lazily.

    Args:
        source: Opens the rows, on the machine that reads them.
        folder: Of the run.
        known: As in `unfinished`.
        size: Rows of a task; the last one may have fewer.
        place: Where relative paths begin.

    Raises:
        CarriedError: What the source raised.
    """
    import pyarrow as pa

    work_in(place)
    rows, number = unfinished(source, folder, known), 0
    while some := taken(rows, size):
        content = pickle.dumps(some, pickle.HIGHEST_PROTOCOL)
        yield pa.table({"number": [number], "rows": [content]}, schema=TASKS)
        number += len(some)


def _answers(table: pa.Table) -> Iterator[tuple[int, _Told]]:
    """What came of the tasks in a table, by their numbers."""
    for number, records in zip(
        table["number"].to_pylist(), table["records"].to_pylist(), strict=True
    ):
        seconds, *lines = records
        yield number, _Told([started_of(line) for line in lines], json.loads(seconds))


def _journal_of(folder: BuildFolder, number: int) -> Path:
    return folder.journal / f"task-{number:09d}.jsonl"
