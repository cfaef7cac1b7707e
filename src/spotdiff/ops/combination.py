"""Two witnesses, detectors and change model, joined: which words a pair holds of each kind.

Both questions, whether a kind's set holds anything and whether a word is in it, are answered by
log-odds that are linear in what the witnesses say. Added and removed share all weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from spotdiff.ops.expected_f1 import best_sets
from spotdiff.ops.object_scores import logit, sigmoid
from spotdiff.ops.objects import ADDED, CHANGED, REMOVED
from spotdiff.types import ChangeKind, Combination, Scores, WholePair, Witnesses, WitnessWeights

KINDS = len(ChangeKind)
# Of things before they are weighed: log-odds of score and heat, which no boost has cut off at 1.
UNWEIGHED: dict[Witnesses, tuple[float, float, float]] = {
    "both": (1.0, 1.0, 0.0),
    "objects": (1.0, 0.0, 0.0),
    "model": (1.0, 0.0, 0.0),
}
ROW_OF_KIND = np.array([0, 0, 1])  # of the weights: added and removed share theirs
# Columns of the features that come from each witness; the last one is the offset.
GATE_COLUMNS: dict[Witnesses, list[int]] = {
    "both": [0, 1, 2, 3, 4, 5],
    "objects": [0, 1, 2, 5],
    "model": [3, 4, 5],
}
WORD_COLUMNS: dict[Witnesses, list[int]] = {
    "both": [0, 1, 2, 3, 4, 5],
    "objects": [0, 1, 2, 4, 5],
    "model": [3, 4, 5],
}
_OTHERS = {ADDED: [REMOVED], REMOVED: [ADDED], CHANGED: [ADDED, REMOVED]}


@dataclass(frozen=True, slots=True)
class WordEvidence:
    """What both witnesses say of the words of one pair.

    Attributes:
        things: The largest score of any thing of each kind; 0 where there is none.
        totals: The sum of the scores of all things of each kind.
        words: The largest score of any thing of each kind and word.
        kin: That of any thing whose word is of the word's group, such as a man for "person".
        gates: Of the change model; None where none was asked.
        labels: Its probability of each kind and word; None likewise, or 0 for words it has not.
        identical: Whether both views are equal: then nothing changed, whoever says what.
    """

    things: Float64[np.ndarray, " 3"]
    totals: Float64[np.ndarray, " 3"]
    words: Float64[np.ndarray, "3 v"]
    kin: Float64[np.ndarray, "3 v"]
    gates: Float32[np.ndarray, " 3"] | None = None
    labels: Float32[np.ndarray, "3 v"] | None = None
    identical: bool = False


def word_evidence(
    kinds: Int64[np.ndarray, " n"],
    scores: Scores,
    said: Sequence[str],
    whole: WholePair | None,
    words: Sequence[str],
    group: Callable[[str], str] = str,
    identical: bool = False,
) -> WordEvidence:
    """Gathers what is said of a pair by word.

    Args:
        kinds: Of each thing, by its position in `ChangeKind`; negative for what is unchanged.
        scores: How sure each is, by `UNWEIGHED` odds.
        said: The word of each.
        whole: What the change model says of the pair.
        words: The columns of what comes back.
        group: What words have in common that may be said of one thing.
        identical: Whether both views are equal.

    Example:
        >>> kinds, scores = np.array([0, 0, 2]), np.float32([0.5, 0.25, 0.75])
        >>> found = word_evidence(kinds, scores, ["car", "dog", "car"], None, ["car", "cow"])
        >>> found.things, found.totals
        (array([0.5 , 0.  , 0.75]), array([0.75, 0.  , 0.75]))
        >>> found.words.tolist()
        [[0.5, 0.0], [0.0, 0.0], [0.75, 0.0]]
    """
    place = {word: column for column, word in enumerate(words)}
    kept = kinds >= 0
    rows, sure = kinds[kept], scores[kept].astype(np.float64)
    told = [word for word, one in zip(said, kept.tolist(), strict=True) if one]
    things, totals = np.zeros(KINDS), np.bincount(rows, sure, KINDS)
    np.maximum.at(things, rows, sure)
    table = _largest(rows, sure, told, words)
    groups = [group(word) for word in words]
    kin = _largest(rows, sure, [group(word) for word in told], groups)
    if whole is None:
        return WordEvidence(things, totals, table, kin, identical=identical)
    labels = np.zeros((KINDS, len(words)), np.float32)
    known = [(place[word], i) for i, word in enumerate(whole.words) if word in place]
    for column, i in known:
        labels[:, column] = whole.label_scores[:, i]
    return WordEvidence(things, totals, table, kin, whole.gates, labels, identical)


def _largest(
    rows: Int64[np.ndarray, " n"],
    scores: Float64[np.ndarray, " n"],
    told: Sequence[str],
    columns: Sequence[str],
) -> Float64[np.ndarray, "3 v"]:
    """The largest score of each kind and word; several columns may be of one word."""
    distinct = {word: number for number, word in enumerate(dict.fromkeys(columns))}
    table = np.zeros((KINDS, len(distinct) + 1))  # the last column is of words that nobody asked
    places = np.array([distinct.get(word, -1) for word in told], np.int64)
    np.maximum.at(table, (rows, places), scores)
    return table[:, [distinct[word] for word in columns]]


def gate_features(evidence: Sequence[WordEvidence]) -> Float64[np.ndarray, "n 3 6"]:
    """What speaks for any change of each kind.

    Log-odds of its surest thing; log(1 + sum of scores); log-odds of the surest thing of the other
    kinds; log-odds of the model's gate, and of the largest other gate; 1. The others of added are
    removed alone and the reverse, those of changed are both.
    """
    things = np.array([one.things for one in evidence]).reshape(-1, KINDS)
    totals = np.array([one.totals for one in evidence]).reshape(-1, KINDS)
    nothing = np.full(KINDS, 0.5)
    gates = np.array([nothing if one.gates is None else one.gates for one in evidence])
    gates = gates.reshape(-1, KINDS)
    columns = [
        logit(things),
        np.log1p(totals),
        logit(_largest_other(things)),
        logit(gates),
        logit(_largest_other(gates)),
        np.ones_like(things),
    ]
    return np.stack(columns, axis=-1)


def word_features(
    evidence: Sequence[WordEvidence], prior: Float64[np.ndarray, "2 v"]
) -> Float64[np.ndarray, "n 3 v 6"]:
    """What speaks for each word in a set that is not empty.

    Log-odds of its surest thing of that kind, of the surest thing of its group, and of its surest
    thing of the other kinds; log-odds of the model; the prior; 1.
    """
    shape = (-1, KINDS, prior.shape[1])
    words = np.array([one.words for one in evidence]).reshape(shape)
    even = np.full(shape[1:], 0.5)
    labels = np.array([even if one.labels is None else one.labels for one in evidence])
    columns = [
        logit(words),
        logit(np.array([one.kin for one in evidence]).reshape(shape)),
        logit(_largest_other(words)),
        logit(labels.reshape(shape)),
        np.broadcast_to(prior[ROW_OF_KIND], words.shape),
        np.ones_like(words),
    ]
    return np.stack(columns, axis=-1)


def combined(
    evidence: Sequence[WordEvidence], combination: Combination, witnesses: Witnesses
) -> tuple[Float64[np.ndarray, "n 3"], Bool[np.ndarray, "n 3 v"]]:
    """The probability that each kind's set holds anything, and the words to say of it.

    Raises:
        ValueError: If the combination was not fitted for these witnesses, or by another version.
    """
    weights = weights_for(combination, witnesses)
    gates = gate_features(evidence)[..., GATE_COLUMNS[witnesses]]
    words = word_features(evidence, combination.prior)[..., WORD_COLUMNS[witnesses]]
    filled = sigmoid(np.einsum("nkg,kg->nk", gates, weights.gates[ROW_OF_KIND]))
    inside = sigmoid(np.einsum("nkvw,kw->nkv", words, weights.words[ROW_OF_KIND]))
    filled[[one.identical for one in evidence]] = 0
    flat = inside.reshape(-1, inside.shape[-1])
    return filled, best_sets(filled.reshape(-1), flat).reshape(inside.shape)


def weights_for(combination: Combination, witnesses: Witnesses) -> WitnessWeights:
    """How much each of those who are asked is believed.

    Raises:
        ValueError: If the combination was not fitted for them, or by another version.
    """
    weights = combination.weights.get(witnesses)
    if weights is None:
        known = ", ".join(combination.weights)
        raise ValueError(
            f"Expected a combination fitted for {witnesses!r}, got one for {known}: tune again."
        )
    wanted = len(GATE_COLUMNS[witnesses]), len(WORD_COLUMNS[witnesses])
    got = weights.gates.shape[1], weights.words.shape[1]
    if wanted != got:
        raise ValueError(
            f"Expected {wanted[0]} weights of gates and {wanted[1]} of words for {witnesses!r}, "
            f"got {got[0]} and {got[1]}: tune again."
        )
    return weights


def _largest_other(values: Float64[np.ndarray, "n 3 ..."]) -> Float64[np.ndarray, "n 3 ..."]:
    return np.stack([values[:, _OTHERS[kind]].max(axis=1) for kind in range(KINDS)], axis=1)
