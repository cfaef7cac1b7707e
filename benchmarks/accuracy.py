"""Our model beside pixel difference and SSIM on real pairs, all in one run on the same pairs.

    python benchmarks/accuracy.py --data DIR --out accuracy.json
    python benchmarks/accuracy.py --data DIR --network FILE.py:CLASS --weights W.pt

DIR holds `sbi_pairs` and `deeppcb_trainval`. Boxes are cut from the heat of every method at each
point of a grid of thresholds and smallest areas, and the best point of each column is printed:
chosen on the pairs that it is measured on, in favour of the method. Our second row is what
`predict` reports, at the thresholds of the checkpoint.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from methods import Difference, Dissimilarity, Method, Network, Ours, as_places, cut
from real_pairs import (
    SHIFTS,
    SbiRow,
    deeppcb_pair,
    deeppcb_rows,
    sbi_pair,
    sbi_rows,
    unchanged_pairs,
)

from spotdiff.cli.pipelines import open_checkpoint
from spotdiff.ops.boxes import expand
from spotdiff.ops.heatmap import any_kind
from spotdiff.training.metrics import PixelScores, pixel_truth
from spotdiff.training.scores import Places, average_precision, centre_average_precision
from spotdiff.types import Pair, PairRow

AREAS = (4, 16, 40, 100, 250)
MARGIN = 10.0  # pixels that the annotators of DeepPCB left around a defect
FIFTH = 5
SEED = 0

Point = tuple[float, int]  # threshold of the heat, smallest area
Cutter = Callable[[np.ndarray], tuple[float, int]]  # share of pixels that glow, number of boxes


@dataclass(frozen=True, slots=True)
class Boxes:
    """How boxes of one method did; a point is None where the checkpoint's thresholds were used."""

    ap50: float
    centre_ap: float
    ap50_at: Point | None = None
    centre_at: Point | None = None


@dataclass
class Figures:
    """All that is printed of one row.

    Attributes:
        name: Of the method.
        pixels: Average precision of pixels by set.
        boxes: By set.
        alarms: By pixels of shift: share of pixels above the threshold, share of pairs with a box.
        seconds: From two photographs to heat, mean over the pairs of SBI.
    """

    name: str
    pixels: dict[str, float] = field(default_factory=dict)
    boxes: dict[str, Boxes] = field(default_factory=dict)
    alarms: dict[int, tuple[float, float]] = field(default_factory=dict)
    seconds: float = 0.0


class Grid:
    """The evidence of boxes at every point of the grid, and of those that are reported."""

    def __init__(self, method: Method, margin: float) -> None:
        self.margin = margin
        self.points: dict[Point, list[Places]] = {(h, a): [] for h in method.heats for a in AREAS}
        self.reported: list[Places] = []

    def take(self, method: Method, pair: Pair, heat: np.ndarray) -> None:
        """Adds a pair."""
        truth = pair.truth.changes or ()
        for min_heat in method.heats:
            regions = cut(heat, min_heat)
            for min_area in AREAS:
                kept = regions[regions.areas >= min_area]
                self.points[min_heat, min_area].append(self._grown(as_places(kept, truth)))
        if isinstance(method, Ours):
            self.reported.append(self._grown(method.reported()))

    def best(self) -> Boxes:
        """Each column at the point that suits it best."""
        ap50 = {point: average_precision(e).overall for point, e in self.points.items()}
        centre = {point: centre_average_precision(e) for point, e in self.points.items()}
        at, centre_at = max(ap50, key=ap50.__getitem__), max(centre, key=centre.__getitem__)
        return Boxes(ap50[at], centre[centre_at], at, centre_at)

    def as_reported(self) -> Boxes:
        """At the thresholds of the checkpoint."""
        found = average_precision(self.reported)
        return Boxes(found.overall, found.centre)

    def _grown(self, evidence: Places) -> Places:
        return replace(evidence, boxes=expand(evidence.boxes, self.margin))


def main() -> None:
    """Measures, prints the tables, writes the file."""
    asked = _arguments()
    if asked.threads:
        torch.set_num_threads(asked.threads)
    # COCO counts the best 100 boxes of a picture; low points of the grid give more.
    warnings.filterwarnings("ignore", "Encountered more than 100 detections")
    checkpoint = open_checkpoint(asked.ckpt)
    methods: list[Method] = [
        *(Difference(sigma) for sigma in asked.sigma),
        Dissimilarity(),
        Ours(checkpoint, asked.device),
    ]
    if asked.network is not None:
        methods.insert(-1, Network(asked.network, asked.weights, asked.device))
    rows = sbi_rows(asked.data, asked.pairs, asked.stride)
    boards = deeppcb_rows(asked.data, asked.deeppcb_stride, asked.pairs)
    table: list[Figures] = []
    for method in methods:
        print(f"measuring {method.name} …", flush=True)
        table += measured(method, rows, boards, asked)
    print(report(table, rows, boards, asked))
    if asked.out is not None:
        record = {"rows": [asdict(row) for row in table], "settings": vars(asked)}
        asked.out.write_text(json.dumps(record, indent=2, default=str) + "\n", encoding="utf-8")


def measured(
    method: Method, rows: list[SbiRow], boards: list[PairRow], asked: argparse.Namespace
) -> list[Figures]:
    """The row of a method, and for ours a second one at the calibrated thresholds."""
    best = Figures(method.name)
    grids = {
        "sbi": _sbi(method, rows, best),
        "deeppcb": _boxes(method, map(deeppcb_pair, boards), MARGIN),
    }
    best.boxes = {name: grid.best() for name, grid in grids.items()}
    min_heat, min_area = best.boxes["sbi"].ap50_at or (0.0, 0)
    figures, cutters = [best], [lambda heat: _cut_at(heat, min_heat, min_area)]
    if isinstance(method, Ours):
        boxes = {name: grid.as_reported() for name, grid in grids.items()}
        name = f"{method.name}, calibrated"
        figures.append(Figures(name, best.pixels, boxes, seconds=best.seconds))
        cutters.append(lambda heat: _cut_as_reported(heat, method))
    for row, alarms in zip(figures, _alarms(method, asked, cutters), strict=True):
        row.alarms = alarms
    return figures


def _sbi(method: Method, rows: list[SbiRow], figures: Figures) -> Grid:
    """The boxes; what pixels say and how long it took goes into the figures."""
    scores = {"fifth": PixelScores(), "all": PixelScores()}
    grid = Grid(method, 0.0)
    seconds: list[float] = []
    for measured_row in rows:
        pair, number = sbi_pair(measured_row.row), measured_row.number
        start = time.perf_counter()
        heat = method(pair)
        seconds.append(time.perf_counter() - start)
        if measured_row.by_boxes:
            grid.take(method, pair, heat)
        if pair.truth.mask is not None and number is not None:
            changed, known = pixel_truth(torch.from_numpy(pair.truth.mask))
            strongest = torch.from_numpy(heat.max(axis=0))
            for name in ("fifth", "all") if number % FIFTH == 0 else ("all",):
                scores[name].update(strongest, changed, known)
    figures.seconds = float(np.mean(seconds))
    figures.pixels = {name: float(s.compute().average_precision) for name, s in scores.items()}
    return grid


def _boxes(method: Method, pairs: Iterable[Pair], margin: float) -> Grid:
    grid = Grid(method, margin)
    for pair in pairs:
        grid.take(method, pair, method(pair))
    return grid


def _alarms(
    method: Method, asked: argparse.Namespace, cutters: list[Cutter]
) -> list[dict[int, tuple[float, float]]]:
    """For each way to cut, by shift: mean share of pixels that glow, share of pairs with a box."""
    found: list[dict[int, tuple[float, float]]] = [{} for _ in cutters]
    for shift in SHIFTS:
        cuts = []
        for pair in unchanged_pairs(asked.data, asked.frames, shift, SEED):
            heat = method(pair)
            cuts.append([cutter(heat) for cutter in cutters])
        for answer, each in zip(found, zip(*cuts, strict=True), strict=True):
            pixels = float(np.mean([share for share, _ in each]))
            answer[shift] = (pixels, float(np.mean([count > 0 for _, count in each])))
    return found


def _cut_at(heat: np.ndarray, min_heat: float, min_area: int) -> tuple[float, int]:
    return _share(heat, min_heat), int((cut(heat, min_heat).areas >= min_area).sum())


def _cut_as_reported(heat: np.ndarray, ours: Ours) -> tuple[float, int]:
    return _share(heat, ours.thresholds.min_heat), len(ours.reported().boxes)


def _share(heat: np.ndarray, min_heat: float) -> float:
    return float((any_kind(heat) >= min_heat).mean())


def report(
    table: list[Figures], rows: list[SbiRow], boards: list[PairRow], asked: argparse.Namespace
) -> str:
    """The tables in markdown, with what they are measured on."""
    by_boxes = [row.row for row in rows if row.by_boxes]
    by_pixels = sum(row.number is not None for row in rows)
    objects = sum(len(row.changes or ()) for row in by_boxes)
    # Of every fifth pair both figures are the same.
    names = {"fifth": "every fifth pair"} | ({"all": "all pairs"} if asked.stride == 1 else {})
    lines = [
        f"Pixel AP on {by_pixels} pairs of SBI; boxes on its {len(by_boxes)} pairs without "
        f"overlap ({objects} objects); DeepPCB: {len(boards)} pairs, every "
        f"{asked.deeppcb_stride}th, {MARGIN:g} px added to the boxes for AP50.",
        "",
        *_header(
            "method",
            *(f"SBI pixel AP, {name}" for name in names.values()),
            *("SBI AP50", "SBI centre AP", "DeepPCB AP50", "DeepPCB centre AP", "s/pair"),
        ),
    ]
    for row in table:
        values = [row.pixels[name] for name in names]
        for boxes in row.boxes.values():
            values += [boxes.ap50, boxes.centre_ap]
        lines.append(_line(row.name, *(f"{v:.3f}" for v in values), f"{row.seconds:.2f}"))
    lines += [
        "",
        f"Unchanged pairs: {asked.frames} SBI frames beside themselves, each view degraded on its "
        f"own (seed {SEED}), shifted by 0 to 4 px. Share of pixels above the threshold · share of "
        "pairs with any box, at the point of the SBI AP50.",
        "",
        *_header("method", *(f"{shift} px" for shift in SHIFTS)),
    ]
    for row in table:
        cells = (f"{100 * p:.2f} % · {100 * b:.0f} %" for p, b in row.alarms.values())
        lines.append(_line(row.name, *cells))
    return "\n".join(lines)


def _header(*names: str) -> list[str]:
    return [_line(*names), _line(*("---" for _ in names))]


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--data", type=Path, required=True, help="folder with sbi_pairs and deeppcb_trainval")
    add("--ckpt", help="checkpoint; the shipped one if left out")
    add("--network", help="another network to compare with, FILE.py:CLASS")
    add("--weights", type=Path, help="its state dict")
    add("--out", type=Path, help="JSON file to write")
    add("--stride", type=int, choices=(1, FIFTH), default=1, help="SBI pairs that pixels count of")
    add("--deeppcb-stride", type=int, default=16, help="every how many-th pair of DeepPCB")
    add("--pairs", type=int, help="at most so many pairs a set, for a quick look")
    add("--frames", type=int, default=24, help="frames that unchanged pairs are made of")
    add("--sigma", type=float, nargs="+", default=(2.0, 3.0), help="blurs of pixel difference, px")
    add("--device", default="cpu")
    add("--threads", type=int, help="of torch; all cores if left out")
    asked = parser.parse_args()
    if (asked.network is None) != (asked.weights is None):
        parser.error("expected --network and --weights together")
    return asked


if __name__ == "__main__":
    main()
