"""The training program: data, vocabulary, network with its start, trainer."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import torch
from hydra.utils import instantiate
from lightning import Trainer, seed_everything
from lightning.pytorch.callbacks import ModelCheckpoint
from omegaconf import DictConfig, OmegaConf, open_dict

from spotdiff.apps.places import existing, shipped_checkpoint, synonyms_file
from spotdiff.cli.generated import weak_label_set
from spotdiff.cli.quiet import quieten_lightning
from spotdiff.cli.regions import train_regions
from spotdiff.cli.relabel import Relabeller, generated_labels, own_copy
from spotdiff.data.datamodule import PairDataModule, words_of
from spotdiff.labels import Synonyms, Vocabulary
from spotdiff.models.siamese import SiameseChangeNet
from spotdiff.models.weights import WeightsUnreachable, borrow_encoders, load_encoder, load_pyramid
from spotdiff.training import checkpoint
from spotdiff.training.module import ChangeModule

log = logging.getLogger("spotdiff")


def train(cfg: DictConfig) -> float:
    """Fits a change model; returns the validation score that a sweep maximises."""
    if cfg.get("regions"):
        return train_regions(cfg)
    quieten_lightning()
    seed_everything(cfg.seed, workers=True, verbose=False)
    _settle_data(cfg)
    if cfg.get("refresh"):
        _settle_pseudo_labels(cfg)
    _size_to_machine(cfg)
    data: PairDataModule = instantiate(cfg.data.module, _convert_="all")
    data.vocabulary = _vocabulary(cfg, data)
    network = _started(cfg, data.vocabulary)
    module = ChangeModule(
        net=network,
        loss=instantiate(cfg.loss),
        optimizer=instantiate(cfg.optimizer),
        recipe=_recipe(cfg, data.vocabulary),
        vocabulary=data.vocabulary,
        compile_network=cfg.compile,
    )
    callbacks = instantiate(cfg.callbacks)
    if cfg.get("refresh"):
        callbacks["refresh"].label = Relabeller(cfg.refresh, Path(cfg.data.root), data, module)
    trainer: Trainer = instantiate(
        cfg.trainer,
        callbacks=list(callbacks.values()),
        logger=list(instantiate(cfg.logger, _convert_="all").values()),
        default_root_dir=cfg.out,
    )
    trainer.fit(module, datamodule=data, ckpt_path=_resume_from(cfg))
    return _concluded(cfg, trainer)


def _settle_data(cfg: DictConfig) -> None:
    """Generates a weak-label set where the experiment wants a table and the user named none."""
    if "table" in cfg.data.module.train and cfg.data.root is None:
        cfg.data.root = str(weak_label_set(seed=cfg.seed))
        log.info(
            "No data.root: training on generated pairs with word lists in %s. "
            "Your own: data.root=DIR with a table img_id,added_objs,removed_objs,changed_objs.",
            cfg.data.root,
        )
    elif cfg.data.root is not None:
        existing(cfg.data.root, "data for data.root")


def _settle_pseudo_labels(cfg: DictConfig) -> None:
    """Gives the run labels of its own, which it may find anew; generated words get some first."""
    root = Path(cfg.data.root)
    if (root / "train.csv").is_file() and "generated" in root.parts:
        root = generated_labels(cfg)
    cfg.data.root = str(own_copy(root, Path(cfg.out)))


def _size_to_machine(cfg: DictConfig) -> None:
    """Without an accelerator an epoch takes minutes, not days, unless the user says otherwise."""
    on_cpu = cfg.trainer.accelerator == "cpu" or not (
        torch.cuda.is_available() or torch.backends.mps.is_available()
    )
    if not on_cpu or "table" not in cfg.data.module.train:
        return
    limit = {"batch_size": min(4, cfg.data.module.batch_size), "batches": 60}
    cfg.data.module.batch_size = limit["batch_size"]
    cfg.data.module.num_workers = min(1, cfg.data.module.num_workers)
    if cfg.trainer.limit_train_batches == 1.0:
        cfg.trainer.limit_train_batches = limit["batches"]
        log.info(
            "No accelerator: batches of %d, at most %d an epoch "
            "(trainer.limit_train_batches=… for more).",
            limit["batch_size"],
            limit["batches"],
        )


def _vocabulary(cfg: DictConfig, data: PairDataModule) -> Vocabulary:
    path = cfg.vocabulary.synonyms or synonyms_file()
    synonyms = Synonyms.from_file(existing(path, "a file of synonyms"))
    rows = words_of(data.sets["train"])
    return Vocabulary.from_rows(rows, min_count=cfg.vocabulary.min_count, synonyms=synonyms)


def _recipe(cfg: DictConfig, vocabulary: Vocabulary) -> dict[str, Any]:
    recipe = OmegaConf.to_container(cfg.model, resolve=True)
    return {**recipe, "vocabulary": list(vocabulary.labels)}  # type: ignore[dict-item]


def _started(cfg: DictConfig, vocabulary: Vocabulary) -> SiameseChangeNet:
    """The network, its encoders filled from where `init` says.

    Where timm's weights cannot be reached, the encoders of the shipped model take their place.
    """
    try:
        return _filled(cfg, vocabulary)
    except WeightsUnreachable as error:
        shipped = checkpoint.read(shipped_checkpoint())
        log.info(
            "%s Starting from the encoders of %s instead. "
            "With a local file: init.encoder=FILE.safetensors.",
            error,
            shipped_checkpoint().name,
        )
        with open_dict(cfg):
            cfg.model.encoder = shipped.recipe["encoder"]
            cfg.model.pyramid = shipped.recipe["pyramid"]
            cfg.model.widths = shipped.recipe["widths"]
            cfg.init.encoder = cfg.init.pyramid = "shipped"
        return _filled(cfg, vocabulary)


def _filled(cfg: DictConfig, vocabulary: Vocabulary) -> SiameseChangeNet:
    network = checkpoint.build(_recipe(cfg, vocabulary))
    if not isinstance(network, SiameseChangeNet):
        msg = f"Expected model._target_ to be a SiameseChangeNet, got {type(network).__name__}."
        raise ValueError(msg)
    if "shipped" in (cfg.init.encoder, cfg.init.pyramid):
        borrow_encoders(network, checkpoint.read(shipped_checkpoint()).state)
    if cfg.init.encoder not in ("none", "shipped"):
        load_encoder(network.encoder, cfg.model.encoder.name, cfg.init.encoder)
    if cfg.init.pyramid not in ("none", "shipped"):
        load_pyramid(network.pyramid, cfg.model.pyramid.name, cfg.init.pyramid)
    return network


def _resume_from(cfg: DictConfig) -> str | None:
    """The checkpoint to go on from; `last` is the newest one beside this run."""
    if cfg.ckpt_path != "last":
        return cfg.ckpt_path and str(existing(cfg.ckpt_path, "a checkpoint for ckpt_path"))
    runs = Path(cfg.out).parent
    found = sorted(runs.glob("*/checkpoints/last.ckpt"), key=lambda p: p.stat().st_mtime)
    if not found:
        msg = f"Expected an earlier run to go on with, but none in {runs} has a last.ckpt."
        raise FileNotFoundError(msg)
    log.info("Going on from %s", found[-1])
    return str(found[-1])


def _concluded(cfg: DictConfig, trainer: Trainer) -> float:
    """Writes the metrics and the exported model, says where they are, returns the best score."""
    metrics = {k: float(v) for k, v in trainer.callback_metrics.items()}
    if cfg.monitor not in metrics:
        known = ", ".join(sorted(metrics))
        msg = f"Expected the metric {cfg.monitor} after training; there are {known}."
        raise ValueError(msg)
    keeper = trainer.checkpoint_callback
    kept = keeper.best_model_score if isinstance(keeper, ModelCheckpoint) else None
    score = metrics[cfg.monitor] if kept is None else float(kept)
    out = Path(cfg.out)
    if trainer.is_global_zero:
        summary = {**metrics, "best": score}
        (out / "metrics.json").write_text(json.dumps(summary, indent=2, sort_keys=True))
        best = out / "checkpoints" / "best.ckpt"
        if best.is_file():
            exported = out / "model.ckpt"
            checkpoint.export(checkpoint.read(best), exported)
            log.info("The best model: %s    python predict.py ckpt=%s", exported, exported)
    return score
