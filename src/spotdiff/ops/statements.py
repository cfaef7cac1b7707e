"""From probabilities about a whole pair to what is said of it."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32

from spotdiff.types import LabelSets, Thresholds


def change_score(gates: Float32[np.ndarray, " 3"]) -> float:
    """The probability of any change, from that of each kind: 1 - Π (1 - g).

    Example:
        >>> change_score(np.array([0.5, 0.5, 0.0], np.float32))
        0.75
    """
    return float(1 - np.prod(1 - gates.astype(np.float64)))


def label_sets(
    gates: Float32[np.ndarray, " 3"],
    scores: Float32[np.ndarray, "3 v"],
    thresholds: Thresholds,
    vocabulary: tuple[str, ...],
) -> LabelSets:
    """The labels of every kind whose gate is open, most probable first.

    Example:
        >>> gates, scores = np.float32([0.9, 0.1, 0.9]), np.float32([[0.6, 0.8]] * 3)
        >>> label_sets(gates, scores, Thresholds(), ("car", "dog"))
        LabelSets(added=('dog', 'car'), removed=(), changed=('dog', 'car'))
    """
    return LabelSets(
        *(
            likely_labels(row, min_score, vocabulary) if gate >= min_gate else ()
            for gate, min_gate, row, min_score in zip(
                gates, thresholds.min_gates, scores, thresholds.min_label_scores, strict=True
            )
        )
    )


def likely_labels(
    scores: Float32[np.ndarray, " v"], min_score: float, vocabulary: tuple[str, ...]
) -> tuple[str, ...]:
    """The labels that reach `min_score`, best first; the best one where none does.

    Example:
        >>> likely_labels(np.array([0.6, 0.1, 0.9], np.float32), 0.5, ("car", "dog", "person"))
        ('person', 'car')
        >>> likely_labels(np.array([0.2, 0.1, 0.3], np.float32), 0.5, ("car", "dog", "person"))
        ('person',)
    """
    order = np.argsort(-scores, kind="stable")
    count = max(int((scores >= min_score).sum()), 1)
    return tuple(vocabulary[i] for i in order[:count])
