"""What alignment leaves of false alarms where the camera moved, and what it does where it did not.

    python benchmarks/alignment.py DATA/sbi_pairs
    python benchmarks/alignment.py DATA/sbi_pairs --frames 4 --pairs 4 --methods none shift

Two tables. Unchanged pairs: a frame beside itself, the camera moved in between, each view degraded
on its own (light, shadow, tint, blur, noise, JPEG). Per way to move and method: share of pairs with
any box, pairs that were refused, and by how far the corner that is worst off misses its place, the
median over accepted pairs. Changed pairs: those of static cameras in which no object overlaps
itself; AP50 should stay what it is. Seconds are CPU time of the alignment alone, one thread.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean, median
from typing import NamedTuple

import cv2
import numpy as np
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

from spotdiff.apps.loading import load
from spotdiff.contracts import Aligner
from spotdiff.data.images import read_image
from spotdiff.data.nuisance import degrade
from spotdiff.evaluation.boxes import PlacesOfChange
from spotdiff.evaluation.pair_sets import SbiPairs
from spotdiff.evaluation.scoreboard import Scoreboard
from spotdiff.ops.alignment import greatest_move
from spotdiff.ops.coverage import warped
from spotdiff.pipeline import PairPipeline
from spotdiff.types import Image, Matrix, Pair, Registration

CONF = Path(__file__).resolve().parents[1] / "conf" / "alignment"
METHODS = ("none", "shift", "ecc", "homography")
SHIFTS = (0, 1, 2, 4, 6, 8, 16)  # pixels
JITTER = 0.02  # of a side, by which corners are moved for a homography


class Timed:
    """An `Aligner` that keeps what it found and how long that took."""

    def __init__(self, aligner: Aligner) -> None:
        self.aligner = aligner
        self.found: list[tuple[Matrix, Registration]] = []
        self.seconds: list[float] = []

    def __call__(self, pairs: Sequence[Pair]) -> list[tuple[Pair, Matrix, Registration]]:
        """What the aligner says."""
        start = time.process_time()
        answers = self.aligner(pairs)
        self.seconds.append((time.process_time() - start) / len(pairs))
        self.found += [(matrix, registration) for _, matrix, registration in answers]
        return answers


class Moved(NamedTuple):
    """An unchanged pair and what moved its camera."""

    pair: Pair
    matrix: Matrix


def main() -> None:
    """Prints both tables."""
    asked = _arguments()
    logging.getLogger("spotdiff").setLevel(logging.ERROR)  # the table counts what is refused
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    answering = load(asked.ckpt, device=asked.device, alignment=None)
    _print_unchanged(asked, answering)
    _print_changed(asked, answering)


def unchanged(folder: Path, way: str, frames: int, seed: int) -> Iterator[Moved]:
    """Frames beside themselves, the camera moved in a way of `WAYS`."""
    paths = sorted((folder / "frames").iterdir())
    chosen = [paths[i * len(paths) // frames] for i in range(min(frames, len(paths)))]
    for number, path in enumerate(chosen):
        rng = np.random.default_rng([seed, number, list(WAYS).index(way)])
        moved = _seen_from(read_image(path), way, rng)
        before, after = (degrade(view, rng) for view in (moved.pair.before, moved.pair.after))
        yield Moved(Pair(path.stem, before, after), moved.matrix)


def _seen_from(image: Image, way: str, rng: np.random.Generator) -> Moved:
    """Two windows into an image, the second one of the image as moved; nothing lies outside it."""
    size = height, width = image.shape[0], image.shape[1]
    matrix = WAYS[way](size, rng)
    rim = int(np.ceil(greatest_move(matrix, size))) + 1
    inside = (slice(rim, height - rim), slice(rim, width - rim))
    after = image if np.array_equal(matrix, np.eye(3)) else warped(image, matrix, size)
    window = np.array([[1, 0, -rim], [0, 1, -rim], [0, 0, 1.0]])
    pair = Pair("", image[inside].copy(), after[inside].copy())
    return Moved(pair, window @ matrix @ np.linalg.inv(window))


def _shift(pixels: float, rng: np.random.Generator) -> Matrix:
    angle = rng.uniform(0, 2 * np.pi)
    return np.array([[1, 0, pixels * np.cos(angle)], [0, 1, pixels * np.sin(angle)], [0, 0, 1.0]])


def _turn(size: tuple[int, int], degrees: float, scale: float) -> Matrix:
    """About the centre of a view."""
    middle = (size[1] / 2, size[0] / 2)
    return np.vstack([cv2.getRotationMatrix2D(middle, degrees, scale), [0, 0, 1]])


def _tilt(size: tuple[int, int], rng: np.random.Generator) -> Matrix:
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * size[::-1]
    there = corners + rng.uniform(-JITTER, JITTER, (4, 2)) * size[::-1]
    return cv2.getPerspectiveTransform(corners.astype(np.float32), there.astype(np.float32))


WAYS = {
    **{f"{p} px": lambda size, rng, p=p: _shift(p, rng) for p in SHIFTS},  # noqa: ARG005
    "1 degree": lambda size, rng: _turn(size, rng.choice([-1.0, 1.0]), 1.0),
    "scale 1.02": lambda size, rng: _turn(size, 0.0, rng.choice([1 / 1.02, 1.02])),
    "corners 2 %": _tilt,
}


def _print_unchanged(asked: argparse.Namespace, answering: PairPipeline) -> None:
    print(f"\n| unchanged pairs, camera moved by | {' | '.join(asked.methods)} |")
    print(f"| --- |{' --- |' * len(asked.methods)}")
    for way in WAYS:
        moved = list(unchanged(asked.data, way, asked.frames, asked.seed))
        cells = [_alarms(moved, answering, _aligner(name)) for name in asked.methods]
        print(f"| {way} | {' | '.join(cells)} |", flush=True)
    print("\nShare of pairs with any box · refused · worst corner, median in pixels")


def _alarms(moved: Sequence[Moved], answering: PairPipeline, aligner: Aligner | None) -> str:
    timed = answering.alignment = None if aligner is None else Timed(aligner)
    answers = [answering.compare(pair.before, pair.after) for pair, _ in moved]
    share = mean(bool(answer.changes) for answer in answers)
    found = timed.found if timed else [(np.eye(3), None)] * len(moved)
    refused = sum(told is not None and not told.accepted for _, told in found)
    misses = [
        greatest_move(np.linalg.inv(true) @ matrix, pair.after.shape[:2])
        for (pair, true), (matrix, told) in zip(moved, found, strict=True)
        if told is None or told.accepted
    ]
    missed = f"{median(misses):.1f} px" if misses else "none accepted"
    return f"{share:.0%} · {refused} · {missed}"


def _print_changed(asked: argparse.Namespace, answering: PairPipeline) -> None:
    known = SbiPairs(asked.data, limit=asked.pairs)
    pairs = [pair for i in range(len(known)) if (pair := known.pair(i)).truth.changes is not None]
    print("\n| changed pairs, camera static | pairs | laid | refused | AP50 | centre AP | s/pair |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name in asked.methods:
        print(
            f"| {name} | {len(pairs)} | {_precision(pairs, answering, _aligner(name))} |",
            flush=True,
        )


def _precision(pairs: Sequence[Pair], answering: PairPipeline, aligner: Aligner | None) -> str:
    timed = answering.alignment = None if aligner is None else Timed(aligner)
    board = Scoreboard([PlacesOfChange(margin=0)])
    for pair in pairs:
        board.take(answering.compare(pair.before, pair.after, pair.pair_id), pair.truth)
    values = board.parts()[0].values
    found = timed.found if timed else []
    laid = sum(not np.array_equal(matrix, np.eye(3)) for matrix, _ in found)
    refused = sum(not told.accepted for _, told in found)
    seconds = f"{mean(timed.seconds):.3f}" if timed else ""
    return f"{laid} | {refused} | {values['ap50']:.3f} | {values['centre_ap']:.3f} | {seconds}"


def _aligner(name: str) -> Aligner | None:
    """As `alignment=NAME` makes it."""
    described = OmegaConf.load(CONF / f"{name}.yaml")
    found: Aligner | None = instantiate(described, _convert_="all") if described else None
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder of SBI: pairs.csv, frames, masks")
    parser.add_argument("--ckpt", help="a checkpoint; the one that ships by default")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--frames", type=int, default=24, help="unchanged pairs of each way")
    parser.add_argument("--pairs", type=int, help="changed pairs; all by default")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
