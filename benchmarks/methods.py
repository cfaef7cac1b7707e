"""What is compared: each method gives heat in [0, 1] for a pair and cuts it into boxes."""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import sys
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import torch
from skimage.metrics import structural_similarity
from torch import Tensor, nn
from torch.nn import functional

from spotdiff.models.localizer import SiameseLocalizer
from spotdiff.ops.heatmap import Regions, components, untyped_components
from spotdiff.stages.decision import HeatmapDecision
from spotdiff.training.checkpoint import Checkpoint
from spotdiff.training.scores import Places, places
from spotdiff.types import Image, Pair, Thresholds, TrueChange

_MULTIPLE = 32  # sides that a network is given


class Method(Protocol):
    """Heat of one channel, or of one for each kind; the thresholds that it is tried with."""

    name: str
    heats: tuple[float, ...]

    def __call__(self, pair: Pair) -> np.ndarray:
        """Heat (k, h, w) in [0, 1]."""
        ...


class Difference:
    """Absolute difference, averaged over the colours, blurred; its square root spreads low values.

    A root changes no rank, so no average precision of pixels; it fills the bins of histograms.
    """

    heats: tuple[float, ...] = tuple(
        float(np.sqrt(level / 255)) for level in (6, 9, 12, 16, 20, 25, 32, 40, 55, 75)
    )

    def __init__(self, sigma: float) -> None:
        self.name = f"pixel difference, blur {sigma:g} px"
        self.sigma = sigma

    def __call__(self, pair: Pair) -> np.ndarray:
        """Heat (1, h, w)."""
        steps = cv2.absdiff(pair.before, pair.after).astype(np.float32).mean(axis=2)
        heat = np.sqrt(cv2.GaussianBlur(steps, (0, 0), self.sigma) / 255)
        return np.asarray(heat, np.float32)[None]


class Dissimilarity:
    """One minus structural similarity of grey images, halved; Gaussian windows of 1.5 px."""

    name = "SSIM"
    heats: tuple[float, ...] = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45)

    def __call__(self, pair: Pair) -> np.ndarray:
        """Heat (1, h, w)."""
        before, after = (cv2.cvtColor(v, cv2.COLOR_RGB2GRAY) for v in (pair.before, pair.after))
        _, similarity = structural_similarity(before, after, full=True, gaussian_weights=True)
        return np.asarray(np.clip((1 - similarity) / 2, 0, 1), np.float32)[None]


class Ours:
    """The network of a checkpoint as `predict` runs it."""

    heats: tuple[float, ...] = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)

    def __init__(self, checkpoint: Checkpoint, device: str) -> None:
        self.name = f"spotdiff {checkpoint.info.name}"
        self.thresholds: Thresholds = checkpoint.thresholds
        self._localizer = SiameseLocalizer(checkpoint.network(), device=device)
        self._decision = HeatmapDecision(checkpoint.thresholds)
        self._places: Places | None = None

    def __call__(self, pair: Pair) -> np.ndarray:
        """Heat (3, h, w)."""
        change_map = self._localizer([pair])[0]
        self._places = places(self._decision(pair, change_map)[0], pair.truth.changes or ())
        return change_map.heat

    def reported(self) -> Places:
        """The boxes that `predict` reports for the last pair, at the calibrated thresholds."""
        if self._places is None:
            raise ValueError("Expected a pair before its boxes are asked for, got none.")
        return self._places


class Network:
    """Another network: `forward(before, after)` of images in [-1, 1] gives logits (b, 1, h, w)."""

    heats: tuple[float, ...] = Ours.heats

    def __init__(self, target: str, weights: Path, device: str) -> None:
        file, _, name = target.rpartition(":")
        self.name = f"{Path(file).stem}.{name}"
        self.device = torch.device(device)
        self.net = _constructed(Path(file).resolve(), name)
        state = torch.load(weights, map_location="cpu", weights_only=True)
        self.net.load_state_dict(state)
        self.net.eval().to(self.device)

    @torch.inference_mode()
    def __call__(self, pair: Pair) -> np.ndarray:
        """Heat (1, h, w)."""
        height, width = pair.after.shape[:2]
        logits: Tensor = self.net(self._padded(pair.before), self._padded(pair.after))
        heat: np.ndarray = logits[0, :, :height, :width].float().sigmoid().cpu().numpy()
        return heat

    def _padded(self, image: Image) -> Tensor:
        values = torch.from_numpy(image).to(self.device).permute(2, 0, 1)[None].float() / 127.5 - 1
        height, width = image.shape[:2]
        return functional.pad(values, (0, -width % _MULTIPLE, 0, -height % _MULTIPLE), "replicate")


def cut(heat: np.ndarray, min_heat: float) -> Regions:
    """Connected regions of one pixel and more; of one kind each where the heat tells kinds."""
    if len(heat) == 1:
        return untyped_components(heat[0], min_heat, 1)
    return components(heat, min_heat, 1)


def as_places(regions: Regions, truth: tuple[TrueChange, ...]) -> Places:
    """Regions beside what is true."""
    true = places((), truth)
    return replace(true, boxes=regions.boxes, scores=regions.scores, kinds=regions.kinds)


def _constructed(file: Path, name: str) -> nn.Module:
    """The class of a file, whose top level runs as if started in its folder without arguments."""
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise ValueError(f"Expected a Python file in --network FILE.py:CLASS, got {file}.")
    module = importlib.util.module_from_spec(spec)
    arguments, sys.argv = sys.argv, [str(file)]
    try:
        with contextlib.chdir(file.parent):
            spec.loader.exec_module(module)
    finally:
        sys.argv = arguments
    kind = getattr(module, name)
    needs_weights = "weights" in inspect.signature(kind).parameters
    net: nn.Module = kind(weights=None) if needs_weights else kind()
    return net
