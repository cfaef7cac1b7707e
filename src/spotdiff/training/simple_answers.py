"""What one would say without matching anything: answers to hold a search against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32

from spotdiff.training.object_scores import KINDS, LabelledEvidence, f1_of
from spotdiff.types import SeenObjects

LEVELS = tuple(round(0.05 * step, 2) for step in range(1, 19))  # least scores that are tried


def counted_apart(
    labelled: LabelledEvidence, levels: Sequence[float] = LEVELS
) -> Float32[np.ndarray, "s n 3"]:
    """Set F1 of each least score of a detection, pair and kind, by counting.

    A word is added where the after view shows more objects of it, removed where it shows fewer, and
    nothing is said to have changed.
    """
    place = {word: column for column, word in enumerate(labelled.words)}
    rows = []
    for level in levels:
        said = np.zeros((len(labelled), KINDS, len(place)), bool)
        for row, one in zip(said, labelled.known, strict=True):
            before, after = (_counts(view, place, level) for view in (one.before, one.after))
            row[0], row[1] = after > before, after < before
        rows.append(f1_of(said, labelled.holds))
    return np.stack(rows)


def silence(labelled: LabelledEvidence) -> Float32[np.ndarray, "n 3"]:
    """Set F1 of saying nothing."""
    return f1_of(np.zeros_like(labelled.holds), labelled.holds)


def perfect_gates(labelled: LabelledEvidence) -> Float32[np.ndarray, "n 3"]:
    """Set F1 of knowing which sets are not empty, and saying the most frequent word in each."""
    said = np.zeros_like(labelled.holds)
    if labelled.words:
        said[..., int(labelled.holds.sum(axis=(0, 1)).argmax())] = labelled.holds.any(axis=-1)
    return f1_of(said, labelled.holds)


def _counts(view: SeenObjects, place: dict[str, int], level: float) -> np.ndarray:
    kept = view.detections.scores >= level
    words = [place[w] for w, k in zip(view.detections.labels, kept.tolist(), strict=True) if k]
    return np.bincount(np.array(words, np.int64), minlength=len(place))
