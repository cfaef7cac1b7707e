"""What a search is worth: found on all folds but one, scored on that one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32
from scipy.stats import t as student

from spotdiff.ops.combination import UNWEIGHED, WordEvidence, combined, word_evidence
from spotdiff.training.combining import encoded, fit_combination
from spotdiff.training.object_scores import (
    LabelledEvidence,
    f1_of,
    pooled_things,
    scores_of,
    subset,
    things_by_pair,
)
from spotdiff.training.tuning import Rows, Search
from spotdiff.types import ChangeKind, Combination, ObjectRules, Witnesses


@dataclass(frozen=True, slots=True)
class Spread:
    """Set F1 of pairs that were held out.

    Attributes:
        mean: Over all pairs and kinds.
        low: Lower end of its 95 % interval, by Student's t over the folds.
        high: The upper end.
        kinds: The mean over all pairs of each kind.
    """

    mean: float
    low: float
    high: float
    kinds: tuple[float, ...]


def spread(scores: Float32[np.ndarray, "n 3"], parts: Sequence[Rows]) -> Spread:
    """The mean of scores, and how far it may be off by its folds.

    Example:
        >>> scores = np.float32([[0.59] * 3, [0.59] * 3, [0.61] * 3, [0.61] * 3])
        >>> found = spread(scores, [np.array([0, 1]), np.array([2, 3])])
        >>> round(found.mean, 2), round(found.high - found.mean, 3)  # 0.01 · 12.7
        (0.6, 0.127)
    """
    mean = float(scores.mean())
    of_folds = np.array([scores[rows].mean() for rows in parts], np.float64)
    error = float(of_folds.std(ddof=1)) / len(parts) ** 0.5
    reach = float(student.ppf(0.975, len(parts) - 1)) * error
    low, high = max(0.0, mean - reach), min(1.0, mean + reach)
    return Spread(mean, low, high, tuple(map(float, scores.mean(axis=0))))


def folds(pair_ids: Sequence[str], count: int, seed: int, group: str | None = None) -> list[Rows]:
    """The rows of every fold; pairs whose ids share what `group` finds share a fold.

    Args:
        pair_ids: Of the pairs.
        count: Of the folds; fewer where there are fewer groups.
        seed: Of the draw.
        group: Regular expression; its first group, or its whole match, names what belongs together.

    Raises:
        ValueError: If there are fewer than two folds to be made, or `group` finds nothing in an id.
    """
    names = [_group_of(pair_id, group) for pair_id in pair_ids]
    distinct = sorted(set(names))
    if min(count, len(distinct)) < 2:
        raise ValueError(
            f"Expected pairs for two folds at least, got {len(distinct)} groups and folds={count}."
        )
    order = np.random.default_rng(seed).permutation(len(distinct))
    fold_of = {distinct[i]: place % count for place, i in enumerate(order.tolist())}
    of_row = np.array([fold_of[name] for name in names])
    return [np.flatnonzero(of_row == fold) for fold in range(min(count, len(distinct)))]


def _group_of(pair_id: str, group: str | None) -> str:
    if group is None:
        return pair_id
    found = re.search(group, pair_id)
    if found is None:
        raise ValueError(f"Expected {group!r} in the id of every pair, not found in {pair_id!r}.")
    return found[1] if found.re.groups else found[0]


@dataclass(frozen=True, slots=True)
class CrossValidated:
    """Held-out scores of every pair and kind.

    Attributes:
        rules: Of the rules that were found.
        chosen: Those rules, fold by fold.
        combinations: Of the words of a combination fitted on the same pairs, by who is asked.
    """

    rules: Float32[np.ndarray, "n 3"]
    chosen: tuple[ObjectRules, ...]
    combinations: Mapping[Witnesses, Float32[np.ndarray, "n 3"]]


def cross_validate(
    labelled: LabelledEvidence,
    search: Search,
    parts: Sequence[Rows],
    witnesses: Sequence[Witnesses],
) -> CrossValidated:
    """Scores what a search and a combination find, each fold by the pairs of the others."""
    scores = np.zeros((len(labelled), len(ChangeKind)), np.float32)
    joined = {name: scores.copy() for name in witnesses}
    chosen = []
    for rows in parts:
        others = np.setdiff1d(np.arange(len(labelled)), rows)
        rules = search(others)
        chosen.append(rules)
        held_out = subset(labelled, rows)
        scores[rows] = scores_of(held_out, [rules])[0]
        fitted = combination_of(subset(labelled, others), rules, witnesses)
        for name in witnesses:
            joined[name][rows] = combination_scores(held_out, rules, fitted, name)
    return CrossValidated(scores, tuple(chosen), joined)


def combination_of(
    labelled: LabelledEvidence, rules: ObjectRules, witnesses: Sequence[Witnesses]
) -> Combination:
    """The combination that suits some pairs best, the things being those of the rules.

    Pairs that failed teach nothing about who is to be believed.

    Raises:
        ValueError: If all of them failed.
    """
    words = sorted({*labelled.known_words, *labelled.true_words})
    said_of = [i for i, one in enumerate(labelled.evidence) if one is not None]
    if not said_of:
        raise ValueError(f"Expected pairs to learn from, all {len(labelled)} of a fold failed.")
    labelled = subset(labelled, np.array(said_of, np.int64))
    said = {name: spoken(labelled, rules, words, name) for name in witnesses}
    return fit_combination(said, labelled.truth, words)


def combination_scores(
    labelled: LabelledEvidence, rules: ObjectRules, combination: Combination, witnesses: Witnesses
) -> Float32[np.ndarray, "n 3"]:
    """Set F1 of what a combination says; a pair that failed is answered with nothing."""
    said = spoken(labelled, rules, combination.words, witnesses)
    _, chosen = combined(said, combination, witnesses)
    chosen[[one is None for one in labelled.evidence]] = False
    words = sorted({*combination.words, *labelled.words})
    places = [words.index(word) for word in combination.words]
    table = np.zeros((*chosen.shape[:2], len(words)), bool)
    table[..., places] = chosen
    return f1_of(table, encoded(labelled.truth, words))


def spoken(
    labelled: LabelledEvidence, rules: ObjectRules, words: Sequence[str], witnesses: Witnesses
) -> list[WordEvidence]:
    """What is said of the words of each pair."""
    unweighed = replace(rules, heat="odds", odds=UNWEIGHED[witnesses])
    things = things_by_pair(labelled, pooled_things(labelled, rules), unweighed)
    return [
        word_evidence(
            one.kinds,
            one.scores,
            one.words,
            None if evidence is None else evidence.whole,
            words,
            labelled.group,
            evidence is not None and evidence.identical,
        )
        for one, evidence in zip(things, labelled.evidence, strict=True)
    ]
