"""What tuning the rules of objects costs, beside the notebook that runs every model for a setting.

    python benchmarks/objects.py --data DATA/sbi_pairs --weights YOLO.pt
    python benchmarks/objects.py --only sweep matching --stored 1000

Three tables. Tuning: all settings of conf/tune.yaml on some pairs, the same detector with both
looks of `tta=flip`, the same change model and the same embedder of regions, counted by wrappers.
The notebook (`Notebook`) decodes, detects and embeds anew for each setting, so that a few of them,
spread evenly over the grid, are run in turns with ours and multiplied. Ours gathers into a folder
from the files on, the search for a moved camera among it, and searches with cross-validation and
fitted combinations. Sweep: the search alone over drawn evidence that lies in a folder. Matching:
partners of boxes whose cosines are there, and the fusion of boxes beside ensemble-boxes.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ensemble_boxes import weighted_boxes_fusion
from notebook_objects import DECODED, EMBEDDED, LOCALIZED, LOOKED
from stored_objects import WORDS, drawn_pair, drawn_view
from tuning_objects import FOLDS, Tuning, searched, settings_of_tune, timed

from spotdiff.apps.objects import OWN_LOOK, bundled_meanings
from spotdiff.data.evidence import ParquetEvidence
from spotdiff.data.sources import open_source
from spotdiff.data.tables import checked
from spotdiff.ops.fusion import fuse
from spotdiff.ops.objects import sightings
from spotdiff.training.object_scores import LabelledEvidence
from spotdiff.types import Detections, LabelSets, ObjectEvidence, ObjectRules

TABLES = ("tuning", "sweep", "matching")


def main() -> None:
    """Prints the tables that are asked for."""
    asked = _arguments()
    logging.getLogger("spotdiff").setLevel(logging.ERROR)
    torch.set_num_threads(asked.threads)
    print(f"{torch.get_num_threads()} threads of torch, {asked.device}")
    if "tuning" in asked.only:
        _print_tuning(asked)
    if "sweep" in asked.only:
        _print_sweep(asked)
    if "matching" in asked.only:
        _print_matching(asked)


def _print_tuning(asked: argparse.Namespace) -> None:
    try:
        tuning = Tuning(asked)
        rows = _spread(checked(open_source(asked.data)), asked.pairs)
    except (ImportError, OSError, ValueError) as error:
        sys.exit(" ".join(str(error).split()))
    settings = settings_of_tune()
    chosen = _spread(settings, asked.settings)
    tuning.ours(rows[:FOLDS])
    tuning.notebook(rows[:1], chosen[0])
    turns = [(tuning.notebook(rows, rules), tuning.ours(rows)) for rules in chosen]
    times = len(settings)
    print(
        f"\nTuning, pairs: {len(rows)}, settings: {times}, once all is warm; turns of both, each "
        f"with another setting of the notebook: {len(turns)}. Seconds are medians of the turns, "
        f"counts means; the second column is {times} times the first.\n\n"
        f"| | notebook, one setting | notebook, times {times} | spotdiff, {times} settings | ratio "
        "|\n| --- | --- | --- | --- | --- |"
    )
    for name in (LOOKED, DECODED, EMBEDDED, LOCALIZED):
        counts = ([run.counts[name] for run in side] for side in zip(*turns, strict=True))
        theirs, ours = map(statistics.mean, counts)
        _print_row(name, theirs, times, f"{ours:g}", ours)
    seconds = ([run.seconds for run in side] for side in zip(*turns, strict=True))
    theirs, ours = map(statistics.median, seconds)
    _print_row("seconds", theirs, times, f"{ours:.2f}", ours)
    for name in turns[0][1].spent:
        middle = statistics.median(run.spent[name] for _, run in turns)
        print(f"| seconds, {name} | | | {middle:.2f} | |", flush=True)


def _print_row(name: str, one: float, times: int, written: str, ours: float) -> None:
    cells = f"{one:.1f} | {times * one:,.0f} | {written} | {times * one / ours:,.0f}"
    print(f"| {name} | {cells} |")


def _spread(items: Sequence[Any], count: int) -> list[Any]:
    """So many of them, spread evenly; of one, the middle."""
    count = min(count, len(items))
    return [items[(2 * i + 1) * len(items) // (2 * count)] for i in range(count)]


def _print_sweep(asked: argparse.Namespace) -> None:
    most = max(asked.stored)
    with tempfile.TemporaryDirectory() as folder:
        truth, objects = _stored(asked, Path(folder), most)
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.parquet"))
        columns = {count: _swept(Path(folder), truth[:count]) for count in sorted(asked.stored)}
    print(
        f"\nSweep, settings: {len(settings_of_tune())}, "
        f"{objects / most / 2:.1f} objects a view, {size / most / 1000:.0f} kB a pair on disk\n\n"
        f"| pairs | {' | '.join(map(str, columns))} |\n| --- |{' --- |' * len(columns)}"
    )
    totals = {count: sum(spent.values()) for count, spent in columns.items()}
    for name in next(iter(columns.values())):
        cells = " | ".join(f"{spent[name]:.2f}" for spent in columns.values())
        print(f"| seconds, {name} | {cells} |")
    print(f"| seconds, all | {' | '.join(f'{total:.2f}' for total in totals.values())} |")
    speeds = (f"{count / total:.0f}" for count, total in totals.items())
    print(f"| pairs/s | {' | '.join(speeds)} |", flush=True)


def _stored(asked: argparse.Namespace, folder: Path, count: int) -> tuple[list[LabelSets], int]:
    """Writes the evidence of drawn pairs by their numbers; their words, and how many objects."""
    truth, objects = [], 0
    with ParquetEvidence(folder) as store:
        for seed in range(count):
            evidence, words = drawn_pair(seed, asked.objects)
            store.pairs.put(str(seed), evidence)
            truth.append(words)
            objects += len(evidence.before) + len(evidence.after)
    return truth, objects


def _swept(folder: Path, truth: Sequence[LabelSets]) -> dict[str, float]:
    """The seconds of each part of a search over the first pairs of a folder."""
    spent: dict[str, float] = {}
    keys = tuple(map(str, range(len(truth))))
    with timed(spent, "loading"):
        evidence = tuple(ParquetEvidence(folder).pairs.get_many(keys))
    group = bundled_meanings().group
    searched(LabelledEvidence(keys, evidence, tuple(truth), OWN_LOOK, group, WORDS), spent)
    return spent


def _print_matching(asked: argparse.Namespace) -> None:
    print("\nMatching and fusion\n\n| | ms, median | min | max |\n| --- | --- | --- | --- |")
    for count in (20, 100):
        name = f"partners of {count} x {count} boxes"
        _print_times(name, _times(_matching(count), asked.repeats))
    ours, theirs = (_times(fusing, asked.repeats) for fusing in _fusing(voters=4, count=100))
    _print_times("fusion of 4 x 100 boxes of 20 labels, spotdiff", ours)
    _print_times("the same, ensemble-boxes", theirs)
    print(
        f"| ratio of the medians | {statistics.median(theirs) / statistics.median(ours):.1f} | | |"
    )


def _matching(count: int) -> Callable[[], object]:
    """Finds partners of so many objects a view, most of which are near one of the other."""
    rng = np.random.default_rng(0)
    before = drawn_view(rng, count, WORDS[:2])
    boxes = before.detections.boxes + rng.normal(0, 3, (count, 4)).astype(np.float32)
    after = replace(before, detections=replace(before.detections, boxes=boxes))
    order = rng.permutation(count)
    after = after[order]
    cosines = rng.uniform(0, 0.6, (count, count)).astype(np.float32)
    cosines[order, np.arange(count)] = 0.95
    evidence = ObjectEvidence(before, after, cosines)
    groups = list(before.detections.labels), list(after.detections.labels)
    rules = ObjectRules(min_partner=0.0)
    return lambda: sightings(
        evidence,
        groups,
        alpha=rules.alpha,
        min_same=rules.min_same,
        min_partner=rules.min_partner,
        look=OWN_LOOK,
    )


def _fusing(voters: int, count: int) -> tuple[Callable[[], Detections], Callable[[], Any]]:
    """Ours and theirs on the same boxes, each as it takes them."""
    rng = np.random.default_rng(0)
    words = [f"label {number}" for number in range(20)]
    first = drawn_view(rng, count, words).detections
    votes = [
        replace(
            first,
            boxes=(first.boxes + rng.normal(0, 4, (count, 4))).clip(0, 720).astype(np.float32),
            scores=rng.uniform(0.05, 1, count).astype(np.float32),
        )
        for _ in range(voters)
    ]
    boxes = [(vote.boxes / 720).tolist() for vote in votes]
    scores = [vote.scores.tolist() for vote in votes]
    labels = [[words.index(label) for label in vote.labels] for vote in votes]
    ours = lambda: fuse(votes, min_overlap=0.55, min_score=0.05, rescale="avg")  # noqa: E731
    theirs = lambda: weighted_boxes_fusion(  # noqa: E731
        boxes, scores, labels, iou_thr=0.55, skip_box_thr=0.05, conf_type="avg"
    )
    if len(ours()) != len(theirs()[0]):
        raise ValueError(f"Expected equal answers, got {len(ours())} and {len(theirs()[0])} boxes.")
    return ours, theirs


def _times(work: Callable[[], object], repeats: int) -> list[float]:
    """Milliseconds of every repeat, those that warm up left out."""
    found = []
    for _ in range(repeats + 3):
        start = time.perf_counter()
        work()
        found.append((time.perf_counter() - start) * 1000)
    return found[3:]


def _print_times(name: str, times: Sequence[float]) -> None:
    print(f"| {name} | {statistics.median(times):.2f} | {min(times):.2f} | {max(times):.2f} |")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--data", type=Path, help="any source of pairs with words; of tuning")
    add("--weights", default="yolov8n.pt", help="of YOLO: a file, or a name of the catalogue")
    add("--labels", nargs="+", default=("person", "car"), help="that are looked for")
    add("--pairs", type=int, default=10, help="of these data, spread evenly over the table")
    add("--settings", type=int, default=3, help="of the grid, that the notebook really runs")
    add("--ckpt", help="a checkpoint; the one that ships by default")
    add("--stored", type=int, nargs="+", default=(250, 500, 1000, 2000), help="pairs of a sweep")
    add("--objects", type=int, default=20, help="a view, of drawn pairs")
    add("--repeats", type=int, default=50, help="of matching")
    add("--only", nargs="+", choices=TABLES, default=TABLES)
    add("--device", default="cpu")
    add("--threads", type=int, default=2, help="of torch")
    asked = parser.parse_args()
    if "tuning" in asked.only and asked.data is None:
        parser.error("expected --data for tuning: a table of pairs whose changes have names")
    return asked


if __name__ == "__main__":
    main()
