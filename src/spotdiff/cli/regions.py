"""The training program for names of regions: found once, named by a small head, measured."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hydra.utils import instantiate
from lightning import Trainer, seed_everything
from omegaconf import DictConfig, OmegaConf
from torch.utils.data import DataLoader

from spotdiff.apps.loading import device_named
from spotdiff.apps.places import existing
from spotdiff.cli.pipelines import aligner, open_checkpoint
from spotdiff.cli.quiet import quieten_lightning
from spotdiff.data.bag_files import read_bags, write_bags
from spotdiff.data.bags import (
    Bag,
    BagSet,
    CollateBags,
    Finder,
    Laying,
    bag_of,
    targets_of,
    words_of,
)
from spotdiff.data.images import ImageError
from spotdiff.data.sets import lot
from spotdiff.data.sources import open_source
from spotdiff.data.tables import checked
from spotdiff.evaluation.named_regions import changes_of, quality
from spotdiff.labels import Vocabulary
from spotdiff.models.localizer import SiameseLocalizer
from spotdiff.models.regions import label_probabilities
from spotdiff.models.siamese import SiameseChangeNet
from spotdiff.ops.frames import in_one_frame
from spotdiff.ops.heatmap import Regions, components
from spotdiff.ops.parts import any_label
from spotdiff.training import checkpoint
from spotdiff.training.calibration import fit_score
from spotdiff.training.checkpoint import Checkpoint
from spotdiff.training.histograms import histogram
from spotdiff.training.regions import RegionModule
from spotdiff.types import LabelScores, ModelInfo, Pair, PairRow, Thresholds

log = logging.getLogger("spotdiff")


def train_regions(cfg: DictConfig) -> float:
    """Fits the names of regions on one fold; returns the validation score that a sweep maximises.

    Raises:
        ValueError: If the pairs have neither words nor boxes with labels, or a fold is empty.
    """
    quieten_lightning()
    root = existing(cfg.data.root, "pairs for data.root")
    rows = checked(open_source(root, split=cfg.data.split))
    base = open_checkpoint(cfg.regions.base)
    trained, held_out = _fold(_gathered(cfg, base, rows), cfg.data.folds, cfg.data.fold)
    vocabulary = Vocabulary.from_rows(
        [words_of(bag.truth)[0] for bag in trained], min_count=cfg.vocabulary.min_count
    )
    if not vocabulary.labels:
        raise ValueError(f"Expected words or boxes with labels in {root}, found none.")
    recipe = _recipe(cfg, base, vocabulary)
    # Not before: finding regions draws too, and is left out where they are on file.
    seed_everything(cfg.seed, workers=True, verbose=False)
    network = _network(recipe, base)
    _fit(cfg, network, trained, vocabulary)
    thresholds = replace(base.thresholds, min_heat=cfg.regions.min_heat, min_label=0.0)
    if not cfg.regions.weak:  # lists do not tell which boxes are right
        thresholds = replace(thresholds, min_score=_min_score(cfg, network, trained))
    _export(cfg, recipe, vocabulary, thresholds, network)
    return _concluded(cfg, network, held_out, thresholds.min_score)


def _gathered(cfg: DictConfig, base: Checkpoint, rows: Sequence[PairRow]) -> list[Bag]:
    """The regions of all pairs, from a file where an earlier run has left them."""
    side, half = cfg.regions.head.side, cfg.regions.half
    settings: list[Any] = [base.info.sha256, side, half, cfg.regions.min_heat, cfg.regions.min_area]
    settings.append(
        OmegaConf.to_container(cfg.regions.alignment) if cfg.regions.alignment else None
    )
    settings += [[row.pair_id, *_stamp(row.before), *_stamp(row.after)] for row in rows]
    key = hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:16]
    path = Path(cfg.regions.cache) / f"regions-{key}.npz"
    if not path.is_file():
        log.info("Finding the regions of %d pairs once: %s", len(rows), path)
        write_bags(list(_found(rows, _finder(cfg, base), side, _laying(cfg))), path)
    found = read_bags(path, rows)
    if len(found) < len(rows):
        log.error("%d pairs were left out: they cannot be read.", len(rows) - len(found))
    return found


def _stamp(path: Path) -> tuple[str, int, int]:
    """What tells, without reading it, that a file is still the same."""
    state = path.stat()
    return str(path), state.st_size, state.st_mtime_ns


def _found(rows: Sequence[PairRow], find: Finder, side: int, lay: Laying) -> Iterator[Bag]:
    """The bags of what can be read; one damaged photograph does not cost the work on all others."""
    for row in rows:
        try:
            yield bag_of(row, find, side, lay)
        except ImageError as error:
            log.error("%s: %s", row.pair_id, error)


def _finder(cfg: DictConfig, base: Checkpoint) -> Finder:
    localizer = SiameseLocalizer(
        base.network(), device=device_named(cfg.regions.device), half=cfg.regions.half
    )

    def find(pairs: Sequence[Pair]) -> list[Regions]:
        maps = localizer(pairs)
        return [components(m.heat, cfg.regions.min_heat, cfg.regions.min_area) for m in maps]

    return find


def _laying(cfg: DictConfig) -> Laying:
    """What brings both views into one frame, as `predict` will."""
    align = aligner(cfg.regions)

    def lay(pair: Pair) -> Pair:
        framed, _ = in_one_frame(pair, "resize")
        return align([framed])[0][0] if align else framed

    return lay


def _fold(found: Sequence[Bag], folds: int, fold: int) -> tuple[list[Bag], list[Bag]]:
    """What is trained on and what is held out; a pair's fold follows from its id alone."""
    if not 0 <= fold < folds or folds < 2:
        raise ValueError(f"Expected data.fold from 0 to {folds - 1} of folds >= 2, got {fold}.")
    parts: tuple[list[Bag], list[Bag]] = ([], [])
    for bag in found:
        parts[lot(bag.pair_id) % folds == fold].append(bag)
    if not parts[0] or not parts[1]:
        raise ValueError(f"Expected pairs in and outside of fold {fold}, got {len(found)} in all.")
    return parts


def _recipe(cfg: DictConfig, base: Checkpoint, vocabulary: Vocabulary) -> dict[str, Any]:
    """The network of the base, its label maps replaced by a head for regions."""
    head = OmegaConf.to_container(cfg.regions.head, resolve=True)
    regions = {**head, "vocabulary": list(vocabulary.labels)}  # type: ignore[dict-item]
    return {**base.recipe, "vocabulary": [], "regions": regions}


def _network(recipe: dict[str, Any], base: Checkpoint) -> SiameseChangeNet:
    network = checkpoint.build(recipe)
    if not isinstance(network, SiameseChangeNet):
        kind = type(network).__name__
        raise ValueError(f"Expected the recipe of a SiameseChangeNet in the base, got {kind}.")
    own = network.state_dict()
    kept = {k: v for k, v in base.state.items() if k in own and own[k].shape == v.shape}
    network.load_state_dict(kept, strict=False)
    return network


def _fit(
    cfg: DictConfig, network: SiameseChangeNet, trained: list[Bag], vocabulary: Vocabulary
) -> None:
    collate = CollateBags(vocabulary.labels, cfg.regions.weak, cfg.regions.margin)
    some = [bag for bag in trained if len(bag.regions)]
    if not some:
        heat = cfg.regions.min_heat
        raise ValueError(f"Expected regions in some pair at regions.min_heat={heat}, found none.")
    loader = DataLoader(
        BagSet(some, not cfg.regions.head.upright, cfg.seed),
        batch_size=min(cfg.data.batch_size, len(some)),
        shuffle=True,
        drop_last=True,
        collate_fn=collate,
    )
    module = RegionModule(
        network,
        instantiate(cfg.loss),
        instantiate(cfg.optimizer),
        decay=cfg.regions.decay,
        warmup=cfg.regions.teacher_from,
    )
    trainer: Trainer = instantiate(
        cfg.trainer,
        callbacks=[instantiate(cfg.callbacks.progress)] if "progress" in cfg.callbacks else [],
        logger=list(instantiate(cfg.logger, _convert_="all").values()),
        default_root_dir=cfg.out,
        enable_checkpointing=False,
    )
    trainer.fit(module, loader)
    network.eval().cpu()


@torch.inference_mode()
def _named(network: SiameseChangeNet, bag: Bag) -> LabelScores:
    if not len(bag.regions):
        return np.zeros((0, len(network.regions.vocabulary if network.regions else ())), np.float32)
    before, after = (torch.from_numpy(v).float() / 255 for v in (bag.before, bag.after))
    logits = network.region_logits(before, after, averaged=True)
    return np.asarray(label_probabilities(logits)[:, :-1].numpy(), np.float32)


def _min_score(cfg: DictConfig, network: SiameseChangeNet, trained: list[Bag]) -> float:
    """The threshold of box F1 on what was trained on."""
    counts: torch.Tensor | int = 0
    total = 0
    for bag in trained:
        changes, labels = bag.truth.changes or (), network.regions.vocabulary  # type: ignore[union-attr]
        right = targets_of(bag.regions, changes, labels, cfg.regions.margin) < len(labels)
        scores = bag.regions.scores * any_label(_named(network, bag))
        counts = counts + histogram(torch.from_numpy(scores), torch.from_numpy(right))
        total += len(changes)
    fitted = fit_score(torch.as_tensor(counts), torch.tensor(total))
    return 0.5 if fitted is None else fitted


def _export(
    cfg: DictConfig,
    recipe: dict[str, Any],
    vocabulary: Vocabulary,
    thresholds: Thresholds,
    network: SiameseChangeNet,
) -> None:
    path = Path(cfg.out) / "model.ckpt"
    path.parent.mkdir(parents=True, exist_ok=True)
    state = network.state_dict()
    whole = Checkpoint(recipe, vocabulary, thresholds, state, ModelInfo("model", ""))
    checkpoint.export(whole, path)
    log.info("The model: %s    python predict.py ckpt=%s", path, path)


def _concluded(
    cfg: DictConfig, network: SiameseChangeNet, held_out: list[Bag], min_score: float
) -> float:
    """Measures the held-out pairs, writes the metrics, returns the one that is monitored."""
    labels = network.regions.vocabulary if network.regions else ()
    gap = network.regions.max_gap if network.regions else -1
    said = [
        changes_of(bag.regions, _named(network, bag), labels, gap, min_score) for bag in held_out
    ]
    truth = [bag.truth.changes or () for bag in held_out]
    metrics = quality(said, truth, cfg.regions.margin, min_score)
    path = Path(cfg.out) / "metrics.json"
    path.write_text(json.dumps(metrics, indent=2, sort_keys=True) + "\n")
    shown = ", ".join(f"{name} {value:.4f}" for name, value in metrics.items() if " " not in name)
    log.info("%d held-out pairs of fold %d: %s", len(held_out), cfg.data.fold, shown)
    return metrics[cfg.monitor.removeprefix("val/")]
