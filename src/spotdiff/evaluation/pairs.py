"""Is there any change in a pair?"""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Bool, Float64

from spotdiff.training.metrics import ChangeAUROC
from spotdiff.training.scores import false_alarm_rate
from spotdiff.types import IGNORE, LabelSets, PairResult, Truth

CALIBRATION_BINS = 15


class WholePairs:
    """Is there any change in the pair?"""

    name = "pairs"
    needs = "masks, boxes or words"

    def __init__(self) -> None:
        self.scores: list[float] = []
        self.answers: list[bool] = []

    def take(self, result: PairResult, truth: Truth) -> bool:
        """Adds the change score of a pair."""
        answer = is_changed(truth)
        if answer is None or result.change_score is None:
            return False
        self.scores.append(result.change_score)
        self.answers.append(answer)
        return True

    def values(self) -> dict[str, float]:
        """Without both changed and unchanged pairs no ranking of them is known."""
        scores, answers = np.array(self.scores), np.array(self.answers, bool)
        auroc = ChangeAUROC()
        auroc.update(torch.from_numpy(scores).float(), torch.from_numpy(answers).int())
        return {
            "auroc": float(auroc.compute()),
            "false_alarms_at_90_recall": false_alarm_rate(
                scores.astype(np.float32), answers, recall=0.9
            ),
            "calibration_error": calibration_error(scores, answers),
            "changed_pairs": int(answers.sum()),
            "unchanged_pairs": int((~answers).sum()),
        }


def is_changed(truth: Truth) -> bool | None:
    """Whether a pair holds any change; None where nobody knows."""
    if truth.mask is not None:
        known = truth.mask & IGNORE == 0
        return bool((truth.mask[known] > 0).any()) if known.any() else None
    if truth.changes is not None:
        return bool(truth.changes)
    if truth.labels is not None:
        return truth.labels != LabelSets()
    return None


def calibration_error(
    scores: Float64[np.ndarray, " n"],
    answers: Bool[np.ndarray, " n"],
    bins: int = CALIBRATION_BINS,
) -> float:
    """Expected calibration error in [0, 1].

    The mean over pairs of |share of changed pairs - mean score| of the bin that a pair lies in.
    Bins of equal width over [0, 1]; M. Naeini et al., Obtaining well calibrated probabilities using
    Bayesian binning, 2015. nan without pairs.

    Example:
        >>> scores, answers = np.array([0.9, 0.95, 0.1]), np.array([True, False, False])
        >>> round(calibration_error(scores, answers, bins=2), 4)  # (2 * 0.425 + 0.1) / 3
        0.3167
    """
    if not len(scores):
        return math.nan
    places = np.minimum((scores * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(places, answers - scores, bins)
    return float(np.abs(gaps).sum() / len(scores))
