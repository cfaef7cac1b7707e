"""The measures of an evaluation, each the evidence of one kind of truth; `scoreboard` runs them.

Nothing grows with the pixels: they are counted into histograms.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Protocol

import numpy as np
import torch
from jaxtyping import Int64

from spotdiff.ops.boxes import expand, iou
from spotdiff.ops.heatmap import any_kind
from spotdiff.training.histograms import BINS, at_or_above
from spotdiff.training.metrics import (
    BoxAP,
    ChangeAUROC,
    FalseAlarmRate,
    PixelScores,
    SetF1,
    pixel_truth,
)
from spotdiff.training.scores import UNKNOWN, Places, places
from spotdiff.types import IGNORE, ChangeKind, LabelSets, PairResult, TrueChange, Truth

_KINDS = tuple(kind.value for kind in ChangeKind)
_MIN_OVERLAP = 0.5  # IoU from which on a box is right


class Measure(Protocol):
    """Gathers the evidence of one part."""

    name: str
    needs: str

    def take(self, result: PairResult, truth: Truth) -> bool:
        """Adds a pair, unless its truth lacks what is needed; says whether it did."""
        ...

    def values(self) -> dict[str, float]:
        """The measures; nan where there were no examples."""
        ...


class Pixels:
    """Changed against unchanged pixels, by the strongest of the kinds."""

    name = "pixels"
    needs = "masks"

    def __init__(self, min_heat: float) -> None:
        self.min_heat = min_heat
        self.scores = PixelScores()

    def take(self, result: PairResult, truth: Truth) -> bool:
        """Counts the known pixels of a pair."""
        if truth.mask is None or result.change_map is None:
            return False
        changed, known = pixel_truth(torch.from_numpy(truth.mask))
        heat = torch.from_numpy(any_kind(result.change_map.heat))
        self.scores.update(heat, changed, known)
        return True

    def values(self) -> dict[str, float]:
        """The curve, and what the calibrated threshold makes of it."""
        quality = self.scores.compute()
        unchanged, changed = at_or_above(self.scores.counts)
        first = min(math.ceil(self.min_heat * BINS - 1e-6), BINS - 1)
        wrong, right = float(unchanged[first]), float(changed[first])
        return {
            "average_precision": float(quality.average_precision),
            "best_f1": float(quality.best_f1),
            **_precision_recall(right, right + wrong, float(changed[0])),
        }


class PlacesOfChange:
    """Boxes against boxes, whatever their kind, and kind by kind where the truth tells it."""

    name = "boxes"
    needs = "boxes"

    def __init__(self, margin: float) -> None:
        self.margin = margin
        self.precision = BoxAP(_MIN_OVERLAP)
        self.counts = np.zeros(3, np.int64)  # right, said, true

    def take(self, result: PairResult, truth: Truth) -> bool:
        """Adds the boxes of a pair."""
        if truth.changes is None:
            return False
        evidence = _places(result, truth.changes, self.margin)
        self.precision.update([evidence])
        right = len(matched(evidence))
        self.counts += (right, len(evidence.boxes), len(evidence.true_boxes))
        return True

    def values(self) -> dict[str, float]:
        """Average precisions, and precision and recall of what was reported."""
        found = self.precision.compute()
        kinds = (found.added, found.removed, found.changed)
        return {
            "ap50": found.overall,
            **{f"ap50_{kind}": value for kind, value in zip(_KINDS, kinds, strict=True)},
            "centre_ap": found.centre,
            **_precision_recall(*self.counts.tolist()),
        }


class KindsOfChange:
    """The kinds of boxes that were found: rows are true kinds, columns are said ones."""

    name = "kinds"
    needs = "boxes whose kind is known"

    def __init__(self, margin: float) -> None:
        self.margin = margin
        self.confusion = np.zeros((len(_KINDS), len(_KINDS)), np.int64)

    def take(self, result: PairResult, truth: Truth) -> bool:
        """Adds the matched boxes of a pair."""
        if truth.changes is None or (truth.changes and not any(c.kind for c in truth.changes)):
            return False
        evidence = _places(result, truth.changes, self.margin)
        pairs = matched(evidence)
        true, said = evidence.true_kinds[pairs[:, 1]], evidence.kinds[pairs[:, 0]]
        known = true != UNKNOWN
        np.add.at(self.confusion, (true[known], said[known]), 1)
        return True

    def values(self) -> dict[str, float]:
        """Shares of right kinds, and how many of each kind were taken for which."""
        one_sided = self.confusion[:2, :2]
        cells = {
            f"{true}_as_{said}": int(self.confusion[i, j])
            for i, true in enumerate(_KINDS)
            for j, said in enumerate(_KINDS)
        }
        return {
            "right": _share(float(np.trace(self.confusion)), float(self.confusion.sum())),
            "added_or_removed_right": _share(
                float(np.trace(one_sided)), float(self.confusion[:2].sum())
            ),
            **cells,
        }


class WholePairs:
    """Is there any change in the pair?"""

    name = "pairs"
    needs = "masks, boxes or words"

    def __init__(self) -> None:
        self.auroc = ChangeAUROC()
        self.alarms = FalseAlarmRate(recall=0.9)
        self.changed = 0
        self.unchanged = 0

    def take(self, result: PairResult, truth: Truth) -> bool:
        """Adds the change score of a pair."""
        answer = is_changed(truth)
        if answer is None or result.change_score is None:
            return False
        score = torch.tensor([result.change_score])
        self.auroc.update(score, torch.tensor([int(answer)]))
        self.alarms.update(score, torch.tensor([answer]))
        self.changed += answer
        self.unchanged += not answer
        return True

    def values(self) -> dict[str, float]:
        """Without both changed and unchanged pairs only their numbers are known."""
        both = self.changed and self.unchanged
        return {
            "auroc": float(self.auroc.compute()) if both else math.nan,
            "false_alarms_at_90_recall": float(self.alarms.compute()) if both else math.nan,
            "changed_pairs": self.changed,
            "unchanged_pairs": self.unchanged,
        }


class WordSets:
    """Word lists against word lists, and what silence would score on the same pairs."""

    name = "sets"
    needs = "words"

    def __init__(self) -> None:
        self.said = SetF1()
        self.silence = SetF1()

    def take(self, result: PairResult, truth: Truth) -> bool:
        """Adds the word lists of a pair."""
        if truth.labels is None:
            return False
        self.said.update([result.labels or LabelSets()], [truth.labels])
        self.silence.update([LabelSets()], [truth.labels])
        return True

    def values(self) -> dict[str, float]:
        """F1 by column and on average."""
        said, silence = self.said.compute(), self.silence.compute()
        return {
            "f1": float(said.mean()),
            **{f"f1_{kind}": float(v) for kind, v in zip(_KINDS, said, strict=True)},
            "f1_of_all_none": float(silence.mean()),
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


def matched(evidence: Places, min_overlap: float = _MIN_OVERLAP) -> Int64[np.ndarray, "k 2"]:
    """Which predicted box (first column) is which true one: best first, each true box once."""
    overlap = iou(evidence.boxes, evidence.true_boxes)
    found: list[tuple[int, int]] = []
    for box in np.argsort(-evidence.scores, kind="stable") if overlap.size else ():
        true = int(overlap[box].argmax())
        if overlap[box, true] >= min_overlap:
            overlap[:, true] = 0
            found.append((int(box), true))
    return np.array(found, np.int64).reshape(-1, 2)


def _places(result: PairResult, truth: tuple[TrueChange, ...], margin: float) -> Places:
    evidence = places(result.changes, truth)
    return replace(evidence, boxes=expand(evidence.boxes, margin)) if margin else evidence


def _precision_recall(right: float, said: float, true: float) -> dict[str, float]:
    """At the thresholds that are in force."""
    return {
        "precision": _share(right, said),
        "recall": _share(right, true),
        "f1": _share(2 * right, said + true),
    }


def _share(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
