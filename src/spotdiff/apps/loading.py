"""From a checkpoint to a pipeline that answers pairs, for programs and for Python."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import torch

from spotdiff.apps.places import shipped_checkpoint
from spotdiff.models.localizer import SiameseLocalizer
from spotdiff.pipeline import PairPipeline
from spotdiff.stages.decision import HeatmapDecision, MapComparer
from spotdiff.training.checkpoint import Checkpoint, read


def load(  # noqa: PLR0913 - the settings of conf/predict.yaml, each with its default
    ckpt: str | Path | Checkpoint | None = None,
    *,
    device: str = "auto",
    tile: Literal["auto", "off"] = "auto",
    max_side: int = 1024,
    flip: bool = False,
    half: bool = False,
    min_heat: float | None = None,
    min_score: float | None = None,
    min_label: float | None = None,
    min_area: int = 16,
) -> PairPipeline:
    """A pipeline with the weights and the thresholds of a checkpoint.

    Args:
        ckpt: A file written by train.py; None takes the model that comes with the package.
        device: `auto` takes the first accelerator there is.
        tile: As in `SiameseLocalizer`, like `max_side`, `flip` and `half`.
        max_side: Longest side that is looked at in one piece, in pixels.
        flip: Look at the mirrored pair too.
        half: Compute in bfloat16.
        min_heat: None keeps what the checkpoint says, as with `min_score` and `min_label`; see
            `Thresholds`.
        min_score: Of a box.
        min_label: Of the label of a box.
        min_area: Pixels of the after view that a change covers at least.

    Raises:
        FileNotFoundError: If there is no such file.
        CheckpointError: If it is no checkpoint, or must not be trusted.
    """
    checkpoint = ckpt if isinstance(ckpt, Checkpoint) else read(ckpt or shipped_checkpoint())
    fitted = checkpoint.thresholds
    thresholds = replace(
        fitted,
        min_heat=fitted.min_heat if min_heat is None else min_heat,
        min_score=fitted.min_score if min_score is None else min_score,
        min_label=fitted.min_label if min_label is None else min_label,
    )
    vocabulary = checkpoint.vocabulary
    localizer = SiameseLocalizer(
        checkpoint.network(),
        words=[vocabulary.emit(label) for label in vocabulary.labels],
        device=device_named(device),
        tile=tile,
        max_side=max_side,
        flip=flip,
        half=half,
    )
    return PairPipeline(
        MapComparer(localizer, HeatmapDecision(thresholds, min_area)), checkpoint.info
    )


def device_named(name: str) -> torch.device:
    """The device of that name; `auto` is the first accelerator there is, or the CPU."""
    if name != "auto":
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
