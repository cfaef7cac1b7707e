"""The scores of `scores.py` over a whole run: evidence is gathered by batch and summed over ranks.

Evidence may come from any device; answers are float tensors, nan where there were no examples.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.classification import BinaryAUROC
from torchmetrics.utilities.data import dim_zero_cat

from spotdiff.training.scores import (
    BoxPrecision,
    Places,
    average_precision,
    centre_average_precision,
    false_alarm_rate,
    set_f1,
)
from spotdiff.types import IGNORE, ChangeKind, LabelSets

BINS = 1000  # of probabilities; bin i holds [i, i + 1) / BINS
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


def histogram(probabilities: Tensor, targets: Tensor) -> Tensor:
    """How many (false, true) targets lie in each of `BINS` bins of their probability: (2, BINS).

    Example:
        >>> histogram(torch.tensor([0.0, 1.0, 0.5]), torch.tensor([False, True, True])).nonzero()
        tensor([[  0,   0],
                [  1, 500],
                [  1, 999]])
    """
    bins = (probabilities.float() * BINS).long().clamp(0, BINS - 1) + BINS * targets.long()
    return torch.bincount(bins.flatten(), minlength=2 * BINS).reshape(2, BINS)


def precision_recall(counts: Tensor) -> tuple[Tensor, Tensor]:
    """Precision and recall when everything at or above each bin is kept: two of (BINS,).

    Args:
        counts: A `histogram` with at least one true target.
    """
    false, true = counts.double().flip(-1).cumsum(-1).flip(-1)
    return true / (true + false).clamp(min=1), true / true[0]


class PixelAveragePrecision(Metric):
    """Average precision of pixels, over `BINS` thresholds, so that memory does not grow."""

    higher_is_better = True
    full_state_update = False
    counts: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("counts", torch.zeros(2, BINS, dtype=torch.long), dist_reduce_fx="sum")

    def update(self, probability: Tensor, changed: Tensor, known: Tensor) -> None:
        """Takes maps of one shape: P(changed), whether it is, whether anybody knows."""
        self.counts += histogram(probability[known], changed[known]).to(self.counts.device)

    def compute(self) -> Tensor:
        """The area under the precision-recall curve, in steps."""
        if not self.counts[1].any():
            return torch.tensor(torch.nan)
        precision, recall = precision_recall(self.counts)
        gained = recall - torch.cat([recall[1:], recall.new_zeros(1)])
        return (precision * gained).sum().float()


class PixelF1(PixelAveragePrecision):
    """F1 of pixels at the threshold where it is best."""

    def compute(self) -> Tensor:
        """The largest F1 of all thresholds."""
        if not self.counts[1].any():
            return torch.tensor(torch.nan)
        precision, recall = precision_recall(self.counts)
        return (2 * precision * recall / (precision + recall).clamp(min=1e-12)).max().float()


class ChangeAUROC(BinaryAUROC):
    """AUROC of "is there any change" from the change scores of pairs."""

    def compute(self) -> Tensor:
        """The area under the curve; nan unless there are both changed and unchanged pairs."""
        if len(dim_zero_cat(self.target).unique()) < 2:
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
        """Of all kinds as one, and of each."""
        return average_precision(self.evidence(), self.min_overlap)

    def evidence(self) -> list[Places]:
        """Everything that was taken, of all ranks once they are synchronised."""
        return _from_stream(dim_zero_cat(self.stream)) if len(self.stream) else []


class CentreAP(BoxAP):
    """Average precision when a box is right if its centre is; see `scores`."""

    def compute(self) -> Tensor:  # type: ignore[override]
        """Of all kinds as one."""
        return torch.tensor(centre_average_precision(self.evidence()))


def _to_stream(evidence: Places) -> Tensor:
    """One row that starts a pair, then a row a box, flat: ranks can be joined end to end."""
    start = np.zeros((1, _ROW))
    rows = [start, *(_rows(_PREDICTED, evidence.kinds, evidence.scores, evidence.boxes),)]
    return torch.from_numpy(np.concatenate(rows).astype(np.float32)).flatten()
