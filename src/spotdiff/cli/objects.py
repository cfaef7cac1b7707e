"""Pipelines that answer by objects, from the settings of a program."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig, ListConfig, OmegaConf

from spotdiff.apps.objects import (
    ObjectSettings,
    OwnModel,
    bundled_meanings,
    object_comparer,
    object_pipeline,
    store_at,
)
from spotdiff.apps.places import existing
from spotdiff.contracts import Aligner, Detector, DifferenceCaptioner
from spotdiff.data.row_words import words_of
from spotdiff.data.sources import open_source
from spotdiff.data.tuned import read_tuned
from spotdiff.labels import Vocabulary
from spotdiff.pipeline import PairPipeline
from spotdiff.stages.appearance import Appearance
from spotdiff.stages.objects import ObjectComparer
from spotdiff.training.checkpoint import Checkpoint
from spotdiff.types import Combination, LabelSets, ModelInfo, ObjectRules, PairRow, Tuned

log = logging.getLogger("spotdiff")

_OWN = ("tile", "max_side", "flip", "half", "min_heat", "min_score", "min_label", "min_area")


def answering_by_objects(
    cfg: DictConfig,
    checkpoint: Checkpoint,
    aligner: Aligner | None,
    captioner: DifferenceCaptioner | None = None,
) -> PairPipeline:
    """The pipeline of `conf/objects` and of its detectors; says who is asked.

    Raises:
        ValueError: If a detector cannot be loaded; says which and what to do.
    """
    comparer = comparing_objects(cfg, checkpoint)
    asked = [
        f"{role} {info.name}"
        for role, expert in comparer.experts.items()
        if isinstance(info := getattr(expert, "info", None), ModelInfo)
    ]
    asked += [f"change model {checkpoint.info.name}"] if cfg.objects.change_model else []
    log.info("Objects by %s.", ", ".join(asked))
    return object_pipeline(comparer, cfg.framing, aligner, captioner)


def comparing_objects(cfg: DictConfig, checkpoint: Checkpoint) -> ObjectComparer:
    """What compares by objects; errors as above."""
    objects = cfg.objects
    appearance: Appearance | None = None
    if cfg.get("embedder"):
        appearance = instantiate(cfg.embedder, _convert_="all")
    own = None
    if objects.change_model:
        own = OwnModel.of(checkpoint, cfg.device, {name: cfg[name] for name in _OWN})
    tuned = tuned_of(objects, checkpoint)
    vocabulary = vocabulary_of(objects, checkpoint, tuned)
    settings = ObjectSettings(
        objects.tta,
        tuple(objects.scales),
        instantiate(objects.voting, _convert_="all"),
        Tuned(_rules(objects, tuned.rules), _combination(objects, tuned, vocabulary)),
        bool(objects.regions),
    )
    return object_comparer(
        {str(name): _detector(name, node) for name, node in (cfg.detectors or {}).items()},
        vocabulary,
        own,
        appearance,
        settings,
        store_at(cfg.evidence),
        cfg.device,
    )


def words_to_say(cfg: DictConfig, checkpoint: Checkpoint) -> tuple[str, ...]:
    """The words that label sets may hold."""
    tuned = tuned_of(cfg.objects, checkpoint)
    vocabulary = vocabulary_of(cfg.objects, checkpoint, tuned)
    combination = _combination(cfg.objects, tuned, vocabulary)
    joined = combination.words if combination else ()
    own = () if cfg.detectors else checkpoint.vocabulary.words
    return tuple(dict.fromkeys([*vocabulary.words, *joined, *own]))


def _combination(objects: DictConfig, tuned: Tuned, vocabulary: Vocabulary) -> Combination | None:
    """What was fitted; where labels are named, it says no other words."""
    if tuned.combination is None or objects.labels is None:
        return tuned.combination
    return tuned.combination.among(vocabulary.words)


def vocabulary_of(objects: DictConfig, checkpoint: Checkpoint, tuned: Tuned) -> Vocabulary:
    """What detectors look for, and the words that are written for it.

    Raises:
        ValueError: If a table is named that has no words.
    """
    synonyms = bundled_meanings().synonyms
    if objects.labels is None:
        if tuned.labels:
            return Vocabulary(tuned.labels, tuned.words, synonyms)
        return checkpoint.vocabulary
    if isinstance(objects.labels, ListConfig):
        words = [LabelSets(added=(str(word),)) for word in objects.labels]
        return Vocabulary.from_rows(words, 1, synonyms)
    table = existing(str(objects.labels), "a table of words for objects.labels")
    rows = (words_of(row) for row in open_source(table) if isinstance(row, PairRow))
    found = Vocabulary.from_rows((row for row in rows if row), objects.min_count, synonyms)
    if not len(found):
        raise ValueError(f"Expected words in {table} for objects.labels, none of its rows has any.")
    return found


def tuned_of(objects: DictConfig, checkpoint: Checkpoint) -> Tuned:
    """What was tuned: the file that is named, else what the checkpoint carries."""
    if objects.tuned is not None:
        return read_tuned(Path(objects.tuned))
    return checkpoint.tuned or Tuned()


def _rules(objects: DictConfig, tuned: ObjectRules) -> ObjectRules:
    """The tuned rules but for those that somebody wants otherwise."""
    plain: Mapping[str, Any] = dict(OmegaConf.to_container(objects.rules, resolve=True))  # type: ignore[arg-type]
    known = {item.name: getattr(tuned, item.name) for item in fields(ObjectRules)}
    wanted = {name: value for name, value in plain.items() if value is not None}
    if isinstance(wanted.get("odds"), list):
        wanted["odds"] = tuple(wanted["odds"])
    return ObjectRules(**(known | wanted))


def _detector(name: str, node: DictConfig) -> Detector:
    """A detector, or one sentence about it."""
    try:
        found: Detector = instantiate(node, _convert_="all")
    except Exception as error:  # noqa: BLE001 - whatever a foreign model does while it is loaded
        reason: BaseException = error
        while reason.__cause__ is not None:
            reason = reason.__cause__
        told = str(reason).partition("full_key:")[0]  # Hydra repeats which key it was at
        text = " ".join(told.split()).rstrip(".") or type(reason).__name__
        raise ValueError(
            f"The detector {name} cannot be loaded: {text}. Or leave it out: ~detectors.{name}"
        ) from None
    return found
