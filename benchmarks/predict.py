"""How much of the network's speed `predict` keeps, and whether its memory grows with the pairs.

    python benchmarks/predict.py --size 480 640 --pairs 24 --repeats 5
    python benchmarks/predict.py --memory-only

Speed: pairs/s from files to written records (`PairPipeline.stream` and the writer of records, as
in predict.py) beside the bare network on tensors in memory: the same photographs, sizes and
batches, in turns. Memory: the largest resident size of predict.py in processes of its own, on 10
and on 1,000 pairs, which are the same photographs under different names.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import torch

from spotdiff.cli.pipelines import open_checkpoint
from spotdiff.data.cutouts import PhotoLibrary
from spotdiff.data.images import read_image
from spotdiff.data.synthetic import SyntheticPairs
from spotdiff.models.localizer import SiameseLocalizer
from spotdiff.pipeline import PairPipeline
from spotdiff.stages.decision import HeatmapDecision, MapComparer
from spotdiff.types import Image, PairRow
from spotdiff.writers.jsonl import JsonlWriter

PREDICT = Path(__file__).resolve().parents[1] / "predict.py"
MEGABYTE = 2**20


def main() -> None:
    """Prints both speeds and their ratio, then both sizes."""
    asked = _arguments()
    if asked.threads:
        torch.set_num_threads(asked.threads)
    with tempfile.TemporaryDirectory() as folder:
        if not asked.memory_only:
            rows = written(asked, Path(folder) / "speed", asked.size, asked.pairs)
            _print_speed(asked, rows, Path(folder))
        if not asked.speed_only:
            rows = written(asked, Path(folder) / "memory", asked.memory_size, 10)
            _print_memory(asked, rows, Path(folder))


def written(
    asked: argparse.Namespace, folder: Path, size: Sequence[int], count: int
) -> list[PairRow]:
    """Synthetic pairs as JPEG files."""
    library = PhotoLibrary.procedural()
    if asked.photos is not None:
        library = PhotoLibrary.from_folder(asked.photos)
    draw = SyntheticPairs(library, (size[0], size[1]))
    folder.mkdir()
    rows = []
    for seed in range(count):
        pair = draw(seed)
        paths = [folder / f"{seed}_{view}.jpg" for view in ("before", "after")]
        for path, image in zip(paths, (pair.before, pair.after), strict=True):
            cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        rows.append(PairRow(pair.pair_id, paths[0], paths[1]))
    return rows


def _print_speed(asked: argparse.Namespace, rows: list[PairRow], folder: Path) -> None:
    checkpoint = open_checkpoint(asked.ckpt)
    localizer = SiameseLocalizer(checkpoint.network(), device=asked.device)
    decision = HeatmapDecision(checkpoint.thresholds)
    answering = PairPipeline(MapComparer(localizer, decision), checkpoint.info)
    views = [(read_image(row.before), read_image(row.after)) for row in rows]
    batches = [
        _tensors(views[i : i + asked.batch_size], localizer.device)
        for i in range(0, len(views), asked.batch_size)
    ]
    _bare(localizer, batches[:1])
    _whole(answering, rows[: asked.batch_size], asked, folder / "warm.jsonl")
    ratios: list[float] = []
    speeds: dict[str, list[float]] = {"predict": [], "network": []}
    for repeat in range(asked.repeats):
        whole = len(rows) / _whole(answering, rows, asked, folder / f"{repeat}.jsonl")
        bare = len(rows) / _bare(localizer, batches)
        speeds["predict"].append(whole)
        speeds["network"].append(bare)
        ratios.append(whole / bare)
    height, width = asked.size
    print(
        f"{len(rows)} pairs of {width}x{height}, batches of {asked.batch_size}, {asked.repeats} "
        f"repeats in turns, {torch.get_num_threads()} threads, {asked.device}, "
        f"{checkpoint.info.name}\n"
    )
    print("| | pairs/s, median | min | max |\n| --- | --- | --- | --- |")
    for name, values in (*speeds.items(), ("ratio", ratios)):
        print(
            f"| {name} | {statistics.median(values):.3f} | {min(values):.3f} | {max(values):.3f} |"
        )
    print()


def _tensors(
    views: Sequence[tuple[Image, Image]], device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    before, after = (
        torch.stack([torch.from_numpy(pair[view]).permute(2, 0, 1) for pair in views]).to(device)
        for view in (0, 1)
    )
    return before, after


@torch.inference_mode()
def _bare(
    localizer: SiameseLocalizer, batches: Sequence[tuple[torch.Tensor, torch.Tensor]]
) -> float:
    """Seconds of the network alone."""
    start = time.perf_counter()
    for before, after in batches:
        localizer.net(before, after)
    if localizer.device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def _whole(
    answering: PairPipeline, rows: Sequence[PairRow], asked: argparse.Namespace, path: Path
) -> float:
    """Seconds from files to records."""
    start = time.perf_counter()
    with JsonlWriter(path) as writer:
        for result in answering.stream(rows, asked.batch_size, asked.readers):
            writer.write(result)
    return time.perf_counter() - start


def _print_memory(asked: argparse.Namespace, rows: list[PairRow], folder: Path) -> None:
    sizes = {}
    for count in (10, asked.many):
        table = folder / f"pairs_{count}.jsonl"
        lines = (
            {"pair_id": f"pair{i}", "before": str(row.before), "after": str(row.after)}
            for i, row in ((i, rows[i % len(rows)]) for i in range(count))
        )
        table.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        sizes[count] = peak_memory(asked, table, folder / f"out_{count}")
    height, width = asked.memory_size
    print(f"Largest resident size of predict.py, pairs of {width}x{height}\n")
    print("| pairs | MB |\n| --- | --- |")
    for count, size in sizes.items():
        print(f"| {count} | {size / MEGABYTE:.0f} |")
    print(f"| ratio | {sizes[asked.many] / sizes[10]:.3f} |")


def peak_memory(asked: argparse.Namespace, table: Path, out: Path) -> int:
    """The largest resident size of predict.py on a table, in bytes."""
    command = [sys.executable, str(PREDICT), f"pairs={table}", f"out={out}"]
    command += [f"device={asked.device}", f"batch_size={asked.batch_size}"]
    command += [f"ckpt={Path(asked.ckpt).resolve()}"] if asked.ckpt else []
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    told = process.stderr.read() if process.stderr else ""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"predict.py ended with {process.returncode}: {told}")
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--ckpt", help="checkpoint; the shipped one if left out")
    add("--photos", type=Path, help="folder of photographs; drawn pairs if left out")
    add("--size", type=int, nargs=2, default=(480, 640), help="height and width, multiples of 32")
    add("--pairs", type=int, default=24)
    add("--repeats", type=int, default=5)
    add("--batch-size", type=int, default=1)
    add("--readers", type=int, default=2)
    add("--memory-size", type=int, nargs=2, default=(96, 128), help="of the pairs of that part")
    add("--many", type=int, default=1000, help="pairs of the larger run of that part")
    add("--device", default="cpu")
    add("--threads", type=int, help="of torch; all cores if left out")
    add("--speed-only", action="store_true")
    add("--memory-only", action="store_true")
    asked = parser.parse_args()
    if any(side % 32 for side in asked.size):
        parser.error("expected --size in multiples of 32: the bare network takes no others")
    return asked


if __name__ == "__main__":
    main()
