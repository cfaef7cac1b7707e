"""Stand-ins: real classes with random weights and few parameters, and parts that answer by rule."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import chdir, contextmanager
from pathlib import Path

import cv2
import numpy as np
import torch

from spotdiff.labels import Synonyms, Vocabulary
from spotdiff.models.encoder import ViTEncoder
from spotdiff.models.pyramid import PyramidEncoder
from spotdiff.models.siamese import SiameseChangeNet
from spotdiff.types import ChangeMap, Image, Pair

torch.set_num_threads(1)  # several suites may share the machine

LABELS = ("person", "car", "cone")
VOCABULARY = Vocabulary(LABELS, ("man", "car", "traffic cone"), Synonyms({"man": "person"}))
RECIPE = {
    "_target_": "spotdiff.models.siamese.SiameseChangeNet",
    "encoder": {"_target_": "spotdiff.models.encoder.ViTEncoder", "name": "test_vit", "taps": [-1]},
    "pyramid": {
        "_target_": "spotdiff.models.pyramid.PyramidEncoder",
        "name": "test_efficientnet",
        "frozen": False,
    },
    "widths": [16, 16, 24, 24, 32],
    "correlation_strides": [4, 8],
    "vocabulary": list(LABELS),
}


def tiny_network(seed: int = 0, labels: Sequence[str] = LABELS) -> SiameseChangeNet:
    """A network of half a million random weights, in evaluation mode."""
    torch.manual_seed(seed)
    return SiameseChangeNet(
        ViTEncoder("test_vit"),
        PyramidEncoder("test_efficientnet", frozen=False),
        tuple(labels),
        widths=(16, 16, 24, 24, 32),
    ).eval()


def noise(seed: int, height: int = 64, width: int = 96) -> Image:
    """A picture of smooth noise."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (max(1, height // 8), max(1, width // 8), 3)).astype(np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def blocks(seed: int, height: int, width: int) -> Image:
    """A place of soft ground and things with corners, so that it is found again when it moves."""
    rng = np.random.default_rng(seed)
    image = noise(seed, height, width) // 2 + 60
    for _ in range(60):
        x, y = (rng.uniform(0, 0.95, 2) * (width, height)).astype(int)
        wide, tall = rng.integers(6, 30, 2)
        image[y : y + tall, x : x + wide] = rng.integers(60, 200, 3)
    return cv2.GaussianBlur(image, (0, 0), 0.7)


def noisy_pair(seed: int = 0, height: int = 64, width: int = 96) -> Pair:
    """Two different pictures of one size."""
    return Pair(f"noise-{seed}", noise(2 * seed, height, width), noise(2 * seed + 1, height, width))


def write_image(path: Path, image: Image) -> Path:
    """Writes an RGB picture where `path` says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image[..., ::-1])
    return path


def run_program(folder: Path, verb: str, *arguments: str) -> int:
    """Runs `spotdiff VERB …` in this process, in `folder`; gives its exit code."""
    from spotdiff.cli import main

    with chdir(folder), _untouched_process():
        sys.argv = [f"{verb}.py", *arguments]
        try:
            main(verb)
        except SystemExit as ending:
            return int(ending.code or 0)
    raise AssertionError(f"{verb} did not end with an exit code")


@contextmanager
def _untouched_process() -> Iterator[None]:
    """Puts back what a program of its own process may leave behind."""
    from hydra.core.global_hydra import GlobalHydra

    environment, argv = dict(os.environ), sys.argv
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    GlobalHydra.instance().clear()
    try:
        yield
    finally:
        GlobalHydra.instance().clear()
        root.handlers, sys.argv = handlers, argv
        root.setLevel(level)
        os.environ.clear()
        os.environ.update(environment)
        torch.use_deterministic_algorithms(False)


class ByDifference:
    """A localiser that calls a pixel added where it got brighter, removed where it got darker."""

    def __init__(self, vocabulary: tuple[str, ...] = ()) -> None:
        self.vocabulary = vocabulary
        self.batches: list[int] = []

    def __call__(self, pairs: Sequence[Pair]) -> list[ChangeMap]:
        self.batches.append(len(pairs))
        return [self._map(pair) for pair in pairs]

    def _map(self, pair: Pair) -> ChangeMap:
        step = (pair.after.astype(np.float32) - pair.before).mean(axis=-1) / 255
        heat = np.stack([step.clip(min=0), (-step).clip(min=0), np.zeros_like(step)])
        size = len(self.vocabulary)
        grid = np.full((size, 1, 1), 1 / max(1, size), np.float32)
        gates = heat.max(axis=(1, 2))
        return ChangeMap(heat, gates, np.zeros((3, size), np.float32), grid, grid, self.vocabulary)
