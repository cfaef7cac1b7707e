"""What the Ray engine costs beside the local one, and how it grows from one worker to two.

    python benchmarks/ray.py --pairs 1000
    python benchmarks/ray.py --pairs 100 --size 96 128 --repeats 1

The same small pairs, the same model and equal threads: the local engine with one thread beside one
worker with one thread, the local engine with two threads beside two workers with one thread each.
Every run is a process of its own, in turns. A run starts when its imports are done. Pairs/s are
those of the last three quarters of the records, when every worker has long been there. Memory is
the largest sum over a process and all that it started, in which what is shared counts once (Pss).
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
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
# This file is called like what it measures: from its own folder, Python would import it as Ray.
sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != HERE]

import cv2  # noqa: E402
import torch  # noqa: E402

from spotdiff.apps.loading import load  # noqa: E402
from spotdiff.apps.ray_engine import RayEngine, predict_with_ray  # noqa: E402
from spotdiff.data.cutouts import PhotoLibrary  # noqa: E402
from spotdiff.data.sources import open_source  # noqa: E402
from spotdiff.data.synthetic import SyntheticPairs  # noqa: E402
from spotdiff.pipeline import PairPipeline  # noqa: E402
from spotdiff.types import PairResult  # noqa: E402
from spotdiff.writers.jsonl import JsonlWriter  # noqa: E402

DIFFERENT = 20  # pairs; more are the same photographs under other names
MEGABYTE = 2**20


@dataclass(frozen=True)
class Run:
    """What is measured: an engine, and how many threads or workers it has."""

    engine: str
    width: int

    @property
    def name(self) -> str:
        """For the table."""
        if self.engine == "local":
            return f"local, threads: {self.width}"
        return f"Ray, workers of one thread: {self.width}"


@dataclass(frozen=True)
class Measured:
    """Of one run: seconds to its first record and to its end, its speed, memory and records."""

    start: float
    total: float
    speed: float
    memory: float
    records: str


RUNS = tuple(Run(engine, width) for width in (1, 2) for engine in ("local", "ray"))


def main() -> None:
    """Prints the table."""
    asked = _arguments()
    if asked.child:
        _child(asked)
        return
    with tempfile.TemporaryDirectory() as folder:
        table = written(asked, Path(folder))
        measured: dict[Run, list[Measured]] = defaultdict(list)
        for repeat in range(asked.repeats):
            for run in RUNS:
                measured[run].append(_measure(asked, run, table, Path(folder) / str(repeat)))
    _print(asked, measured)


def written(asked: argparse.Namespace, folder: Path) -> Path:
    """A manifest of small synthetic pairs."""
    draw = SyntheticPairs(PhotoLibrary.procedural(), tuple(asked.size))
    for seed in range(min(DIFFERENT, asked.pairs)):
        pair = draw(seed)
        for view, image in (("before", pair.before), ("after", pair.after)):
            cv2.imwrite(str(folder / f"{seed}_{view}.jpg"), image[..., ::-1])
    lines = (
        {
            "pair_id": f"pair{number}",
            "before": f"{number % DIFFERENT}_before.jpg",
            "after": f"{number % DIFFERENT}_after.jpg",
        }
        for number in range(asked.pairs)
    )
    table = folder / "pairs.jsonl"
    table.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return table


def _measure(asked: argparse.Namespace, run: Run, table: Path, out: Path) -> Measured:
    """Runs this file again, as the run alone."""
    records = out / f"{run.engine}{run.width}.jsonl"
    command = [sys.executable, __file__, "--child", run.engine, str(run.width)]
    command += [str(table), str(records), "--batch-size", str(asked.batch_size)]
    command += ["--readers", str(asked.readers)]
    command += ["--ckpt", str(Path(asked.ckpt).resolve())] if asked.ckpt else []
    threads = run.width if run.engine == "local" else 1
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}  # Ray sets it in its workers
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    memory = 0.0
    while process.poll() is None:
        memory = max(memory, sum(map(_memory, _family(process.pid))))
        time.sleep(asked.every)
    told = process.stdout.read() if process.stdout else ""
    if process.returncode:
        raise RuntimeError(f"{run.name} ended with {process.returncode}")
    times = json.loads(told.splitlines()[-1])
    quarter = len(times) // 4
    speed = (len(times) - 1 - quarter) / (times[-1] - times[quarter])
    return Measured(times[0], times[-1], speed, memory, records.read_text(encoding="utf-8"))


def _child(asked: argparse.Namespace) -> None:
    engine, width, table, records = asked.child
    build = partial(load, asked.ckpt, device="cpu")
    results = _local if engine == "local" else _ray
    times = []
    start = time.perf_counter()
    with JsonlWriter(Path(records)) as writer:
        for result in results(asked, int(width), partial(open_source, table), build):
            writer.write(result)
            times.append(time.perf_counter() - start)
    print(json.dumps(times))


def _local(
    asked: argparse.Namespace, threads: int, source: Callable, build: Callable[[], PairPipeline]
) -> Iterator[PairResult]:
    cv2.setNumThreads(threads)
    torch.set_num_threads(threads)
    yield from build().stream(source(), asked.batch_size, asked.readers)


def _ray(
    asked: argparse.Namespace, workers: int, source: Callable, build: Callable[[], PairPipeline]
) -> Iterator[PairResult]:
    settings = RayEngine(
        workers=workers,
        cpus_per_worker=1,
        gpus_per_worker=0,
        batch_size=asked.batch_size,
        readers=asked.readers,
    )
    yield from predict_with_ray(source, build, {}, settings=settings)


def _family(pid: int) -> list[int]:
    """A process and all that it started, and they in turn."""
    children = defaultdict(list)
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        children[int(fields[1])].append(int(path.parent.name))
    found = [pid]
    for parent in found:
        found += children[parent]
    return found


def _memory(pid: int) -> float:
    """Megabytes of one process; what it shares with others in parts."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0  # it ended meanwhile
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0) / 1024


def _print(asked: argparse.Namespace, measured: dict[Run, list[Measured]]) -> None:
    height, width = asked.size
    print(
        f"{asked.pairs} pairs of {width}x{height}, batches of {asked.batch_size}, "
        f"{asked.repeats} repeats in turns, medians, {os.cpu_count()} cores\n"
    )
    print("| engine | first record, s | all, s | pairs/s | of local | memory, MB | same records |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    speeds = {run: statistics.median(one.speed for one in some) for run, some in measured.items()}
    first = measured[RUNS[0]][0].records.splitlines()
    for run, some in measured.items():
        start, total = (
            statistics.median(getattr(one, name) for one in some) for name in ("start", "total")
        )
        ratio = speeds[run] / speeds[Run("local", run.width)]
        memory = max(one.memory for one in some)
        same = sum(a == b for a, b in zip(first, some[0].records.splitlines(), strict=True))
        print(
            f"| {run.name} | {start:.1f} | {total:.1f} | {speeds[run]:.2f} | {ratio:.2f} "
            f"| {memory:.0f} | {same} of {len(first)} |"
        )
    for engine in ("local", "ray"):
        growth = speeds[Run(engine, 2)] / speeds[Run(engine, 1)]
        print(f"\n{engine}, from one to two: {growth:.2f} times the pairs/s")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--pairs", type=int, default=1000)
    add("--size", type=int, nargs=2, default=(96, 128), help="height and width")
    add("--ckpt", help="checkpoint; the shipped one if left out")
    add("--repeats", type=int, default=3)
    add("--batch-size", type=int, default=1)
    add("--readers", type=int, default=2)
    add("--every", type=float, default=0.5, help="seconds between two looks at the memory")
    add("--child", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.pairs < 8:
        parser.error("expected --pairs to be at least 8: speed is measured over most of them")
    return asked


if __name__ == "__main__":
    main()
