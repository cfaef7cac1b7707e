"""What travels between the machines of a Ray cluster: tasks of rows out, tasks of records back.

Both have one fixed schema and hold a task in each row, because Ray spends some 10 ms on every
block, whatever its size. The rows of a manifest are pickled: they hold paths of any file system.
Results are JSON text: the very lines of `predictions.jsonl`, in which every character is ASCII and
no optional field can change a column's type.
"""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import pyarrow as pa

from spotdiff.pipeline import Row
from spotdiff.types import PairResult
from spotdiff.writers.records import from_record, to_record

TASKS = pa.schema([("number", pa.int64()), ("rows", pa.binary())])
RESULTS = pa.schema([("number", pa.int64()), ("records", pa.list_(pa.string()))])

Hashes: TypeAlias = tuple[str, str]
Item = TypeVar("Item")


class CarriedError(Exception):
    """An error on its way through Ray, which adds to the text of those that it sees."""

    def __init__(self, error: Exception, *added: object) -> None:
        super().__init__(error, *added)
        self.error = error


@contextmanager
def carrying() -> Iterator[None]:
    """Raises what is raised inside as a `CarriedError`."""
    try:
        yield
    except Exception as error:
        raise CarriedError(error) from error


@dataclass(frozen=True, slots=True)
class Task:
    """Rows that one worker answers in one go; `number` is that of the first row, from 0.

    `finished` holds the hashes of those that were answered earlier, as in `PairPipeline.stream`.
    """

    number: int
    rows: tuple[Row, ...]
    finished: Mapping[str, Hashes]


def read_tasks(
    source: Callable[[], Iterable[Row]], finished: Mapping[str, Hashes], size: int, folder: str
) -> Iterator[pa.Table]:
    """The rows of a source as tasks of `size` rows, a table of one row each, lazily.

    Args:
        source: Opens the manifest, on the machine that reads it.
        finished: Of all rows; each task takes what its rows need.
        size: Rows of a task; the last one may have fewer.
        folder: Where relative paths begin.

    Raises:
        CarriedError: What the source raised.
    """
    work_in(folder)
    number = 0
    with carrying():
        rows = iter(source())
    while some := taken(rows, size):
        known = {row.pair_id: finished[row.pair_id] for row in some if row.pair_id in finished}
        content = pickle.dumps(Task(number, some, known), pickle.HIGHEST_PROTOCOL)
        yield pa.table({"number": [number], "rows": [content]}, schema=TASKS)
        number += len(some)


def taken(rows: Iterator[Item], size: int) -> tuple[Item, ...]:
    """The next rows of a source, at most `size`.

    Raises:
        CarriedError: What the source raised.
    """
    with carrying():
        return tuple(islice(rows, size))


def task_of(table: pa.Table) -> Task:
    """The task in a table of `read_tasks`."""
    task: Task = pickle.loads(table["rows"][0].as_py())
    return task


def to_table(number: int, results: Sequence[str]) -> pa.Table:
    """The records of one task as a table of one row."""
    return pa.table({"number": [number], "records": [list(results)]}, schema=RESULTS)


def from_table(table: pa.Table) -> Iterator[PairResult]:
    """The results in a table of any number of tasks, in their order."""
    for records in table["records"].to_pylist():
        yield from (from_record(json.loads(record)) for record in records)


def to_text(result: PairResult) -> str:
    """The record of a result.

    Raises:
        ValueError: A number is not finite.
    """
    record: Any = to_record(result)
    return json.dumps(record, allow_nan=False)


def work_in(folder: str) -> None:
    """Makes relative paths mean what they mean to the program that asks, if this machine can."""
    if Path(folder).is_dir():
        os.chdir(folder)
