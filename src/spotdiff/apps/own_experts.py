"""Experts made of a checkpoint of our own: they need no borrowed model and nothing to download."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from spotdiff.apps.places import existing, shipped_checkpoint
from spotdiff.experts.heatmap import HeatmapProposer
from spotdiff.experts.siamese import SiameseEmbedder
from spotdiff.models.localizer import SiameseLocalizer
from spotdiff.training.checkpoint import Checkpoint, read


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


def _opened(ckpt: str | Path | Checkpoint | None) -> Checkpoint:
    if isinstance(ckpt, Checkpoint):
        return ckpt
    return read(existing(ckpt or shipped_checkpoint(), "a checkpoint for ckpt"))
