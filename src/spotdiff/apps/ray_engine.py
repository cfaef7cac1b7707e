"""Prediction on Ray: any pipeline on the cores of a machine or on the nodes of a cluster.

One process reads the manifest as a stream, workers answer tasks of a few rows, and their records
come back in the order of the manifest while the rest is at work.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spotdiff.apps.ray_cluster import cluster, gpus_of_each, imported, plain_errors
from spotdiff.apps.ray_rows import Hashes, from_table, read_tasks
from spotdiff.apps.ray_streams import read_by_one, shared_book, stream_tasks
from spotdiff.apps.ray_worker import Worker, WorkerSettings
from spotdiff.contracts import Writer
from spotdiff.pipeline import PairPipeline, Row
from spotdiff.types import PairResult

_AHEAD = 2  # tasks that lie at each worker, so that it need not wait for the next


@dataclass(frozen=True, slots=True)
class RayEngine:
    """How to predict on Ray.

    Attributes:
        workers: Processes that hold a pipeline each.
        cpus_per_worker: Share of the CPUs that each takes, 0.5 for half of one. Its whole part, at
            least 1, is the number of threads that it computes with.
        gpus_per_worker: The same of GPUs; 0 computes on the CPU. None shares out evenly what the
            cluster has, at most one to each.
        batch_size: Pairs that are compared together.
        readers: Threads of each worker that read and decode.
        rows_per_task: Rows that a worker gets at a time, best a multiple of `batch_size`; None
            takes 4 batches, or as many as make 8 rows. Records come back a task at a time.
        address: Of a running cluster, "auto" or "host:port"; None starts one on this machine.

    Raises:
        ValueError: If a number makes no sense.
    """

    workers: int = 2
    cpus_per_worker: float = 1.0
    gpus_per_worker: float | None = None
    batch_size: int = 1
    readers: int = 2
    rows_per_task: int | None = None
    address: str | None = None

    def __post_init__(self) -> None:
        for name in ("workers", "batch_size", "readers", "rows_per_task"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"Expected {name} to be at least 1, got {value}.")
        for name in ("cpus_per_worker", "gpus_per_worker"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < math.inf:
                raise ValueError(f"Expected {name} to be 0 or more, got {value}.")

    @property
    def task_size(self) -> int:
        """Rows of a task."""
        batches = max(4, math.ceil(8 / self.batch_size))
        return self.rows_per_task or batches * self.batch_size


def predict_with_ray(
    source: Callable[[], Iterable[Row]],
    build: Callable[[], PairPipeline],
    finished: Mapping[str, Hashes],
    writers: Callable[[], Sequence[Writer]] = tuple,
    *,
    settings: RayEngine,
) -> Generator[PairResult, None, None]:
    """The light results of all rows of a source, in their order, as they become known.

    All functions are pickled and called in other processes, whose machines have this package and
    see the same files. Results equal those of `PairPipeline.stream`; beside them, a row that raises
    and one that kills its worker again and again become errors, and a problem of the table as a
    whole is an error whose `pair_id` is empty. A caller who stops early stops the workers.

    Args:
        source: Opens the manifest, in one process: `partial(open_source, path)`.
        build: Gives a pipeline, in each worker once: `partial(load, ckpt)`.
        finished: As in `PairPipeline.stream`.
        writers: Give writers of pictures, which work where the pixels are.
        settings: How many workers, and where.

    Raises:
        ModuleNotFoundError: Ray is not installed.
        ConnectionError: There is no cluster at the address.
        ValueError: The workers ask for more GPUs than there are.
        Exception: What `source` or `build` raised.
        RuntimeError: Ray gave up for another reason.
    """
    alone = settings.address is None
    ray = imported(alone)
    with (
        cluster(ray, settings.address, settings.workers * settings.cpus_per_worker),
        plain_errors(ray),
        shared_book(ray) as book,
    ):
        gpus = gpus_of_each(ray, settings.workers, settings.gpus_per_worker, alone)
        tasks = _tasks(ray, source, finished, settings.task_size)
        arguments = (build, writers, working(settings, gpus), book)
        for table in streamed(ray, tasks, Worker, arguments, settings, gpus):
            yield from from_table(table)


def streamed(
    ray: Any,  # noqa: ANN401 - a module
    tasks: Any,  # noqa: ANN401 - a Dataset of Ray
    worker: type,
    arguments: tuple[object, ...],
    settings: RayEngine,
    gpus: float,
) -> Iterator[Any]:
    """What workers make of tasks, a table after the other, in their order, as they are known.

    Args:
        ray: The module, connected.
        tasks: A data set of which each row is a task.
        worker: What is made in each worker once, and called with the table of a task.
        arguments: That it is made with.
        settings: How many workers.
        gpus: Share of a GPU of each.
    """
    answers = tasks.map_batches(
        worker,
        fn_constructor_args=arguments,
        batch_size=None,  # a task a call
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(
            size=settings.workers, max_tasks_in_flight_per_actor=_AHEAD
        ),
        num_cpus=settings.cpus_per_worker,
        num_gpus=gpus or None,
    )
    stream_tasks(answers.context)
    # prefetching would hold results back that are there
    yield from answers.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0)


def _tasks(
    ray: Any,  # noqa: ANN401 - a module
    source: Callable[[], Iterable[Row]],
    finished: Mapping[str, Hashes],
    size: int,
) -> Any:  # noqa: ANN401 - a Dataset of Ray
    """The rows of the source as a data set of tasks, read by one process as they are needed."""
    known, folder = ray.put(dict(finished)), str(Path.cwd())

    def read() -> Iterator[Any]:
        return read_tasks(source, ray.get(known), size, folder)

    return read_by_one(ray, read)


def working(settings: RayEngine, gpus: float) -> WorkerSettings:
    """How each worker works, whose share of a GPU is known."""
    return WorkerSettings(
        folder=str(Path.cwd()),
        threads=max(1, int(settings.cpus_per_worker)),
        gpus=gpus,
        batch_size=settings.batch_size,
        readers=settings.readers,
        workers=settings.workers,
    )
