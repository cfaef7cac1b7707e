"""Pipelines that answer by objects, from the settings of a program."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig, ListConfig, OmegaConf
from torch import nn

from spotdiff.apps.loading import device_named, load
from spotdiff.apps.places import existing, travelling
from spotdiff.contracts import Aligner, Detector, EvidenceStore
from spotdiff.data.evidence import ParquetEvidence
from spotdiff.data.evidence_memory import RecentEvidence
from spotdiff.data.row_words import words_of
from spotdiff.data.sources import open_source
from spotdiff.data.tuned import read_tuned
from spotdiff.labels import Meanings, Synonyms, Vocabulary
from spotdiff.ops.fingerprints import of_words
from spotdiff.pipeline import PairPipeline
from spotdiff.stages.appearance import Appearance
from spotdiff.stages.decision import HeatmapDecision, MapComparer
from spotdiff.stages.detection import Detection
from spotdiff.stages.object_decision import ObjectDecision
from spotdiff.stages.object_evidence import Witness
from spotdiff.stages.objects import ObjectComparer
from spotdiff.training.checkpoint import Checkpoint
from spotdiff.types import LabelSets, ModelInfo, ObjectRules, PairRow, Tuned

log = logging.getLogger("spotdiff")

_SETTINGS = ("tile", "max_side", "flip", "half", "min_heat", "min_score", "min_label", "min_area")


def object_pipeline(
    cfg: DictConfig, checkpoint: Checkpoint, aligner: Aligner | None
) -> PairPipeline:
    """The pipeline of `conf/objects` and of its detectors.

    Raises:
        ValueError: If a detector cannot be loaded; says which and what to do.
    """
    comparer = object_comparer(cfg, checkpoint)
    infos = ", ".join(
        f"{role} {info.name}"
        for role, expert in comparer.experts.items()
        if isinstance(info := getattr(expert, "info", None), ModelInfo)
    )
    log.info("Objects by %s.", ", ".join(filter(None, [infos, _spoken(cfg, checkpoint)])))
    plain = Tuned(comparer.decision.rules, comparer.decision.combination).plain()
    name = of_words(comparer.witness.identity, plain, cfg.objects.regions)
    return PairPipeline(comparer, ModelInfo("objects", name), cfg.framing, aligner)


def object_comparer(cfg: DictConfig, checkpoint: Checkpoint) -> ObjectComparer:
    """What compares by objects."""
    objects, device = cfg.objects, device_named(cfg.device)
    meanings = bundled_meanings()
    appearance: Appearance | None = None
    if cfg.get("embedder"):
        appearance = instantiate(cfg.embedder, _convert_="all")
    detectors = {str(name): _detector(name, node) for name, node in (cfg.detectors or {}).items()}
    experts: list[object] = [*detectors.values()]
    experts += [appearance.embedder] if appearance else []
    for expert in experts:
        if isinstance(expert, nn.Module):
            expert.to(device)
    tuned = tuned_of(objects, checkpoint)
    vocabulary = vocabulary_of(objects, checkpoint, meanings.synonyms, tuned)
    detection = Detection(
        detectors,
        vocabulary,
        meanings,
        tta=objects.tta,
        scales=tuple(objects.scales),
        voting=instantiate(objects.voting, _convert_="all"),
    )
    own = _own(cfg, checkpoint) if objects.change_model else None
    return ObjectComparer(
        Witness(
            _store(cfg),
            detection,
            appearance,
            None if own is None else own.localizer,
            of_words(checkpoint.info.sha256, *(cfg[name] for name in _SETTINGS[:4])),
        ),
        ObjectDecision(
            _rules(objects, tuned.rules),
            tuned.combination,
            meanings,
            appearance.look if appearance else (0.5, 1.0),
        ),
        _regions(own) if objects.regions else None,
    )


def words_to_say(cfg: DictConfig, checkpoint: Checkpoint) -> tuple[str, ...]:
    """The words that label sets may hold."""
    tuned = tuned_of(cfg.objects, checkpoint)
    found = vocabulary_of(cfg.objects, checkpoint, bundled_meanings().synonyms, tuned).words
    joined = tuned.combination.words if tuned.combination else ()
    own = () if cfg.detectors else checkpoint.vocabulary.words
    return tuple(dict.fromkeys([*found, *joined, *own]))


def bundled_meanings() -> Meanings:
    """Which words stand for one another, as conf/labels.yaml and conf/broader.yaml say."""
    conf = travelling("conf")
    return Meanings.from_files(conf / "labels.yaml", conf / "broader.yaml")


def _detector(name: str, node: DictConfig) -> Detector:
    """A detector, or one sentence about it."""
    try:
        found: Detector = instantiate(node, _convert_="all")
    except Exception as error:  # noqa: BLE001 - whatever a foreign model does while it is loaded
        reason: BaseException = error
        while reason.__cause__ is not None:
            reason = reason.__cause__
        text = " ".join(str(reason).split()) or type(reason).__name__
        raise ValueError(
            f"The detector {name} cannot be loaded: {text} Or leave it out: ~detectors.{name}"
        ) from None
    return found


def _own(cfg: DictConfig, checkpoint: Checkpoint) -> MapComparer:
    settings = {name: cfg[name] for name in _SETTINGS}
    comparer = load(checkpoint, device=cfg.device, alignment=None, **settings).comparer
    if not isinstance(comparer, MapComparer):
        raise TypeError(f"Expected a checkpoint that gives change maps, got {type(comparer)}.")
    return comparer


def _regions(own: MapComparer | None) -> HeatmapDecision | None:
    decision = None if own is None else own.decision
    return decision if isinstance(decision, HeatmapDecision) else None


def vocabulary_of(
    objects: DictConfig, checkpoint: Checkpoint, synonyms: Synonyms, tuned: Tuned
) -> Vocabulary:
    """What detectors look for, and the words that are written for it.

    Raises:
        ValueError: If a table is named that has no words.
    """
    if objects.labels is None:
        if tuned.labels:
            return Vocabulary(tuned.labels, tuned.words, synonyms)
        return checkpoint.vocabulary
    if isinstance(objects.labels, ListConfig):
        words = [LabelSets(added=(str(word),)) for word in objects.labels]
        return Vocabulary.from_rows(words, 1, synonyms)
    table = existing(objects.labels, "a table of words for objects.labels")
    rows = (words_of(row) for row in open_source(table) if isinstance(row, PairRow))
    found = Vocabulary.from_rows((r for r in rows if r), objects.min_count, synonyms)
    if not len(found):
        raise ValueError(f"Expected words in {table} for objects.labels, none of its rows has any.")
    return found


def tuned_of(objects: DictConfig, checkpoint: Checkpoint) -> Tuned:
    """What was tuned: the file that is named, else what the checkpoint carries."""
    if objects.tuned is not None:
        return read_tuned(Path(objects.tuned))
    return Tuned(ObjectRules()) if checkpoint.tuned is None else checkpoint.tuned


def _rules(objects: DictConfig, tuned: ObjectRules) -> ObjectRules:
    """The tuned rules but for those that somebody wants otherwise."""
    plain: Mapping[str, Any] = OmegaConf.to_container(objects.rules, resolve=True)  # type: ignore[assignment]
    known = {item.name: getattr(tuned, item.name) for item in fields(ObjectRules)}
    wanted = {name: v for name, v in plain.items() if v is not None}
    if "odds" in wanted:
        wanted["odds"] = tuple(wanted["odds"])
    return ObjectRules(**(known | wanted))


def _store(cfg: DictConfig) -> EvidenceStore:
    return RecentEvidence() if cfg.evidence is None else ParquetEvidence(Path(cfg.evidence))


def _spoken(cfg: DictConfig, checkpoint: Checkpoint) -> str:
    return f"change model {checkpoint.info.name}" if cfg.objects.change_model else ""
