"""Pairs per second of the bare network and of all of predict: two tables of gpu.py."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import torch
from gpu_answers import Way, drawn
from gpu_clock import busy, median_seconds, most_memory, seconds, table

from spotdiff.apps.places import shipped_checkpoint
from spotdiff.models.precision import exact_convolutions
from spotdiff.pipeline import PairPipeline
from spotdiff.training.checkpoint import read
from spotdiff.types import Pair, PairRow
from spotdiff.writers.jsonl import JsonlWriter


def print_network(device: str, batches: Sequence[int], size: tuple[int, int], repeats: int) -> None:
    """The network alone, on tensors that lie on the device."""
    kinds = [Way("cpu")]
    if device != "cpu":
        kinds += [Way(device), Way(device, tf32=True), Way(device, half=True)]
    columns = ("pairs at once", *(f"{way}, pairs/s" for way in kinds), "memory of the last, MB")
    title = f"Bare network, {size[1]}x{size[0]}, medians of {repeats} on a card, of 3 on the CPU"
    table(title, columns, _network_rows(kinds, batches, size, repeats))


def _network_rows(
    kinds: Sequence[Way], batches: Sequence[int], size: tuple[int, int], repeats: int
) -> Iterator[Sequence[str]]:
    nets = {way: read(shipped_checkpoint()).network().to(way.device).eval() for way in kinds}
    for batch in batches:
        cells, peak = [f"{batch}"], 0
        for way, net in nets.items():
            if way.device == "cpu" and batch > 4:  # it gains nothing more there
                cells.append("–")
                continue
            views = torch.randint(0, 256, (2, batch, 3, *size), dtype=torch.uint8)
            work = partial(_forward, net, views.to(way.device), way)
            turns, warm_up = (3, 1) if way.device == "cpu" else (repeats, 10)
            cells.append(f"{batch / median_seconds(work, way.device, turns, warm_up):.1f}")
            peak = most_memory(way.device)
        yield [*cells, f"{peak}"]


@torch.inference_mode()
def _forward(net: torch.nn.Module, views: torch.Tensor, way: Way) -> None:
    exact = nullcontext() if way.tf32 else exact_convolutions()
    with exact, torch.autocast(way.device, torch.bfloat16, enabled=way.half):
        net(views[0], views[1])


def print_whole(
    device: str, size: tuple[int, int], count: int, settings: Sequence[tuple[int, int]]
) -> None:
    """From JPEG files to written records, as predict.py does it, and where the time goes.

    Args:
        device: The first setting is tried on the CPU too, with fewer pairs.
        size: Of the pairs, height and width.
        count: Of the pairs.
        settings: `batch_size` and `readers` of predict.py; in bfloat16 the last.
    """
    columns = (
        "network",
        "batch_size",
        "readers",
        "pairs/s",
        "GPU busy",
        *(
            f"ms a pair: {part}"
            for part in ("align", "network and maps", "decide", "write", "rest")
        ),
    )
    runs = [(Way("cpu"), settings[0])]
    if device != "cpu":
        runs += [*((Way(device), one) for one in settings), (Way(device, True), settings[-1])]
    with tempfile.TemporaryDirectory() as folder:
        rows = written(drawn(count, size), Path(folder))
        title = f"Files to records, pairs {len(rows)} of {size[1]}x{size[0]}, JPEG"
        table(title, columns, (_whole_row(*run, rows, Path(folder)) for run in runs))


def _whole_row(
    way: Way, setting: tuple[int, int], rows: Sequence[PairRow], folder: Path
) -> Sequence[str]:
    if way.device == "cpu":
        rows = rows[: max(4, len(rows) // 8)]
    batch, readers = setting
    pipeline = way.pipeline()
    spent = Parts(pipeline)
    answer(pipeline, rows[: 2 * batch], setting, folder / "warm.jsonl", spent)
    spent.times.clear()
    wall = seconds(
        partial(answer, pipeline, rows, setting, folder / "timed.jsonl", spent), way.device
    )
    parts = [spent.times.get(name, 0.0) for name in ("alignment", "localizer", "decision", "write")]
    with busy(way.device) as seen:  # few, because it keeps a line for every kernel
        answer(pipeline, rows[:16], setting, folder / "busy.jsonl", spent)
    each = [f"{1000 * part / len(rows):.1f}" for part in (*parts, wall - sum(parts))]
    return [str(way), f"{batch}", f"{readers}", f"{len(rows) / wall:.1f}", seen.share, *each]


class Parts:
    """Seconds of the parts of a pipeline, which it wraps."""

    def __init__(self, pipeline: PairPipeline) -> None:
        self.times: dict[str, float] = {}
        comparer: Any = pipeline.comparer
        pipeline.alignment = self.timed("alignment", pipeline.alignment)
        comparer.localizer = self.timed("localizer", comparer.localizer)
        comparer.decision = self.timed("decision", comparer.decision)

    def timed(self, name: str, work: Any) -> Callable[..., Any]:  # noqa: ANN401 - whatever it wraps
        """The same work, which adds up its seconds."""

        def timed(*given: Any) -> Any:  # noqa: ANN401
            start = time.perf_counter()
            found = work(*given)
            self.times[name] = self.times.get(name, 0.0) + time.perf_counter() - start
            return found

        return timed


def answer(
    pipeline: PairPipeline,
    rows: Sequence[PairRow],
    setting: tuple[int, int],
    path: Path,
    spent: Parts,
) -> None:
    """What predict.py does with the rows of a table; `setting` is batch_size and readers."""
    with JsonlWriter(path) as writer:
        write = spent.timed("write", writer.write)
        for result in pipeline.stream(rows, *setting):
            write(result)


def written(pairs: Sequence[Pair], folder: Path) -> list[PairRow]:
    """The pairs as JPEG files."""
    rows = []
    for pair in pairs:
        paths = [folder / f"{pair.pair_id}_{view}.jpg" for view in ("before", "after")]
        for path, image in zip(paths, (pair.before, pair.after), strict=True):
            cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        rows.append(PairRow(pair.pair_id, paths[0], paths[1]))
    return rows
