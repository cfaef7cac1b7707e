"""The calibration program: the weights of a checkpoint, thresholds of one's own pairs."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from hydra.utils import instantiate
from lightning import Trainer
from omegaconf import DictConfig, ListConfig

from spotdiff.apps.places import existing
from spotdiff.cli.pipelines import open_checkpoint
from spotdiff.data.datamodule import PairDataModule
from spotdiff.training.checkpoint import averaged, export
from spotdiff.training.losses import ChangeLoss
from spotdiff.training.module import ChangeModule

log = logging.getLogger("spotdiff")


def calibrate(cfg: DictConfig) -> None:
    """Runs one validation over the pairs and writes the checkpoint with the thresholds it fits."""
    if cfg.data.root is not None:
        existing(cfg.data.root, "data for data.root")
    several = cfg.ckpt if isinstance(cfg.ckpt, ListConfig) else [cfg.ckpt]
    checkpoint = averaged([open_checkpoint(path) for path in several])
    data: PairDataModule = instantiate(cfg.data.module, _convert_="all")
    data.vocabulary = checkpoint.vocabulary
    module = ChangeModule(checkpoint.network(), ChangeLoss(), vocabulary=checkpoint.vocabulary)
    module.thresholds = checkpoint.thresholds
    trainer: Trainer = instantiate(cfg.trainer, logger=False, enable_checkpointing=False)
    trainer.validate(module, datamodule=data)
    out = Path(cfg.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    export(replace(checkpoint, thresholds=module.thresholds), out)
    log.info("%s: %s", out, module.thresholds)
