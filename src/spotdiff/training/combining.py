"""Fits how detectors and the change model are joined, from the words of pairs alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float64
from scipy.optimize import minimize

from spotdiff.ops.combination import (
    GATE_COLUMNS,
    KINDS,
    ROW_OF_KIND,
    WORD_COLUMNS,
    WordEvidence,
    gate_features,
    word_features,
)
from spotdiff.ops.object_scores import logit, sigmoid
from spotdiff.types import Combination, LabelSets, Witnesses, WitnessWeights
from spotdiff.types.changes import ChangeKind

STRENGTH = 1.0  # of the pull of all weights but the offset towards 0, in rows
PSEUDO = 1.0  # rows that a word is counted in before any row is read


def fit_combination(
    evidence: Mapping[Witnesses, Sequence[WordEvidence]],
    truth: Sequence[LabelSets],
    words: Sequence[str],
) -> Combination:
    """The combination that makes the words of pairs most probable.

    Two logistic regressions for each row of weights: whether a set holds anything, over all pairs,
    and whether it holds a word, over those sets that hold something.

    Args:
        evidence: What was said of each pair, its words being `words`, by who was asked.
        truth: The words of each pair.
        words: That may be said.

    Raises:
        ValueError: If there are no pairs.
    """
    if not len(truth):
        raise ValueError("Expected pairs with words to fit a combination on, got none.")
    holds = encoded(truth, words)
    filled = np.array([[bool(one.of(kind)) for kind in ChangeKind] for one in truth])
    prior = _prior(holds, filled)
    weights: dict[Witnesses, WitnessWeights] = {}
    for name, said in evidence.items():
        gates, inside = gate_features(said), word_features(said, prior)
        gate, word = GATE_COLUMNS[name], WORD_COLUMNS[name]
        weights[name] = WitnessWeights(
            np.stack([_gate_weights(gates, filled, row, gate) for row in range(2)]),
            np.stack([_word_weights(inside, holds, filled, row, word) for row in range(2)]),
        )
    return Combination(tuple(words), prior, weights)


def encoded(truth: Sequence[LabelSets], words: Sequence[str]) -> Bool[np.ndarray, "n 3 v"]:
    """Whether each pair's set of each kind holds each word; other words are not in the table.

    Example:
        >>> encoded([LabelSets(added=("car", "dog"))], ["dog", "cat"])[0].tolist()
        [[True, False], [False, False], [False, False]]
    """
    place = {word: column for column, word in enumerate(words)}
    holds = np.zeros((len(truth), KINDS, len(words)), bool)
    for row, one in zip(holds, truth, strict=True):
        for kind, own in zip(ChangeKind, row, strict=True):
            own[[place[word] for word in one.of(kind) if word in place]] = True
    return holds


def logistic(
    features: Float64[np.ndarray, "n f"], answers: Bool[np.ndarray, " n"]
) -> Float64[np.ndarray, " f"]:
    """The weights of a logistic regression with an L2 penalty; the last feature is the offset.

    Raises:
        ValueError: If a feature is no finite number.

    Example:
        >>> features = np.array([[1.0, 1.0], [-1.0, 1.0]] * 50)
        >>> logistic(features, features[:, 0] > 0).round(1)
        array([3.4, 0. ])
    """
    if not np.isfinite(features).all():
        raise ValueError("Expected finite features, got nan or infinity.")
    signs = np.where(answers, 1.0, -1.0)
    pull = np.full(features.shape[1], STRENGTH)
    pull[-1] = 1e-3  # enough for a minimum where all answers are one

    def loss(weights: Float64[np.ndarray, " f"]) -> tuple[float, Float64[np.ndarray, " f"]]:
        margins = signs * (features @ weights)
        slope = -signs * sigmoid(-margins)
        value = np.logaddexp(0, -margins).sum() + 0.5 * (pull * weights**2).sum()
        return float(value), features.T @ slope + pull * weights

    start = np.zeros(features.shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B")
    return np.asarray(found.x, np.float64)


def _prior(
    holds: Bool[np.ndarray, "n 3 v"], filled: Bool[np.ndarray, "n 3"]
) -> Float64[np.ndarray, "2 v"]:
    """Log-odds of each word in a set that is not empty, counted; no word is impossible."""
    counts = np.zeros((2, holds.shape[2]))
    sets = np.zeros(2)
    for kind, row in enumerate(ROW_OF_KIND):
        counts[row] += holds[:, kind].sum(axis=0)
        sets[row] += filled[:, kind].sum()
    even = 1 / max(1, holds.shape[2])
    return logit((counts + PSEUDO * even) / (sets[:, None] + PSEUDO))


def _gate_weights(
    features: Float64[np.ndarray, "n 3 g"],
    filled: Bool[np.ndarray, "n 3"],
    row: int,
    columns: Sequence[int],
) -> Float64[np.ndarray, " g"]:
    kinds = np.flatnonzero(row == ROW_OF_KIND)
    chosen = features[:, kinds][..., columns].reshape(-1, len(columns))
    return logistic(chosen, filled[:, kinds].reshape(-1))


def _word_weights(
    features: Float64[np.ndarray, "n 3 v w"],
    holds: Bool[np.ndarray, "n 3 v"],
    filled: Bool[np.ndarray, "n 3"],
    row: int,
    columns: Sequence[int],
) -> Float64[np.ndarray, " w"]:
    kinds = np.flatnonzero(row == ROW_OF_KIND)
    kept = filled[:, kinds]
    chosen = features[:, kinds][kept][..., columns].reshape(-1, len(columns))
    return logistic(chosen, holds[:, kinds][kept].reshape(-1))


def fit_odds(
    scores: Float64[np.ndarray, " n"],
    heat: Float64[np.ndarray, " n"],
    sets: np.ndarray,
    answers: Bool[np.ndarray, " s"],
) -> tuple[float, float, float]:
    """Weights of score and heat, and the offset, of `ObjectRules.odds`.

    A word is in a set if any thing that goes by it changed like that: 1 - Π (1 - p) over its
    things (noisy or), p = σ(a · logit(score) + b · logit(heat) + c). Those make the sets of the
    pairs most probable.

    Args:
        scores: Of each thing, the mean of its views, in [0, 1].
        heat: Of each thing, see `kind_heat`.
        sets: For each thing, the row of `answers` that its kind and word belong to.
        answers: Whether the pair's set holds the word, for each kind and word of any thing.
    """
    features = np.stack([logit(scores), logit(heat), np.ones(len(scores))], axis=1)
    start = np.array([1.0, 1.0, 0.0])

    def loss(weights: Float64[np.ndarray, " 3"]) -> tuple[float, Float64[np.ndarray, " 3"]]:
        p = sigmoid(features @ weights)
        quiet = np.bincount(sets, np.log1p(-p.clip(0, 1 - 1e-9)), len(answers))  # log Π (1 - p)
        some = (1 - np.exp(quiet)).clip(1e-9)
        value = -np.where(answers, np.log(some), quiet).sum()
        # d/dz of log(1 - p) is -p; of log(1 - e^q) it is e^q / (1 - e^q) · p
        factor = np.where(answers, -np.exp(quiet) / some, 1.0)[sets] * p
        drift = weights - start
        return float(
            value + 0.5 * STRENGTH * (drift**2).sum()
        ), features.T @ factor + STRENGTH * drift

    a, b, c = map(float, minimize(loss, start, jac=True, method="L-BFGS-B").x)
    return a, b, c
