"""How fast difference areas are found beside the published operator's procedure, same models.

    python benchmarks/areas.py --pairs 1
    python benchmarks/areas.py --pairs 1 --lossless
    python benchmarks/areas.py --pairs 4 --batch 4 --operator-pairs 0
    python benchmarks/areas.py --pairs 32 --batch 8 --device cuda

The operator (data-juicer's difference area generator) writes each crop as a JPEG file, reads it
again for each noun and gives each model one crop at a time. `Operator` does that with the classes
of transformers, without the five data sets a pair around it. Both sides go from files to boxes,
without gradients, with the very same CLIP ViT-B/32 and BLIP base modules (random weights, which
cost the time of trained ones), the same listed boxes and the same nouns. The rules are those of
conf/areas/recipe.yaml with thresholds at the scores of these weights that let through what --differ
and --match say. JPEG alters crops, so the boxes of both may differ; --lossless has the operator
write PNG instead, to see whether the two procedures give the same answer.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import torch
import yaml
from operator_areas import CAPTIONS, Meter, Models, Operator, Proposed

from spotdiff.apps.places import travelling
from spotdiff.data.cutouts import PhotoLibrary
from spotdiff.data.images import read_image
from spotdiff.data.sources import open_source
from spotdiff.data.synthetic import SyntheticPairs
from spotdiff.data.tables import checked
from spotdiff.experts.hanta import HanTaTagger
from spotdiff.ops.frames import in_one_frame
from spotdiff.ops.nouns import operator_nouns
from spotdiff.pipeline import PairPipeline
from spotdiff.stages.area_rules import AreaRules
from spotdiff.stages.difference_area import DifferenceAreas
from spotdiff.types import Boxes, Detections, Funnel, ModelInfo, Pair, PairResult, PairRow

Found = TypeVar("Found")


class Listed:
    """Proposes boxes known beforehand, by pair; a `PairProposer`."""

    info = ModelInfo("listed boxes", "")

    def __init__(self, boxes: Mapping[str, Proposed]) -> None:
        self.boxes = boxes

    def __call__(self, pairs: Sequence[Pair]) -> list[tuple[Detections, Detections]]:
        """Those of before and of after."""
        return [(_detected(first), _detected(second)) for first, second in map(self._of, pairs)]

    def _of(self, pair: Pair) -> Proposed:
        return self.boxes[pair.pair_id]


def _detected(boxes: Boxes) -> Detections:
    return Detections(boxes, np.ones(len(boxes), np.float32))


def listed(rows: Sequence[PairRow], count: int) -> dict[str, Proposed]:
    """Boxes of 3 to 60 % of the view's sides; half of those of after are near one of before."""
    found = {}
    for number, row in enumerate(rows):
        rng = np.random.default_rng(number)
        sides = np.tile(read_image(row.after).shape[1::-1], 2)
        size = np.exp(rng.uniform(np.log(0.03), np.log(0.6), (2 * count, 2)))
        start = rng.uniform(0, 1 - size)
        boxes = np.concatenate([start, start + size], axis=1) * sides
        moved = boxes[: count // 2] + rng.uniform(-2, 2, (count // 2, 4))
        boxes[count : count + count // 2] = moved.clip(0, sides)
        found[row.pair_id] = (boxes[:count].astype(np.float32), boxes[count:].astype(np.float32))
    return found


def fitted(
    asked: argparse.Namespace, models: Models, rows: Sequence[PairRow], boxes: dict[str, Proposed]
) -> AreaRules:
    """The recipe, with thresholds that let through the pairs and the shares that are asked for."""
    pairs = [Pair(row.pair_id, read_image(row.before), read_image(row.after)) for row in rows]
    regions = [np.concatenate(boxes[pair.pair_id]) for pair in pairs]
    whole = models.similarity.whole(pairs)
    alike = models.similarity.regions(pairs, regions)
    limit = _between(np.concatenate(alike), asked.differ)
    differing = [own[some <= limit][:: len(rows)] for own, some in zip(regions, alike, strict=True)]
    sample = [own[:: max(1, len(own) // 8)] for own in differing]
    nouns = operator_nouns(*CAPTIONS, HanTaTagger.from_pretrained())
    scores = [
        models.matcher([getattr(pair, view) for pair in pairs], sample, [words] * len(pairs))
        for view, words in zip(("before", "after"), nouns, strict=True)
    ]
    best = np.concatenate([found.max(axis=1) for side in scores for found in side])
    recipe = yaml.safe_load((travelling("conf") / "areas" / "recipe.yaml").read_text("utf-8"))
    recipe |= {"min_similarity": float(whole.min()) - 0.01, "max_similarity": 1.0}
    recipe |= {"min_region_similarity": -1.0, "max_region_similarity": limit}
    recipe |= {"min_match": _between(best, 1 - asked.match)}
    return AreaRules(**{name: value for name, value in recipe.items() if name != "_target_"})


def _between(values: np.ndarray, share: float) -> float:
    """Halfway between two values, above that share of them."""
    ordered = np.sort(values)
    place = min(max(1, round(share * len(ordered))), len(ordered) - 1)
    return float(ordered[place - 1] + ordered[place]) / 2


@dataclass(frozen=True)
class Run:
    """What some pairs took, and the boxes that were kept in each of them."""

    kept: list[list[list[float]]]
    wall: float
    cpu: float
    inside: float
    counts: dict[str, float]


def measured(models: Models, work: Callable[[], list[list[list[float]]]]) -> Run:
    """Runs some work; on a GPU twice, since counting makes both machines wait for each other."""
    if models.blip.device.type == "cuda":
        work()
        _, wall, cpu = _timed(work)
    with Meter(models) as meter:
        kept, metered, used = _timed(work)
    counts: dict[str, float] = {"crops written as files": 0}
    for name in meter.parts:
        counts |= {name: meter.items[name], f"{name.split(',')[0]}, calls": meter.calls[name]}
    if models.blip.device.type != "cuda":
        wall, cpu = metered, used
    return Run(kept, wall, cpu, meter.inside / metered, counts)


def _timed(work: Callable[[], Found]) -> tuple[Found, float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    return found, time.perf_counter() - wall, time.process_time() - cpu


class Bench:
    """Both procedures on the same pairs, boxes, nouns and models."""

    def __init__(self, asked: argparse.Namespace, models: Models, rules: AreaRules) -> None:
        self.asked = asked
        self.models = models
        self.rules = rules
        self.tagger = HanTaTagger.from_pretrained()

    def ours(self, rows: Sequence[PairRow], boxes: Mapping[str, Proposed]) -> list[PairResult]:
        """The results of the stage, as `predict` gets them."""
        areas = DifferenceAreas(
            self.rules, Listed(boxes), self.models.similarity, self.models.matcher, self.tagger
        )
        return list(PairPipeline(areas).stream(rows, self.asked.batch))

    def ours_measured(
        self, rows: Sequence[PairRow], boxes: Mapping[str, Proposed]
    ) -> tuple[Run, list[PairResult]]:
        """Its cost, and its results."""
        results: list[PairResult] = []

        def work() -> list[list[list[float]]]:
            results[:] = self.ours(rows, boxes)
            return kept(results)

        return measured(self.models, work), results

    def operator(self, rows: Sequence[PairRow], boxes: Mapping[str, Proposed]) -> Run:
        """The cost of the operator's procedure."""
        suffix = ".png" if self.asked.lossless else ".jpg"
        operator = Operator(self.models, self.rules, suffix)
        nouns = operator_nouns(*CAPTIONS, self.tagger)

        def work() -> list[list[list[float]]]:
            operator.written = operator.survivors = 0
            return [operator(row, boxes[row.pair_id], nouns) for row in rows]

        run = measured(self.models, work)
        run.counts["crops written as files"] = operator.written
        run.counts["regions that show nouns on both sides"] = operator.survivors
        return run


def kept(results: Sequence[PairResult]) -> list[list[list[float]]]:
    """The boxes of each result."""
    if wrong := [result.reason for result in results if result.status == "error"]:
        raise ValueError(f"Expected answers, got {wrong[0]}")
    return [[list(c.box_before or c.box_after or ()) for c in r.changes] for r in results]


def main() -> None:
    """Prints what both do and how long they take."""
    asked = _arguments()
    torch.set_num_threads(asked.threads)
    models = Models.drawn(asked.device)
    with tempfile.TemporaryDirectory() as folder:
        rows = written(asked, Path(folder))
        boxes = listed(rows, asked.boxes)
        rules = fitted(asked, models, rows[:4], boxes)
        print(
            f"Pairs: {len(rows)}; {asked.boxes} boxes a view, 3 nouns a view, pairs at a "
            f"time: {asked.batch}, {torch.get_num_threads()} threads, {asked.device}, crops of the "
            f"operator as {'PNG' if asked.lossless else 'JPEG'}; thresholds: "
            f"regions {rules.max_region_similarity:.4f}, match {rules.min_match:.4f}\n",
            flush=True,
        )
        bench = Bench(asked, models, rules)
        _print_both(bench, rows, boxes)


def _print_both(bench: Bench, rows: list[PairRow], boxes: dict[str, Proposed]) -> None:
    count = min(bench.asked.operator_pairs, len(rows))
    runs: dict[str, tuple[Run, int]] = {}
    for pairs in sorted({count, len(rows)} - {0}):
        run, results = bench.ours_measured(rows[:pairs], boxes)
        runs[f"spotdiff, pairs: {pairs}"] = (run, pairs)
    if count:
        theirs = bench.operator(rows[:count], boxes)
        runs = {f"operator, pairs: {count}": (theirs, count)} | runs
    _print_table(runs)
    left = sum((r.areas.funnel for r in results if r.areas), Funnel())
    print(f"\nRegions of spotdiff, pairs {len(rows)}: {left}\n")
    if count:
        _print_ratio(theirs, runs[f"spotdiff, pairs: {count}"][0])


def _print_table(runs: Mapping[str, tuple[Run, int]]) -> None:
    print(f"| a pair | {' | '.join(runs)} |\n| --- |{' --- |' * len(runs)}")
    names = list(dict.fromkeys(name for run, _ in runs.values() for name in run.counts))
    lines = {
        name: [
            f"{run.counts[name] / pairs:.0f}" if name in run.counts else "–"
            for run, pairs in runs.values()
        ]
        for name in names
    }
    lines["boxes kept"] = [f"{sum(map(len, r.kept)) / pairs:.1f}" for r, pairs in runs.values()]
    lines["seconds"] = [f"{run.wall / pairs:.2f}" for run, pairs in runs.values()]
    lines["CPU seconds"] = [f"{run.cpu / pairs:.2f}" for run, pairs in runs.values()]
    lines["pairs/s"] = [f"{pairs / run.wall:.4f}" for run, pairs in runs.values()]
    lines["time inside the models"] = [f"{run.inside:.1%}" for run, _ in runs.values()]
    for name, values in lines.items():
        print(f"| {name} | {' | '.join(values)} |")


def _print_ratio(theirs: Run, ours: Run) -> None:
    both = sum(box in b for a, b in zip(theirs.kept, ours.kept, strict=True) for box in a)
    print(
        f"Ratio of seconds {theirs.wall / ours.wall:.1f}, of CPU seconds "
        f"{theirs.cpu / ours.cpu:.1f}. Boxes kept: operator {sum(map(len, theirs.kept))}, "
        f"spotdiff {sum(map(len, ours.kept))}, in both {both}; equal and in the same order: "
        f"{'yes' if theirs.kept == ours.kept else 'no'}."
    )


def written(asked: argparse.Namespace, folder: Path) -> list[PairRow]:
    """The pairs as PNG files, both views in one frame."""
    rows: list[PairRow] = []
    for pair in _real(asked) if asked.data else _synthetic(asked):
        pair, _ = in_one_frame(pair)
        paths = [folder / f"{len(rows)}_{view}.png" for view in ("before", "after")]
        for path, image in zip(paths, (pair.before, pair.after), strict=True):
            cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        rows.append(PairRow(str(len(rows)), paths[0], paths[1], captions=CAPTIONS))
    return rows


def _real(asked: argparse.Namespace) -> Iterator[Pair]:
    rows = checked(open_source(asked.data))
    for row in rows[:: max(1, len(rows) // asked.pairs)][: asked.pairs]:
        yield Pair(row.pair_id, read_image(row.before), read_image(row.after))


def _synthetic(asked: argparse.Namespace) -> Iterator[Pair]:
    library = PhotoLibrary.procedural()
    if asked.photos is not None:
        library = PhotoLibrary.from_folder(asked.photos)
    return map(SyntheticPairs(library, tuple(asked.size), unchanged_rate=0), range(asked.pairs))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--pairs", type=int, default=1)
    add("--operator-pairs", type=int, default=1, help="of these, how many the operator gets")
    add("--data", type=Path, help="any source of real pairs; synthetic ones if left out")
    add("--photos", type=Path, help="photographs for synthetic pairs; drawn ones if left out")
    add("--size", type=int, nargs=2, default=(480, 640), help="of synthetic pairs: height, width")
    add("--boxes", type=int, default=60, help="a view")
    add("--differ", type=float, default=1 / 3, help="share of regions that look different")
    add("--match", type=float, default=0.5, help="share of crops that show a noun of their view")
    add("--lossless", action="store_true", help="crops of the operator as PNG, to compare answers")
    add("--batch", type=int, default=1, help="pairs at a time, of spotdiff")
    add("--device", default="cpu", choices=("cpu", "cuda"))
    add("--threads", type=int, default=2, help="of torch")
    return parser.parse_args()


if __name__ == "__main__":
    main()
