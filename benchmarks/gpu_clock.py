"""Clocks and tables of gpu.py: medians by events, and how busy the card was."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch.profiler import ProfilerActivity, profile

Work = Callable[[], object]


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Prints a table of Markdown, each row as soon as it is there."""
    print(f"\n{title}\n\n| {' | '.join(columns)} |\n|{' --- |' * len(columns)}", flush=True)
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |", flush=True)


def named(device: str) -> str:
    """The name of the card, or what computes here."""
    if device == "cpu":
        return f"CPU, {torch.get_num_threads()} threads"
    return torch.cuda.get_device_name()


def settled(device: str) -> None:
    """Returns when the device has done all it was given."""
    if device != "cpu":
        torch.cuda.synchronize()


def most_memory(device: str) -> int:
    """The most MB that tensors took on the card since this was asked last."""
    if device == "cpu":
        return 0
    most = torch.cuda.max_memory_allocated() // 2**20
    torch.cuda.reset_peak_memory_stats()
    return most


def seconds(work: Work, device: str) -> float:
    """What some work takes, on a clock that waits for the device before and after."""
    settled(device)
    start = time.perf_counter()
    work()
    settled(device)
    return time.perf_counter() - start


def median_seconds(work: Work, device: str, repeats: int, warm_up: int = 3) -> float:
    """The median of several turns after some to warm up; on a card by its own events."""
    for _ in range(warm_up):
        work()
    once = seconds if device == "cpu" else _by_events
    return statistics.median(once(work, device) for _ in range(repeats))


def _by_events(work: Work, device: str) -> float:
    first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    settled(device)
    first.record()
    work()
    last.record()
    settled(device)
    return first.elapsed_time(last) / 1000


class Busy:
    """How long the card computed or copied while the block ran: `seconds`, and `share` of it."""

    def __init__(self) -> None:
        self.seconds = self.wall = 0.0

    @property
    def share(self) -> str:
        """In percent; of what is no card nothing is known."""
        return f"{self.seconds / self.wall:.0%}" if self.seconds else "–"


@contextmanager
def busy(device: str) -> Iterator[Busy]:
    """Adds up the kernels and copies of the block. Only for work on one stream."""
    found = Busy()
    if device == "cpu":
        yield found
        return
    settled(device)
    with profile(activities=[ProfilerActivity.CUDA]) as seen:
        start = time.perf_counter()
        yield found
        settled(device)
        found.wall = time.perf_counter() - start
    # microseconds
    found.seconds = sum(event.self_device_time_total for event in seen.key_averages()) / 1e6
