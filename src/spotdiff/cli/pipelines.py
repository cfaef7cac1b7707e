"""Checkpoints and pipelines by the settings of a program."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from torch import nn

from spotdiff.apps.loading import device_named, load, localizing
from spotdiff.apps.places import existing, shipped_checkpoint
from spotdiff.contracts import Aligner, DifferenceCaptioner, StandaloneLocalizer
from spotdiff.pipeline import PairPipeline
from spotdiff.stages.difference_area import DifferenceAreas
from spotdiff.training.checkpoint import Checkpoint, read
from spotdiff.types import ModelInfo

log = logging.getLogger("spotdiff")

# The settings of `load` in conf/predict.yaml. All but the device decide an answer.
SETTINGS = ("tile", "max_side", "flip", "half", "min_heat", "min_score", "min_label", "min_area")
# The groups of difference areas, in the order of their steps; so are the arguments of the stage.
OBJECT_ROLES = ("detectors", "embedder")  # the groups of objects
ROLES = ("proposer", "similarity", "matcher", "tagger", "image_captioner")


def open_checkpoint(path: str | None) -> Checkpoint:
    """The checkpoint at `path`, or the one that ships with the package."""
    return read(existing(path or shipped_checkpoint(), "a checkpoint for ckpt"))


def pipeline(cfg: DictConfig, checkpoint: Checkpoint) -> PairPipeline:
    """The pipeline that `conf/predict.yaml` describes: change maps, difference areas or objects.

    Raises:
        ValueError: If two ways to answer are asked for at once, or one lacks a part.
    """
    ways = [name for name in ("areas", "localizer", "objects") if cfg.get(name)]
    if len(ways) > 1:
        raise ValueError(f"Expected one way to answer, got {' and '.join(ways)}: leave one out.")
    if cfg.get("objects"):
        from spotdiff.cli.objects import answering_by_objects

        return answering_by_objects(cfg, checkpoint, aligner(cfg), captioner(cfg))
    if cfg.get("areas"):
        return _areas(cfg)
    if cfg.get("localizer"):
        return _localizing(cfg)
    settings: dict[str, Any] = {name: cfg[name] for name in SETTINGS}
    settings |= {"device": cfg.device, "captioner": captioner(cfg)}
    return load(checkpoint, alignment=aligner(cfg), **settings)


def build(plain: Mapping[str, Any]) -> PairPipeline:
    """The pipeline of a resolved configuration, in whatever process this is called."""
    cfg = OmegaConf.create(dict(plain))
    return pipeline(cfg, open_checkpoint(cfg.ckpt))


def settings_of(cfg: DictConfig, checkpoint: Checkpoint) -> dict[str, Any]:
    """Everything that decides an answer, as plain values."""
    settings: dict[str, Any] = {name: cfg[name] for name in SETTINGS}
    settings["model"] = checkpoint.info.sha256
    settings["alignment"] = _plain(cfg, "alignment") or None
    settings["captioner"] = _plain(cfg, "captioner") or None
    if cfg.get("localizer"):
        settings["localizer"] = _plain(cfg, "localizer")
    if cfg.get("areas"):
        settings |= {name: _plain(cfg, name) for name in ("areas", "framing", "named_by", *ROLES)}
    if cfg.get("objects"):
        settings |= {name: _plain(cfg, name) for name in ("objects", "framing", *OBJECT_ROLES)}
    return settings


def _plain(cfg: DictConfig, name: str) -> Any:  # noqa: ANN401 - whatever the configuration holds
    node = cfg.get(name)
    return OmegaConf.to_container(node, resolve=True) if OmegaConf.is_config(node) else node


def aligner(cfg: DictConfig) -> Aligner | None:
    """What lays the views of a pair onto each other, if anything does."""
    if not cfg.get("alignment"):
        return None
    found: Aligner = instantiate(cfg.alignment, _convert_="all")
    return found


def captioner(cfg: DictConfig) -> DifferenceCaptioner | None:
    """What says in words what differs, if anything does; models of its own are on the device."""
    if not cfg.get("captioner"):
        return None
    found: DifferenceCaptioner = instantiate(cfg.captioner, _convert_="all")
    for part in (found, *getattr(found, "experts", {}).values()):
        if isinstance(part, nn.Module):
            part.to(device_named(cfg.device))
    return found


def _localizing(cfg: DictConfig) -> PairPipeline:
    localizer: StandaloneLocalizer = instantiate(cfg.localizer, _convert_="all")
    names = ("device", "min_heat", "min_score", "min_area")
    settings: dict[str, Any] = {name: cfg[name] for name in names}
    settings["captioner"] = captioner(cfg)
    return localizing(localizer, alignment=aligner(cfg), **settings)


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
    return PairPipeline(stage, _together(infos), cfg.framing, aligner(cfg), captioner(cfg))


def _together(infos: Mapping[str, ModelInfo]) -> ModelInfo:
    """One name and one hash for several weights."""
    lines = "".join(f"{role} {info.sha256}\n" for role, info in sorted(infos.items()))
    return ModelInfo("difference-areas", hashlib.sha256(lines.encode()).hexdigest())
