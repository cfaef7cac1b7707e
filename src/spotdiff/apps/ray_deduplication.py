"""Deduplication on Ray: images are hashed by workers, and rows that show the same meet in shards.

No state is shared: a block of rows becomes a block of hashes, hashes become what is sent to shards,
a shard becomes pairs of rows. Each of these steps may be done twice, anywhere, in any order. The
process that asks holds the columns of all rows (49 bytes for a row of one image, 16 more with its
text) and 16 bytes for each pair, of which every shard has fewer than rows.
"""

from __future__ import annotations

import pickle
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Int64

from spotdiff.apps.dedup_rules import DedupRules
from spotdiff.apps.ray_cluster import cluster, imported, plain_errors
from spotdiff.apps.ray_engine import RayEngine
from spotdiff.apps.ray_rows import TASKS, carrying, work_in
from spotdiff.apps.ray_streams import be_quiet, read_by_one, shared_book, stream_tasks
from spotdiff.apps.ray_worker import MAX_DEATHS, SharedBook
from spotdiff.data.collections import Collection, NamedRow
from spotdiff.data.image_hashing import HashCache, ImageHasher
from spotdiff.data.row_hashing import hash_rows
from spotdiff.stages.bucketing import Sharding
from spotdiff.stages.deduplication import Looks, Sameness
from spotdiff.types import ImageRow, RowHashes

_ROWS = 256  # that a worker hashes at a time
_BYTES = 64 << 20  # of pictures, likewise
_BLOCK = 1 << 16  # rows of hashes that are sent at a time
_IN_SHARD = 1 << 20  # rows that meet, about

_DEADLY = (
    "{}: its worker died {} times while it hashed this row alone: there may be too little memory, "
    "or a library crashes on these files"
)


@dataclass(frozen=True, slots=True)
class Hashing:
    """How workers hash.

    Attributes:
        rules: When rows are the same.
        cache: Folder of hashes by file.
        folder: Where relative paths begin.
        threads: Of each worker.
    """

    rules: DedupRules
    cache: Path | None
    folder: str
    threads: int


class RayDeduplicator:
    """Hashes and groups on a cluster.

    Args:
        ray: The module, connected.
        hashing: How workers hash.
        settings: How many workers, and how many rows a task has.
        book: What all workers share; it finds out which rows are deadly.
    """

    def __init__(
        self,
        ray: Any,  # noqa: ANN401 - a module
        hashing: Hashing,
        settings: RayEngine,
        book: SharedBook,
    ) -> None:
        self.ray, self.hashing, self.settings, self.book = ray, hashing, settings, book

    def hashes(self, rows: Collection) -> RowHashes:
        """What is known of each row, in order."""
        size = self.settings.rows_per_task or _ROWS
        tasks = read_by_one(self.ray, partial(_read, rows, size, self.hashing.folder))
        strategy = self.ray.data.ActorPoolStrategy(min_size=1, max_size=self.settings.workers)
        hashed = tasks.map_batches(
            HashWorker,
            fn_constructor_args=(self.hashing, self.book),
            batch_size=None,  # a task a call
            batch_format="pyarrow",
            compute=strategy,
            num_cpus=self.settings.cpus_per_worker,
        )
        stream_tasks(hashed.context)
        parts = [part for table in _tables(hashed) for part in _held(table, "hashes")]
        return RowHashes.joined([_nothing(self.hashing), *parts])

    def links(self, rows: RowHashes, sameness: Sameness) -> Int64[np.ndarray, "p 2"]:
        """Pairs of rows that join the groups."""
        sharding = Sharding.of(sameness, rows, _IN_SHARD, self.settings.workers)
        found = [np.zeros((0, 2), np.int64)]
        if len(rows):
            blocks = self.ray.data.from_arrow(list(_blocks(rows)))
            be_quiet(blocks.context)
            # other ways to shuffle want several CPUs at once, and wait for ever where there is one
            strategy = self.ray.data.context.ShuffleStrategy.SORT_SHUFFLE_PULL_BASED
            blocks.context.shuffle_strategy = strategy
            ways: dict[str, Any] = {"batch_size": None, "batch_format": "pyarrow"}
            sent = blocks.map_batches(partial(_send, sharding=sharding), **ways)
            met = sent.groupby("shard").map_groups(
                partial(_meet, sharding=sharding), batch_format="pyarrow"
            )
            found += [pairs for table in _tables(met) for pairs in _held(table, "pairs")]
        return np.concatenate(found)


class HashWorker:
    """Hashes tasks of rows.

    Args:
        hashing: How.
        book: What all workers share.
    """

    def __init__(self, hashing: Hashing, book: SharedBook) -> None:
        work_in(hashing.folder)
        self.book, self.reading = book, hashing.rules.reading
        cache = None if hashing.cache is None else HashCache(hashing.cache)
        rules = hashing.rules
        self.hasher = ImageHasher(rules.method, rules.mode, hashing.threads, cache)

    def __call__(self, table: pa.Table) -> pa.Table:
        """The hashes of the rows in a table; where a worker died, row by row."""
        first = table["number"][0].as_py()
        rows: list[NamedRow] = pickle.loads(table["rows"][0].as_py())
        deaths = self.book.begin(first)
        with carrying():
            if deaths:
                parts = [self._alone(first, first + i, row, deaths) for i, row in enumerate(rows)]
                found = RowHashes.joined(parts)
            else:
                found = hash_rows(rows, self.hasher, self.reading)
        self.book.end(first)
        return pa.table({"hashes": [pickle.dumps(found, pickle.HIGHEST_PROTOCOL)]})

    def _alone(
        self, first: int, number: int, named: NamedRow, deaths: Counter[int | None]
    ) -> RowHashes:
        name, row = named
        if deaths[number] >= MAX_DEATHS:
            row = ImageRow(row.where, problem=_DEADLY.format(row.where, deaths[number]))
        else:
            self.book.enter(first, number)
        return hash_rows([NamedRow(name, row)], self.hasher, self.reading)


@contextmanager
def deduplicating(
    rules: DedupRules, cache: Path | None, settings: RayEngine
) -> Iterator[RayDeduplicator]:
    """A cluster that deduplicates, started or joined.

    Args:
        rules: When rows are the same.
        cache: Folder of hashes by file, which all machines see.
        settings: How many workers, and where.

    Raises:
        ModuleNotFoundError: Ray is not installed.
        ConnectionError: There is no cluster at the address.
        Exception: What reading or hashing raised.
        RuntimeError: Ray gave up for another reason.
    """
    ray = imported(settings.address is None)
    threads = max(1, int(settings.cpus_per_worker))
    hashing = Hashing(rules, cache, str(Path.cwd()), threads)
    with (
        cluster(ray, settings.address, settings.workers * settings.cpus_per_worker),
        plain_errors(ray),
        shared_book(ray) as book,
    ):
        yield RayDeduplicator(ray, hashing, settings, book)


def _read(rows: Collection, size: int, folder: str) -> Iterator[pa.Table]:
    """Tasks of some rows without their cells, lazily."""
    work_in(folder)
    number = 0
    with carrying():
        named = iter(rows.named())
    while some := _next(named, size):
        content = pickle.dumps(some, pickle.HIGHEST_PROTOCOL)
        yield pa.table({"number": [number], "rows": [content]}, schema=TASKS)
        number += len(some)


def _next(named: Iterator[NamedRow], size: int) -> list[NamedRow]:
    """Some rows; fewer where they hold many bytes."""
    some: list[NamedRow] = []
    held = 0
    with carrying():
        for name, row in islice(named, size):
            some.append(NamedRow(name, replace(row, cells={})))
            held += sum(len(image) for image in row.images if isinstance(image, bytes))
            if held > _BYTES:
                break
    return some


def _blocks(rows: RowHashes) -> Iterator[pa.Table]:
    for first in range(0, len(rows), _BLOCK):
        some = rows.taken(np.arange(first, min(first + _BLOCK, len(rows))))
        yield pa.table({"number": [first], "hashes": [pickle.dumps(some)]})


def _send(table: pa.Table, sharding: Sharding) -> pa.Table:
    """What blocks of hashes send to each shard."""
    sent: dict[int, list[Looks]] = defaultdict(list)
    for first, rows in zip(table["number"].to_pylist(), _held(table, "hashes"), strict=True):
        for shard, looks in sharding.sent(rows, first):
            sent[shard].append(looks)
    contents = pa.array([pickle.dumps(looks) for looks in sent.values()], pa.large_binary())
    return pa.table({"shard": pa.array(list(sent), pa.int64()), "looks": contents})


def _meet(table: pa.Table, sharding: Sharding) -> pa.Table:
    """The pairs of one shard."""
    looks = [one for some in _held(table, "looks") for one in some]
    return pa.table({"pairs": [pickle.dumps(sharding.links(looks))]})


def _tables(data: Any) -> Iterator[pa.Table]:  # noqa: ANN401 - a Dataset of Ray
    yield from data.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0)


def _held(table: pa.Table, column: str) -> Iterator[Any]:
    for cell in table[column]:
        yield pickle.loads(cell.as_py())


def _nothing(hashing: Hashing) -> RowHashes:
    """The columns of no rows."""
    rules = hashing.rules
    return hash_rows([], ImageHasher(rules.method, rules.mode, 1), rules.reading)
