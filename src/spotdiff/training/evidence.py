"""Everything that one pass over validated pairs is asked: the metrics, and the thresholds they fit."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchmetrics.classification import BinaryAUROC, BinaryAveragePrecision

from spotdiff.models.batch import PairBatch
from spotdiff.types import IGNORE, Thresholds


class Evaluation(nn.Module):
    """temporary"""

    def __init__(self) -> None:
        super().__init__()
        self.pixel_ap = BinaryAveragePrecision(thresholds=500)
        self.kind_ap = nn.ModuleList(BinaryAveragePrecision(thresholds=200) for _ in range(3))
        self.auroc = BinaryAUROC()

    def update(self, heat: Tensor, gates: Tensor, sets: Tensor, batch: PairBatch) -> None:
        valid = batch.mask & IGNORE == 0
        if valid.any():
            any_heat = 1 - (1 - heat).prod(dim=1)
            self.pixel_ap.update(any_heat[valid], (batch.mask[valid] > 0).int())
            for k, m in enumerate(self.kind_ap):
                m.update(heat[:, k][valid], (batch.mask[valid] & (1 << k) > 0).int())
        known = ~batch.present.isnan().any(dim=1)
        if known.any():
            self.auroc.update(1 - (1 - gates[known]).prod(dim=1), (batch.present[known].amax(dim=1) > 0).int())

    def thresholds(self, start: Thresholds) -> Thresholds:
        return start

    def report(self, thresholds: Thresholds) -> dict[str, Tensor]:
        out = {"pixel_ap": self.pixel_ap.compute(), "auroc": self.auroc.compute()}
        for name, m in zip(("added", "removed", "changed"), self.kind_ap, strict=True):
            out[f"{name}_ap"] = m.compute()
        return out

    def reset(self) -> None:
        for m in (self.pixel_ap, *self.kind_ap, self.auroc):
            m.reset()
