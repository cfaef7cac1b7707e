"""From a checkpoint and a few settings to a pipeline that answers pairs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from omegaconf import DictConfig

from spotdiff.cli.places import existing, shipped_checkpoint
from spotdiff.models.localizer import SiameseLocalizer
from spotdiff.pipeline import PairPipeline
from spotdiff.stages.decision import HeatmapDecision
from spotdiff.training.checkpoint import Checkpoint, read


def open_checkpoint(path: str | None) -> Checkpoint:
    """The checkpoint at `path`, or the one that ships with the package."""
    return read(existing(path or shipped_checkpoint(), "a checkpoint for ckpt"))


def pipeline(cfg: DictConfig, checkpoint: Checkpoint) -> PairPipeline:
    """The pipeline of a checkpoint, with the settings of `conf/predict.yaml`."""
    chosen: dict[str, Any] = {
        name: cfg[name] for name in ("min_heat", "min_score", "min_label") if cfg[name] is not None
    }
    vocabulary = checkpoint.vocabulary
    localizer = SiameseLocalizer(
        checkpoint.network(),
        words=[vocabulary.emit(label) for label in vocabulary.labels],
        device=device(cfg.device),
        tile=cfg.tile,
        max_side=cfg.max_side,
        flip=cfg.flip,
        half=cfg.half,
    )
    decision = HeatmapDecision(replace(checkpoint.thresholds, **chosen), min_area=cfg.min_area)
    return PairPipeline(localizer, decision, checkpoint.info)


def device(name: str) -> torch.device:
    """The device of that name; `auto` takes the first accelerator there is."""
    if name != "auto":
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
