"""Another network, from a Python file and its weights, as a method to compare with."""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from spotdiff.types import ChangeMap, Image, Pair

_MULTIPLE = 32  # sides that a network is given


class NetworkFile:
    """Heat of a network that knows no kinds; implements `ChangeLocalizer`.

    Its `forward(before, after)` takes images (b, 3, h, w) in [-1, 1] and gives logits (b, 1, h, w).
    The heat lies in the channel of `changed`, and the gate of that kind is the hottest pixel.

    Args:
        target: `FILE.py:CLASS`; the file is run as if started in its own folder.
        weights: A state dict, read without running any code of it.
        device: Where the network is.

    Raises:
        ValueError: If there is no such file or class.
    """

    def __init__(self, target: str, weights: str | Path, device: str = "cpu") -> None:
        file, _, name = target.rpartition(":")
        self.device = torch.device(device)
        self.net = _constructed(Path(file).resolve(), name)
        self.net.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
        self.net.eval().to(self.device)

    def __call__(self, pairs: Sequence[Pair]) -> list[ChangeMap]:
        """One map a pair, in the frame of its views."""
        return [self._map(pair) for pair in pairs]

    @torch.inference_mode()
    def _map(self, pair: Pair) -> ChangeMap:
        height, width = pair.after.shape[:2]
        logits: Tensor = self.net(self._padded(pair.before), self._padded(pair.after))
        heat = np.zeros((3, height, width), np.float32)
        heat[2] = logits[0, 0, :height, :width].float().sigmoid().cpu().numpy()
        none = np.zeros((0, 1, 1), np.float32)
        return ChangeMap(heat, heat.max(axis=(1, 2)), np.zeros((3, 0), np.float32), none, none)

    def _padded(self, image: Image) -> Tensor:
        values = torch.from_numpy(image).to(self.device).permute(2, 0, 1)[None].float() / 127.5 - 1
        height, width = image.shape[:2]
        return functional.pad(values, (0, -width % _MULTIPLE, 0, -height % _MULTIPLE), "replicate")


def _constructed(file: Path, name: str) -> nn.Module:
    """The class of a file, whose top level runs as if started in its folder without arguments."""
    # A name of its own, so that a file called as a known module takes no place from it.
    spec = importlib.util.spec_from_file_location(f"network_file_{file.stem}", file)
    if spec is None or spec.loader is None or not file.is_file():
        msg = f"Expected a Python file and a class in it, FILE.py:CLASS, got {file}:{name}."
        raise ValueError(msg)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses of the file look for it
    arguments, sys.argv = sys.argv, [str(file)]
    try:
        with contextlib.chdir(file.parent):
            spec.loader.exec_module(module)
    finally:
        sys.argv = arguments
    kind = getattr(module, name, None)
    if kind is None:
        raise ValueError(f"Expected a class {name!r} in {file}, there is none: check its name.")
    needs_weights = "weights" in inspect.signature(kind).parameters
    net: nn.Module = kind(weights=None) if needs_weights else kind()
    return net
