"""Changed against unchanged pixels, by every convention of F1 that is in use.

The same maps score several hundredths apart by convention alone, so each figure carries its name:

- `f1`: one confusion over all pixels of all pairs, as open-cd and TinyCD count.
- `f1_mean_of_pairs`: F1 of each pair, then their mean, as C-3PO and RSCD do; a pair without any
  change scores 0 even when the answer is perfect.
- `f1_of_means`: F1 of the mean precision and the mean recall of pairs, as GeSCF does.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Float32, Float64

from spotdiff.evaluation.ranking import Interval, curve_of, interval, pixel_average_precision
from spotdiff.ops.heatmap import any_kind
from spotdiff.training.histograms import BINS, histogram
from spotdiff.training.metrics import pixel_truth
from spotdiff.types import PairResult, Truth

_EPSILON = 1e-7
Counts = Float32[np.ndarray, "pairs 2 bins"]


class Pixels:
    """Changed against unchanged pixels; a pixel of each pair falls into one of `BINS` bins.

    Args:
        min_heat: The threshold in force; None where a method has none.
    """

    name = "pixels"
    needs = "masks"

    def __init__(self, min_heat: float | None) -> None:
        self.min_heat = min_heat
        self._counts: list[Float32[np.ndarray, "2 bins"]] = []

    def take(self, result: PairResult, truth: Truth) -> bool:
        """Counts the known pixels of a pair."""
        if truth.mask is None or result.change_map is None:
            return False
        changed, known = pixel_truth(torch.from_numpy(truth.mask))
        heat = torch.from_numpy(any_kind(result.change_map.heat))
        self._counts.append(histogram(heat[known], changed[known]).numpy().astype(np.float32))
        return True

    def values(self) -> dict[str, float]:
        """The curve, F1 where it is largest, and what the threshold in force makes of it."""
        counts = np.stack(self._counts)
        best = best_bin(counts)
        found = {
            "average_precision": pixel_average_precision(counts.sum(axis=0, dtype=np.float64)),
            "best_heat": best / BINS,
            **{f"best_{name}": value for name, value in f_scores(counts, best).items()},
        }
        if self.min_heat is None:
            return found
        first = min(math.ceil(self.min_heat * BINS - 1e-6), BINS - 1)
        return {**found, **precision_recall(counts, first), **f_scores(counts, first)}

    def intervals(self) -> dict[str, Interval]:
        """Of the average precision."""
        counts = np.stack(self._counts)
        return {"average_precision": interval(curve_of(counts), len(counts))}


def best_bin(counts: Counts) -> int:
    """The lowest bin that, kept with all above it, gives the largest F1 over all pixels."""
    false, true = _at_or_above(counts).sum(axis=0)
    f1 = 2 * true / np.maximum(true + false + true[0], 1.0)
    return int(f1.argmax())


def precision_recall(counts: Counts, first: int) -> dict[str, float]:
    """Over all pixels, when those in bins from `first` on are called changed."""
    false, true = _at_or_above(counts).sum(axis=0)
    return {
        "precision": _share(true[first], true[first] + false[first]),
        "recall": _share(true[first], true[0]),
    }


def f_scores(counts: Counts, first: int) -> dict[str, float]:
    """F1 by the three conventions, when pixels in bins from `first` on are called changed.

    Example:
        >>> empty, half = np.array([[[9, 0], [0, 0]]]), np.array([[[6, 1], [1, 2]]])
        >>> counts = np.concatenate([empty, half]).astype(np.float32)
        >>> {name: round(value, 3) for name, value in f_scores(counts, 1).items()}
        {'f1': 0.667, 'f1_mean_of_pairs': 0.333, 'f1_of_means': 0.333}
    """
    kept = _at_or_above(counts)
    wrong, right, true = kept[:, 0, first], kept[:, 1, first], kept[:, 1, 0]
    precision = right / (right + wrong + _EPSILON)
    recall = right / (true + _EPSILON)
    each = 2 * precision * recall / (precision + recall + _EPSILON)
    means = float(precision.mean()), float(recall.mean())
    return {
        "f1": _share(2 * float(right.sum()), float((right + wrong + true).sum())),
        "f1_mean_of_pairs": float(each.mean()),
        "f1_of_means": 2 * means[0] * means[1] / (sum(means) + _EPSILON),
    }


def _at_or_above(counts: Counts) -> Float64[np.ndarray, "pairs 2 bins"]:
    return np.cumsum(counts[:, :, ::-1], axis=2, dtype=np.float64)[:, :, ::-1]


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else math.nan
