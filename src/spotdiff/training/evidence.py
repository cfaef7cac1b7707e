"""All that one pass over validated pairs is asked: the thresholds it fits, and the metrics."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from torch import Tensor, nn

from spotdiff.labels import Vocabulary
from spotdiff.models.batch import PairBatch
from spotdiff.ops.heatmap import components
from spotdiff.ops.statements import label_sets
from spotdiff.training.calibration import Evidence, ThresholdCalibrator
from spotdiff.training.metrics import (
    BoxAP,
    ChangeAUROC,
    FalseAlarmRate,
    PixelScores,
    SetF1,
    pixel_truth,
)
from spotdiff.training.scores import places
from spotdiff.types import ChangeKind, LabelSets, Thresholds


class Evaluation(nn.Module):
    """Gathers evidence batch by batch; fits and scores once, over all ranks.

    Args:
        vocabulary: Writes labels as the data set does.
        min_area: Pixels of the smallest box.
    """

    def __init__(self, vocabulary: Vocabulary, min_area: int = 16) -> None:
        super().__init__()
        self.words = tuple(vocabulary.emit(label) for label in vocabulary.labels)
        self.min_area = min_area
        self.calibrator = ThresholdCalibrator(min_area=min_area)
        self.pixels = PixelScores()
        self.auroc = ChangeAUROC()
        self.false_alarms = FalseAlarmRate()
        self.boxes = BoxAP()
        self.set_f1 = SetF1()
        self.said: list[tuple[np.ndarray, np.ndarray, LabelSets]] = []

    def update(
        self, heat: Tensor, gates: Tensor, sets: Tensor, batch: PairBatch, min_heat: float
    ) -> None:
        """Takes the probabilities of a batch of b pairs.

        Args:
            heat: (b, 3, h, w).
            gates: (b, 3).
            sets: (b, 3, v).
            batch: What is true of them.
            min_heat: Where the heat is cut into boxes.
        """
        changed, known = pixel_truth(batch.mask)
        self.pixels.update(1 - (1 - heat).prod(dim=1), changed, known)
        self._take_pairs(gates, batch.present)
        for i, truth in enumerate(batch.truths):
            self.calibrator.update(
                Evidence(
                    heat[i],
                    gates[i],
                    sets[i],
                    changed[i],
                    known[i],
                    batch.present[i],
                    batch.labels[i] if batch.has_labels[i] else None,
                    truth.changes,
                )
            )
            if truth.changes is not None:
                found = components(heat[i].cpu().numpy(), min_heat, self.min_area)
                true = places((), truth.changes)
                self.boxes.update(
                    [replace(true, boxes=found.boxes, scores=found.scores, kinds=found.kinds)]
                )
            if truth.labels is not None and self.words:
                self.said.append((gates[i].cpu().numpy(), sets[i].cpu().numpy(), truth.labels))

    def _take_pairs(self, gates: Tensor, present: Tensor) -> None:
        known = ~present.isnan().any(dim=1)
        scores = 1 - (1 - gates[known]).prod(dim=1)
        is_changed = present[known].amax(dim=1) > 0 if known.any() else known[known]
        self.auroc.update(scores, is_changed.int())
        self.false_alarms.update(scores, is_changed)

    def thresholds(self, defaults: Thresholds) -> Thresholds:
        """The thresholds that suit the evidence best; `defaults` where it says nothing."""
        self.calibrator.defaults = defaults
        return self.calibrator.fit()

    def report(self, thresholds: Thresholds) -> dict[str, float]:
        """Every metric that the truth allows, label sets at these thresholds, all in [0, 1]."""
        for gates, scores, truth in self.said:
            self.set_f1.update([label_sets(gates, scores, thresholds, self.words)], [truth])
        pixels, boxes, sets = self.pixels.compute(), self.boxes.compute(), self.set_f1.compute()
        values = {
            "pixel_ap": float(pixels.average_precision),
            "pixel_f1": float(pixels.best_f1),
            "box_ap50": boxes.overall,
            "centre_ap": boxes.centre,
            "auroc": float(self.auroc.compute()),
            "false_alarms": float(self.false_alarms.compute()),
            "set_f1": float(sets.mean()),
        }
        for i, kind in enumerate(ChangeKind):
            values[f"box_ap50_{kind}"] = boxes[1 + i]
            values[f"set_f1_{kind}"] = float(sets[i])
        return {name: value for name, value in values.items() if not math.isnan(value)}

    def reset(self) -> None:
        """Forgets the evidence."""
        self.said.clear()
        for metric in (
            self.calibrator,
            self.pixels,
            self.auroc,
            self.false_alarms,
            self.boxes,
            self.set_f1,
        ):
            metric.reset()
