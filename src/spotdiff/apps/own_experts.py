"""Experts made of a checkpoint of our own: they need no borrowed model and nothing to download."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from spotdiff.apps.places import existing, shipped_checkpoint
from spotdiff.experts.heatmap import HeatmapProposer
from spotdiff.experts.patch_tokens import SIDE, PatchTokenDistance, state_sha256
from spotdiff.experts.siamese import SiameseEmbedder
from spotdiff.models.encoder import ViTEncoder
from spotdiff.models.localizer import SiameseLocalizer
from spotdiff.training.checkpoint import Checkpoint, read
from spotdiff.types import ModelInfo


def heatmap_proposer(
    ckpt: str | Path | Checkpoint | None = None,
    *,
    tile: Literal["auto", "off"] = "auto",
    max_side: int = 1024,
    flip: bool = False,
    half: bool = False,
    min_heat: float | None = None,
    min_area: int = 16,
) -> HeatmapProposer:
    """Regions of the change map of a checkpoint.

    Args:
        ckpt: A file written by train.py; None takes the model that comes with the package.
        tile: As in `SiameseLocalizer`, like `max_side`, `flip` and `half`.
        max_side: Longest side that is looked at in one piece, in pixels.
        flip: Look at the mirrored pair too.
        half: Compute in bfloat16.
        min_heat: None keeps what the checkpoint says.
        min_area: Pixels that a region has at least.

    Raises:
        FileNotFoundError: If there is no such file.
        CheckpointError: If it is no checkpoint, or must not be trusted.
    """
    checkpoint = _opened(ckpt)
    localizer = SiameseLocalizer(
        checkpoint.network(), tile=tile, max_side=max_side, flip=flip, half=half
    )
    heat = checkpoint.thresholds.min_heat if min_heat is None else min_heat
    return HeatmapProposer(localizer, checkpoint.info, heat, min_area)


def siamese_embedder(
    ckpt: str | Path | Checkpoint | None = None, *, max_side: int = 1024
) -> SiameseEmbedder:
    """Regions as the encoders of a checkpoint see them.

    Args:
        ckpt: A file written by train.py; None takes the model that comes with the package.
        max_side: Larger images are shrunk to this longest side, in pixels.

    Raises:
        FileNotFoundError: If there is no such file.
        CheckpointError: If it is no checkpoint, or must not be trusted.
    """
    checkpoint = _opened(ckpt)
    return SiameseEmbedder(checkpoint.network(), checkpoint.info, max_side=max_side)


def patch_token_distance(
    weights: str = "shipped",
    name: str = "vit_small_patch14_dinov2",
    *,
    ckpt: str | Path | Checkpoint | None = None,
    side: int = SIDE,
    stretch: bool = False,
) -> PatchTokenDistance:
    """Heat by the patch tokens of a frozen vision transformer, ours or a published one.

    Args:
        weights: `shipped` takes the blocks that are in the checkpoint, `timm` the cache or the hub;
            anything else is the path of a state dict.
        name: The timm vision transformer, where the checkpoint does not say which it is.
        ckpt: Read where `weights` is `shipped`; None takes the model that comes with the package.
        side: Of the square that the encoder sees, in pixels.
        stretch: Spread the distances of every pair over [0, 1].

    Raises:
        FileNotFoundError: If there is no such file.
        WeightsUnreachable: If `weights` is `timm` and the hub does not answer.
        CheckpointError: If it is no checkpoint, or must not be trusted.
    """
    if weights != "shipped":
        return PatchTokenDistance.from_pretrained(name, weights, side, stretch)
    checkpoint = _opened(ckpt)
    trained, own_name = checkpoint.network().encoder, checkpoint.recipe["encoder"]["name"]
    # The checkpoint reads several blocks of a smaller view: here it is the last one, at full size.
    encoder = ViTEncoder(own_name, taps=(max(trained.taps),), frozen=True)
    encoder.load_state_dict(trained.state_dict())
    info = ModelInfo(f"{own_name} of {checkpoint.info.name}", state_sha256(encoder))
    return PatchTokenDistance(encoder, info, side, stretch)


def _opened(ckpt: str | Path | Checkpoint | None) -> Checkpoint:
    if isinstance(ckpt, Checkpoint):
        return ckpt
    return read(existing(ckpt or shipped_checkpoint(), "a checkpoint for ckpt"))
