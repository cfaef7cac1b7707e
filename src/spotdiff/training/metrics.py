"""The scores of `scores.py` over a whole run: evidence is gathered by batch and summed over ranks.

Evidence may come from any device; answers are float tensors, nan where there were no examples.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float32, Int64
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.classification import BinaryAUROC
from torchmetrics.utilities.data import dim_zero_cat

from spotdiff.training.histograms import BINS, histogram, precision_recall
from spotdiff.training.scores import (
    BoxPrecision,
    Places,
    average_precision,
    false_alarm_rate,
    set_f1,
)
from spotdiff.types import IGNORE, Boxes, ChangeKind, LabelSets, Scores

_START, _PREDICTED, _TRUE = 0.0, 1.0, 2.0  # the rows of a box stream
_ROW = 7  # numbers a row: what it is, kind, score, box


def pixel_truth(mask: Tensor) -> tuple[Tensor, Tensor]:
    """Whether pixels changed and whether that is known, from the bits of `spotdiff.types.Mask`.

    Example:
        >>> pixel_truth(torch.tensor([0, 1, 8, 128], dtype=torch.uint8))
        (tensor([False,  True,  True, False]), tensor([ True,  True,  True, False]))
    """
    known = mask & IGNORE == 0
    return (mask > 0) & known, known


class PixelQuality(NamedTuple):
    """How well pixels are told apart: scalars in [0, 1]."""

    average_precision: Tensor
    best_f1: Tensor


class PixelScores(Metric):
    """Average precision and best F1 of pixels, over `BINS` thresholds: memory does not grow."""

    higher_is_better = True
    full_state_update = False
    counts: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("counts", torch.zeros(2, BINS, dtype=torch.long), dist_reduce_fx="sum")

    def update(self, probability: Tensor, changed: Tensor, known: Tensor) -> None:
        """Takes maps of one shape: P(changed), whether it is, whether anybody knows."""
        self.counts += histogram(probability[known], changed[known]).to(self.counts.device)

    def compute(self) -> PixelQuality:
        """The area under the precision-recall curve in steps, and F1 where it is largest."""
        if not self.counts[1].any():
            return PixelQuality(torch.tensor(torch.nan), torch.tensor(torch.nan))
        precision, recall = precision_recall(self.counts)
        gained = recall - torch.cat([recall[1:], recall.new_zeros(1)])
        f1 = 2 * precision * recall / (precision + recall).clamp(min=1e-12)
        return PixelQuality((precision * gained).sum(), f1.max())


class ChangeAUROC(BinaryAUROC):
    """AUROC of "is there any change" from the change scores of pairs."""

    def compute(self) -> Tensor:  # type: ignore[override]  # of a mixed-in curve metric
        """The area under the curve; nan unless there are both changed and unchanged pairs."""
        is_changed = dim_zero_cat(self.target) > 0 if len(self.target) else torch.zeros(0)
        if is_changed.all() or not is_changed.any():
            return torch.tensor(torch.nan)
        area: Tensor = super().compute()
        return area


class FalseAlarmRate(Metric):
    """Share of unchanged pairs that score as high as `recall` of the changed ones.

    Args:
        recall: Share of the changed pairs that must be found.
    """

    higher_is_better = False
    full_state_update = False
    scores: list[Tensor]
    is_changed: list[Tensor]

    def __init__(self, recall: float = 0.9) -> None:
        super().__init__()
        self.recall = recall
        self.add_state("scores", [], dist_reduce_fx="cat")
        self.add_state("is_changed", [], dist_reduce_fx="cat")

    def update(self, scores: Tensor, is_changed: Tensor) -> None:
        """Takes change scores (b,) in [0, 1] and whether the pairs hold any change."""
        self.scores.append(scores.detach().float().reshape(-1))
        # Float, because a rank without pairs contributes an empty float tensor.
        self.is_changed.append(is_changed.float().reshape(-1))

    def compute(self) -> Tensor:
        """The rate over all pairs."""
        if not len(self.scores):
            return torch.tensor(torch.nan)
        scores, changed = (dim_zero_cat(s).cpu().numpy() for s in (self.scores, self.is_changed))
        return torch.tensor(false_alarm_rate(scores, changed > 0, self.recall))


class SetF1(Metric):
    """Mean over pairs of the F1 of each kind's label set, empty against empty being 1."""

    higher_is_better = True
    full_state_update = False
    total: Tensor
    pairs: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("total", torch.zeros(len(ChangeKind)), dist_reduce_fx="sum")
        self.add_state("pairs", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, predicted: Iterable[LabelSets], true: Iterable[LabelSets]) -> None:
        """Takes the words of pairs, in the same order."""
        for ours, theirs in zip(predicted, true, strict=True):
            self.total += torch.from_numpy(set_f1(ours, theirs)).to(self.total)
            self.pairs += 1

    def compute(self) -> Tensor:
        """(3,), in the order of `ChangeKind`; the mean over it is the score of the table."""
        return self.total / self.pairs


class BoxAP(Metric):
    """Average precision of boxes; see `scores.average_precision`.

    Args:
        min_overlap: IoU from which on a box is right.
    """

    higher_is_better = True
    full_state_update = False
    stream: list[Tensor]

    def __init__(self, min_overlap: float = 0.5) -> None:
        super().__init__()
        self.min_overlap = min_overlap
        self.add_state("stream", [], dist_reduce_fx="cat")

    def update(self, evidence: Iterable[Places]) -> None:
        """Takes what was said and what is true of pairs."""
        self.stream.extend(_to_stream(one).to(self.device) for one in evidence)

    def compute(self) -> BoxPrecision:
        """Of all kinds as one, of each, and by centres."""
        evidence = _from_stream(dim_zero_cat(self.stream)) if len(self.stream) else []
        return average_precision(evidence, self.min_overlap)


def _to_stream(evidence: Places) -> Tensor:
    """A row that starts a pair and one for every box, flat, so that ranks are joined end to end."""
    none = np.zeros(len(evidence.true_boxes), np.float32)
    rows = np.concatenate(
        [
            np.full((1, _ROW), _START),
            _rows(_PREDICTED, evidence.kinds, evidence.scores, evidence.boxes),
            _rows(_TRUE, evidence.true_kinds, none, evidence.true_boxes),
        ]
    )
    return torch.from_numpy(rows.astype(np.float32)).flatten()


def _rows(
    what: float, kinds: Int64[np.ndarray, " n"], scores: Scores, boxes: Boxes
) -> Float32[np.ndarray, "n row"]:
    return np.column_stack([np.full(len(kinds), what, np.float32), kinds, scores, boxes])


def _from_stream(stream: Tensor) -> list[Places]:
    rows = stream.cpu().numpy().reshape(-1, _ROW)
    starts = np.flatnonzero(rows[:, 0] == _START)
    return [_places(pair) for pair in np.split(rows, starts)[1:]]


def _places(rows: Float32[np.ndarray, "n row"]) -> Places:
    said, true = (rows[rows[:, 0] == what] for what in (_PREDICTED, _TRUE))
    kinds, true_kinds = (part[:, 1].astype(np.int64) for part in (said, true))
    return Places(said[:, 3:], said[:, 2], kinds, true[:, 3:], true_kinds)
