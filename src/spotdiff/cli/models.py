"""Checkpoints and pipelines by the settings of a program."""

from __future__ import annotations

from omegaconf import DictConfig

from spotdiff.apps.loading import load
from spotdiff.apps.places import existing, shipped_checkpoint
from spotdiff.pipeline import PairPipeline
from spotdiff.training.checkpoint import Checkpoint, read

# The settings of `load` in conf/predict.yaml. All but the device decide an answer.
SETTINGS = ("tile", "max_side", "flip", "half", "min_heat", "min_score", "min_label", "min_area")


def open_checkpoint(path: str | None) -> Checkpoint:
    """The checkpoint at `path`, or the one that ships with the package."""
    return read(existing(path or shipped_checkpoint(), "a checkpoint for ckpt"))


def pipeline(cfg: DictConfig, checkpoint: Checkpoint) -> PairPipeline:
    """The pipeline of a checkpoint, with the settings of `conf/predict.yaml`."""
    return load(checkpoint, device=cfg.device, **{name: cfg[name] for name in SETTINGS})
