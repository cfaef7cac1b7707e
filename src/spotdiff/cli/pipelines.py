"""Checkpoints and pipelines by the settings of a program."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from torch import nn

from spotdiff.apps.loading import device_named, load
from spotdiff.apps.places import existing, shipped_checkpoint
from spotdiff.pipeline import PairPipeline
from spotdiff.stages.difference_area import DifferenceAreas
from spotdiff.training.checkpoint import Checkpoint, read
from spotdiff.types import ModelInfo

log = logging.getLogger("spotdiff")

# The settings of `load` in conf/predict.yaml. All but the device decide an answer.
SETTINGS = ("tile", "max_side", "flip", "half", "min_heat", "min_score", "min_label", "min_area")
# The groups of difference areas, in the order of their steps; so are the arguments of the stage.
ROLES = ("proposer", "similarity", "matcher", "tagger", "captioner")


def open_checkpoint(path: str | None) -> Checkpoint:
    """The checkpoint at `path`, or the one that ships with the package."""
    return read(existing(path or shipped_checkpoint(), "a checkpoint for ckpt"))


def pipeline(cfg: DictConfig, checkpoint: Checkpoint) -> PairPipeline:
    """The pipeline that `conf/predict.yaml` describes: change maps, or difference areas."""
    if cfg.get("areas"):
        return _areas(cfg)
    return load(checkpoint, device=cfg.device, **{name: cfg[name] for name in SETTINGS})


def build(plain: Mapping[str, Any]) -> PairPipeline:
    """The pipeline of a resolved configuration, in whatever process this is called."""
    cfg = OmegaConf.create(dict(plain))
    return pipeline(cfg, open_checkpoint(cfg.ckpt))


def settings_of(cfg: DictConfig, checkpoint: Checkpoint) -> dict[str, Any]:
    """Everything that decides an answer, as plain values."""
    settings: dict[str, Any] = {name: cfg[name] for name in SETTINGS}
    settings["model"] = checkpoint.info.sha256
    if cfg.get("areas"):
        for name in ("areas", "framing", "named_by", *ROLES):
            node = cfg.get(name)
            is_node = OmegaConf.is_config(node)
            settings[name] = OmegaConf.to_container(node, resolve=True) if is_node else node
    return settings


def _areas(cfg: DictConfig) -> PairPipeline:
    for role in ("proposer", "similarity"):
        if not cfg.get(role):
            raise ValueError(
                f"Expected a {role} for difference areas, got none: add {role}=… to the command, "
                "or take experiment=areas, which has all that is needed."
            )
    asked = ROLES if cfg.get("matcher") else ROLES[:2]  # without a matcher nobody reads captions
    parts: dict[str, Any] = {
        role: instantiate(cfg[role], _convert_="all") for role in asked if cfg.get(role)
    }
    stage = DifferenceAreas(instantiate(cfg.areas), named_by=cfg.named_by, **parts)
    device = device_named(cfg.device)
    for expert in stage.experts.values():
        if isinstance(expert, nn.Module):
            expert.to(device)
    infos = stage.infos
    spoken = ", ".join(f"{role} {info.name}" for role, info in infos.items())
    log.info("Difference areas by %s.", spoken)
    return PairPipeline(stage, _together(infos), cfg.framing)


def _together(infos: Mapping[str, ModelInfo]) -> ModelInfo:
    """One name and one hash for several weights."""
    lines = "".join(f"{role} {info.sha256}\n" for role, info in sorted(infos.items()))
    return ModelInfo("difference-areas", hashlib.sha256(lines.encode()).hexdigest())
