"""Where the patch tokens of a frozen vision transformer differ: a heatmap without any training."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import ClassVar, Self

import cv2
import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor, nn
from torch.nn import functional

from spotdiff.experts.untyped import check_frame, untyped_map
from spotdiff.models.encoder import ViTEncoder
from spotdiff.models.weights import load_encoder
from spotdiff.ops.frames import resize
from spotdiff.types import ChangeMap, Image, ModelInfo, Pair, Thresholds

SIDE = 518  # pixels; 37 patches of 14, what DINOv2 was last trained at
_FLAT = 1e-6  # a range of distances that is rounding and no difference


class PatchTokenDistance(nn.Module):
    """Half of one minus the cosine of both views' tokens in one place; a `ChangeLocalizer`.

    Both views are scaled to a square, so that the grid of tokens is the same for all pairs. The
    grid of distances is scaled back bilinearly, which unlike bicubic stays in [0, 1].

    Args:
        encoder: Its weights are used as they are.
        info: Which weights these are.
        side: Of the square that the encoder sees, in pixels; rounded to whole patches.
        stretch: Spread the distances of every pair over the whole of [0, 1], as heatmaps for the
            eye often are. The hottest pixel is then 1 in every pair that differs anywhere, so the
            change score tells nothing. Pairs without a difference stay at 0.
        max_pairs: Pairs that go through the encoder at once.
    """

    heats: ClassVar[tuple[float, ...]] = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)
    """Thresholds of the heat worth trying; 0.5 is a right angle between tokens."""

    def __init__(
        self,
        encoder: ViTEncoder,
        info: ModelInfo,
        side: int = SIDE,
        stretch: bool = False,
        max_pairs: int = 4,
    ) -> None:
        super().__init__()
        if side < encoder.patch:
            raise ValueError(
                f"Expected side to be a patch or more, {encoder.patch} px, got {side}."
            )
        self.encoder = encoder.eval().requires_grad_(False)
        self.info = info
        self.side = side
        self.stretch = stretch
        self.max_pairs = max_pairs

    @classmethod
    def from_pretrained(
        cls, name: str, source: str = "timm", side: int = SIDE, stretch: bool = False
    ) -> Self:
        """A timm vision transformer with published weights, read after its last block.

        Args:
            name: A timm vision transformer, e.g. `vit_small_patch14_dinov2`.
            source: `timm` (cache or hub), or the path of a state dict.
            side: As in the class, like `stretch`.
            stretch: Spread the distances of every pair over [0, 1].

        Raises:
            ValueError: If timm has no vision transformer of that name.
            WeightsUnreachable: If `source` is `timm` and the hub does not answer.
            FileNotFoundError: If the path does not exist.
        """
        encoder = ViTEncoder(name, frozen=True)
        load_encoder(encoder, name, source)
        return cls(encoder, ModelInfo(name, state_sha256(encoder)), side, stretch)

    @property
    def thresholds(self) -> Thresholds:
        """Boxes around tokens whose cosine is below 0.7, or above a fifth of the stretched range.

        Chosen on a few pairs of fixed cameras; other encoders may want others.
        """
        return Thresholds(min_heat=0.2 if self.stretch else 0.15, min_score=0.0)

    def train(self, mode: bool = True) -> Self:
        """Stays in evaluation mode."""
        del mode
        return super().train(False)

    def forward(self, pairs: Sequence[Pair]) -> list[ChangeMap]:
        """One map a pair, in the frame of its views.

        Raises:
            ValueError: If the two views of a pair differ in size.
        """
        for pair in pairs:
            check_frame(pair)
        found = []
        for start in range(0, len(pairs), self.max_pairs):
            chosen = pairs[start : start + self.max_pairs]
            grids = self._distances([p.before for p in chosen], [p.after for p in chosen])
            found += [self._map(pair, grid) for pair, grid in zip(chosen, grids, strict=True)]
        return found

    @torch.inference_mode()
    def _distances(
        self, before: Sequence[Image], after: Sequence[Image]
    ) -> Float32[np.ndarray, "n gh gw"]:
        tokens = functional.normalize(self.encoder(self._tensor([*before, *after])), dim=1)
        here, there = tokens.chunk(2)
        # |u − v|² = 2 − 2 cos for unit vectors, and without its rounding where they are equal
        distances = (here - there).square().sum(dim=1) / 4
        return np.asarray(distances.float().cpu().numpy(), np.float32)

    def _tensor(self, images: Sequence[Image]) -> Tensor:
        views = np.stack([resize(image, (self.side, self.side)) for image in images])
        on_device = torch.from_numpy(views).to(self.encoder.mean.device)
        return on_device.permute(0, 3, 1, 2).float() / 255

    def _map(self, pair: Pair, grid: Float32[np.ndarray, "gh gw"]) -> ChangeMap:
        height, width = pair.after.shape[:2]
        values = stretched(grid) if self.stretch else grid
        heat = cv2.resize(values, (width, height), interpolation=cv2.INTER_LINEAR)
        return untyped_map(np.clip(heat, 0, 1))


def stretched(grid: Float32[np.ndarray, "gh gw"]) -> Float32[np.ndarray, "gh gw"]:
    """The grid from 0 at its lowest to 1 at its highest cell; 0 where all cells are the same.

    Example:
        >>> stretched(np.float32([[0.25, 0.5, 0.75]]))
        array([[0. , 0.5, 1. ]], dtype=float32)
        >>> stretched(np.float32([[0.25, 0.25]]))
        array([[0., 0.]], dtype=float32)
    """
    low, high = grid.min(), grid.max()
    if high - low < _FLAT:
        return np.zeros_like(grid)
    return np.asarray((grid - low) / (high - low), np.float32)


def state_sha256(network: nn.Module) -> str:
    """The SHA-256 of the names and values of all weights, wherever they came from."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
