"""Streams through Ray Data: one process reads, tasks go out as they are read, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from spotdiff.apps.ray_worker import Book, SharedBook


def read_by_one(ray: Any, read: Callable[[], Iterator[Any]]) -> Any:  # noqa: ANN401 - of Ray
    """What `read` yields, each a block of a data set, read by one process as they are needed.

    Args:
        ray: The module, connected.
        read: Is pickled, and yields tables of Arrow.
    """

    class Manifest(ray.data.Datasource):  # type: ignore[misc]
        def get_name(self) -> str:
            return "Manifest"

        def estimate_inmemory_data_size(self) -> None:
            return None

        def get_read_tasks(self, *_: object, **__: object) -> list[Any]:
            unknown = ray.data.block.BlockMetadata(None, None, None, None)
            return [ray.data.ReadTask(read, unknown)]

    # no share of the CPUs: reading must go on where the workers have taken all of them
    return ray.data.read_datasource(Manifest(), override_num_blocks=1, num_cpus=0)


@contextmanager
def shared_book(ray: Any) -> Iterator[SharedBook]:  # noqa: ANN401 - a module
    """A book that all workers of a cluster write to, as long as the block lasts."""
    actor = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(Book).remote()
    try:
        yield SharedBook(actor)
    finally:
        ray.kill(actor)  # of a cluster that was there before and stays


def stream_tasks(context: Any) -> None:  # noqa: ANN401 - a DataContext of Ray
    """Blocks keep their order, none waits for others, and what is raised is raised as it is."""
    context.execution_options.preserve_order = True
    context.target_max_block_size = 1  # bytes: every task is a block, and goes out when it is read
    be_quiet(context)


def be_quiet(context: Any) -> None:  # noqa: ANN401 - a DataContext of Ray
    """Nothing is drawn, and what is raised is raised as it is."""
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.raise_original_map_exception = True
    context.execution_no_progress_timeout_s = -1  # tasks may be large and nodes slow to come
