"""The tuning program: words of pairs in, rules and a combination for objects out."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
from omegaconf import DictConfig, ListConfig

from spotdiff.apps.places import existing
from spotdiff.cli.gathering import Gathering, gather
from spotdiff.cli.pipelines import open_checkpoint
from spotdiff.cli.tuning_report import RULES, SILENCE, Outcome, combined_name, report, write
from spotdiff.data.row_words import words_of
from spotdiff.data.sources import open_source
from spotdiff.training.cross_validation import (
    CrossValidated,
    Spread,
    combination_of,
    cross_validate,
    folds,
    spread,
)
from spotdiff.training.object_scores import LabelledEvidence, scores_of
from spotdiff.training.simple_answers import counted_apart, perfect_gates, silence
from spotdiff.training.tuning import GridSearch, OddsSearch, OptunaSearch, Rows, Search, grid
from spotdiff.types import LabelSets, ObjectRules, PairRow, RowProblem, Tuned, Witnesses

log = logging.getLogger("spotdiff")

MAX_EXIT = 63  # the exit code counts failed pairs up to here; 64 means a wrong command


def tune(cfg: DictConfig) -> int:
    """Searches, says what was found and what it is worth, and writes it.

    Returns:
        How many pairs failed, at most 63; they count as answered with nothing.

    Raises:
        ValueError: If no pair has words, or objects are not configured.
    """
    if not cfg.get("objects"):
        raise ValueError("Expected the rules of objects, got none: add objects=default.")
    if cfg.pairs is None:
        raise ValueError("Expected pairs=TABLE with a table of words, got none.")
    _refuse_strange(cfg)
    checkpoint = open_checkpoint(cfg.ckpt)
    table = existing(cfg.pairs, "a table of words for pairs")
    rows, lost = _with_words(table, cfg.pattern)
    if cfg.objects.labels is None:
        cfg.objects.labels = str(cfg.pairs)
    gathering = gather(cfg, checkpoint, rows)
    if all(one is None for one in gathering.evidence):
        first = next(iter(gathering.problems.values()), "no row can be used")
        raise ValueError(f"Expected pairs to learn from, all of {table} failed; the first: {first}")
    outcome = _searched(cfg, gathering, rows, lost)
    report(outcome)
    write(cfg, checkpoint, outcome)
    return min(len(outcome.problems), MAX_EXIT)


def _refuse_strange(cfg: DictConfig) -> None:
    """Before models are asked, which may take hours."""
    for name, known in (("search", ("grid", "optuna")), ("heat", ("boost", "odds"))):
        if cfg[name] not in known:
            raise ValueError(f"Expected {name} to be {' or '.join(known)}, got {cfg[name]!r}.")
    grid(ObjectRules(), _numbers("grid", cfg.grid))
    space = _numbers("space", cfg.space)
    grid(ObjectRules(), space)
    if strange := [name for name, ends in space.items() if len(ends) != 2 or ends[0] > ends[1]]:
        raise ValueError(f"Expected space.{strange[0]} to be two rising numbers: [0.1, 0.9].")
    for name, least in (("folds", 2), ("trials", 1)):
        if not isinstance(cfg[name], int) or cfg[name] < least:
            raise ValueError(f"Expected {name} to be a number from {least} on, got {cfg[name]!r}.")
    if cfg.combination not in (None, True, False):
        raise ValueError(
            f"Expected combination to be true, false or null, got {cfg.combination!r}."
        )
    try:
        re.compile(cfg.group or "")
    except re.error as error:
        raise ValueError(
            f"Expected group to be a regular expression, got {cfg.group!r}: {error}."
        ) from error


def _with_words(table: Path, pattern: str | None) -> tuple[list[PairRow], list[RowProblem]]:
    """The rows whose words are known, or follow from their boxes; told what is wrong with others.

    Where boxes are named, a pair that is known to have none has no words. Apart from them the rows
    of known words that cannot be used.
    """
    found = list(open_source(table, pattern=pattern))
    for row in found:
        if isinstance(row, RowProblem):
            log.error("%s: %s", row.where, row.reason)
    rows = [row for row in found if isinstance(row, PairRow)]
    words = [words_of(row) for row in rows]
    if all(one is None for one in words):
        raise ValueError(f"Expected pairs with words in {table}, none of its rows has any.")
    known = [
        LabelSets() if one is None and row.changes == () else one
        for one, row in zip(words, rows, strict=True)
    ]
    usable = [
        replace(row, labels=one) for row, one in zip(rows, known, strict=True) if one is not None
    ]
    return usable, [r for r in found if isinstance(r, RowProblem) and r.labels is not None]


def _searched(
    cfg: DictConfig, gathering: Gathering, rows: list[PairRow], lost: list[RowProblem]
) -> Outcome:
    decision = gathering.comparer.decision
    vocabulary = gathering.comparer.witness.vocabulary
    every: list[PairRow | RowProblem] = [*rows, *lost]
    labelled = LabelledEvidence(
        tuple(row.pair_id for row in every),
        gathering.evidence + (None,) * len(lost),
        tuple(row.labels or LabelSets() for row in every),
        decision.look,
        decision.meanings.group,
        vocabulary.words,
    )
    parts = folds(labelled.pair_ids, cfg.folds, cfg.seed, cfg.group)
    search = _search(cfg, labelled, decision.rules)
    witnesses = _witnesses(gathering)
    held_out = cross_validate(labelled, search, parts, witnesses)
    rules = search(np.arange(len(labelled)))
    joined = _joins(cfg, held_out, gathering.comparer.witnesses)
    combination = combination_of(labelled, rules, witnesses) if joined else None
    return Outcome(
        Tuned(rules, combination, vocabulary.labels, vocabulary.words),
        _spreads(labelled, decision.rules, held_out, parts),
        combined_name(gathering.comparer.witnesses) if joined else RULES,
        labelled,
        {**gathering.problems, **{row.pair_id: row.reason for row in lost}},
    )


def _joins(cfg: DictConfig, held_out: CrossValidated, asked: Witnesses) -> bool:
    """Whether words are decided by a combination; says so where rules are better."""
    if cfg.combination is not None:
        return bool(cfg.combination)
    rules, joined = (float(one.mean()) for one in (held_out.rules, held_out.combinations[asked]))
    if joined <= rules:
        log.info("Words stay with the rules: held out %.3f, a combination %.3f.", rules, joined)
    return joined > rules


def _search(cfg: DictConfig, labelled: LabelledEvidence, base: ObjectRules) -> Search:
    search: Search
    if cfg.search == "grid":
        search = GridSearch(labelled, grid(base, _numbers("grid", cfg.grid)))
    else:
        search = OptunaSearch(labelled, base, _numbers("space", cfg.space), cfg.trials, cfg.seed)
    return OddsSearch(labelled, search) if cfg.heat == "odds" else search


def _numbers(key: str, node: DictConfig) -> dict[str, list[float]]:
    found = {}
    for name, values in node.items():
        if not isinstance(values, ListConfig) or not len(values):
            raise ValueError(f"Expected {key}.{name!s} to be a list of numbers, got {values!r}.")
        found[str(name)] = [float(value) for value in values]
    return found


def _witnesses(gathering: Gathering) -> tuple[Witnesses, ...]:
    """Whom a combination is fitted for: all who were asked, together and alone."""
    asked = gathering.comparer.witnesses
    return ("both", "objects", "model") if asked == "both" else (asked,)


def _spreads(
    labelled: LabelledEvidence, base: ObjectRules, held_out: CrossValidated, parts: list[Rows]
) -> dict[str, Spread]:
    counted = counted_apart(labelled)
    apart = np.zeros_like(held_out.rules)
    for rows in parts:
        others = np.setdiff1d(np.arange(len(labelled)), rows)
        apart[rows] = counted[int(counted[:, others].mean(axis=(1, 2)).argmax()), rows]
    scores = {
        SILENCE: silence(labelled),
        "counts of detections differ": apart,
        "rules as they were": scores_of(labelled, [base])[0],
        RULES: held_out.rules,
        **{combined_name(name): one for name, one in held_out.combinations.items()},
        "perfect gates, one word": perfect_gates(labelled),
    }
    return {name: spread(one, parts) for name, one in scores.items()}
