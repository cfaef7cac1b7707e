"""Losses: dense ones where masks are known, weak ones where only words are, summed per pair.

A batch may mix both: each term averages over the pairs that know what it compares with.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from spotdiff.models.batch import PairBatch
from spotdiff.models.pooling import label_log_probabilities
from spotdiff.models.siamese import ChangeLogits
from spotdiff.types import IGNORE, UNKNOWN_KIND, ChangeKind


@dataclass(frozen=True, slots=True)
class LossParts:
    """The terms of the loss, each a scalar, already weighted."""

    dense: Tensor
    gates: Tensor
    sets: Tensor
    cells: Tensor

    @property
    def total(self) -> Tensor:
        """The number that is minimised."""
        return self.dense + self.gates + self.sets + self.cells


class ChangeLoss(nn.Module):
    """The weighted sum of four terms.

    Args:
        dense: Weight of the pixel loss (binary cross-entropy + dice / 2), where masks are.
        gates: Weight of the cross-entropy of "is there any change of this kind".
        sets: Weight of the asymmetric loss of the label sets.
        cells: Weight of the cross-entropy of the label of each changed cell, where objects are.
        negative_focus: γ of the asymmetric loss: how fast easy negatives are forgotten.
        any_share: Share of the pixel loss that asks "changed at all"; the rest asks how.
    """

    def __init__(
        self,
        dense: float = 1.0,
        gates: float = 0.1,
        sets: float = 0.5,
        cells: float = 0.1,
        negative_focus: float = 4.0,
        any_share: float = 0.5,
    ) -> None:
        super().__init__()
        self.dense = dense
        self.gates = gates
        self.sets = sets
        self.cells = cells
        self.negative_focus = negative_focus
        self.any_share = any_share

    def forward(self, logits: ChangeLogits, batch: PairBatch) -> LossParts:
        """The terms for one batch of b pairs."""
        return LossParts(
            dense=self.dense * dense_loss(logits.kinds, batch.mask, self.any_share),
            gates=self.gates * gate_loss(logits.gates, batch.present),
            sets=self.sets * self._set_loss(logits.label_sets, batch),
            cells=self.cells * self._cell_loss(logits, batch),
        )

    def _set_loss(self, logits: Tensor, batch: PairBatch) -> Tensor:
        if not batch.has_labels.any() or logits.shape[-1] == 0:
            return logits.sum() * 0
        known = batch.has_labels
        return asymmetric_loss(logits[known], batch.labels[known], self.negative_focus)

    def _cell_loss(self, logits: ChangeLogits, batch: PairBatch) -> Tensor:
        seen = torch.cat([logits.labels_before, logits.labels_after])
        cells = torch.cat([batch.cells_before, batch.cells_after])
        if seen.shape[1] == 0 or not (cells >= 0).any():
            return seen.sum() * 0
        return functional.nll_loss(label_log_probabilities(seen), cells, ignore_index=-1)


def dense_loss(logits: Tensor, mask: Tensor, any_share: float = 0.5) -> Tensor:
    """Binary cross-entropy + dice / 2 between change logits and a mask of bits.

    Where the mask says `UNKNOWN_KIND`, only "changed at all" is asked; where it says `IGNORE`,
    nothing is. Milletari et al. 2016 (V-Net), eq. 2, for the dice term.

    Args:
        logits: (b, 3, h/s, w/s).
        mask: (b, h, w) uint8, bits of `spotdiff.types.Mask`.
        any_share: Share of the term that asks "changed at all".
    """
    size = logits.shape[-2:]
    known = mask & IGNORE == 0
    kind_known = known & (mask & UNKNOWN_KIND == 0)
    if not known.any():
        return logits.sum() * 0
    bits = torch.stack([mask & kind.bit > 0 for kind in ChangeKind], dim=1)
    typed = _bce_dice(logits, _shrink(bits, size), _shrink(kind_known[:, None], size))
    changed = (mask & ~torch.tensor(IGNORE, dtype=torch.uint8, device=mask.device)) > 0
    untyped = _bce_dice(
        any_change(logits), _shrink(changed[:, None], size), _shrink(known[:, None], size)
    )
    return (1 - any_share) * typed + any_share * untyped


def any_change(logits: Tensor) -> Tensor:
    """The logit of 1 − Π_k (1 − σ(s_k)) over axis 1 of (b, 3, h, w), as (b, 1, h, w).

    Example:
        >>> round(any_change(torch.zeros(1, 3, 1, 1)).sigmoid().item(), 4)
        0.875
    """
    log_none = functional.logsigmoid(-logits).sum(dim=1, keepdim=True).clamp(max=-1e-7)
    return torch.log(-torch.expm1(log_none)) - log_none


def gate_loss(logits: Tensor, present: Tensor) -> Tensor:
    """Cross-entropy of (b, 3) gate logits with (b, 3) presences; nan is unknown."""
    known = ~present.isnan()
    if not known.any():
        return logits.sum() * 0
    return functional.binary_cross_entropy_with_logits(logits[known], present[known])


def asymmetric_loss(
    logits: Tensor, targets: Tensor, negative_focus: float, margin: float = 0.05
) -> Tensor:
    """Multi-label loss that keeps the few positives from drowning in the many negatives.

    −y log p − (1 − y) p_m^γ log(1 − p_m) with p_m = max(p − m, 0), summed over labels and averaged
    over the rest. Ridnik et al. 2021, eq. 2 and 5: https://arxiv.org/abs/2009.14119

    Args:
        logits: (…, v).
        targets: (…, v) in {0, 1}.
        negative_focus: γ.
        margin: m, the probability under which a negative is forgiven.
    """
    positive = -targets * functional.logsigmoid(logits)
    shifted = (logits.sigmoid() - margin).clamp(min=0)
    negative = -(1 - targets) * shifted**negative_focus * torch.log1p(-shifted.clamp(max=1 - 1e-6))
    return (positive + negative).sum(dim=-1).mean()


def _bce_dice(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    weight = weight.expand_as(logits)
    entropy = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    probability = logits.sigmoid() * weight
    overlap = (probability * target).sum(dim=(0, 2, 3))
    dice = 1 - (2 * overlap + 1) / ((probability + target * weight).sum(dim=(0, 2, 3)) + 1)
    return (entropy * weight).sum() / weight.sum().clamp(min=1) + dice.mean() / 2


def _shrink(bits: Tensor, size: torch.Size) -> Tensor:
    """Boolean maps (b, c, h, w) as the share of each output cell that is true."""
    return functional.adaptive_avg_pool2d(bits.float(), (size[0], size[1]))
