"""Probabilities counted into bins of equal width: fixed memory, and ranks are joined by adding."""

from __future__ import annotations

import torch
from torch import Tensor

BINS = 1000  # of probabilities; bin i holds [i, i + 1) / BINS, the last one 1 as well


def histogram(probabilities: Tensor, targets: Tensor) -> Tensor:
    """How many (false, true) targets lie in each of `BINS` bins of their probability: (2, BINS).

    Example:
        >>> histogram(torch.tensor([0.0, 1.0, 0.5]), torch.tensor([False, True, True])).nonzero()
        tensor([[  0,   0],
                [  1, 500],
                [  1, 999]])
    """
    bins = bin_of(probabilities) + BINS * targets.long()
    return torch.bincount(bins.flatten(), minlength=2 * BINS).reshape(2, BINS)


def bin_of(probabilities: Tensor) -> Tensor:
    """Which of `BINS` bins each probability lies in.

    Example:
        >>> bin_of(torch.tensor([0.0, 0.3, 0.9994, 1.0]))
        tensor([  0, 300, 999, 999])
    """
    return (probabilities.float() * BINS).long().clamp(0, BINS - 1)


def precision_recall(counts: Tensor) -> tuple[Tensor, Tensor]:
    """Precision and recall when everything at or above each bin is kept: two of (BINS,).

    Args:
        counts: A `histogram` with at least one true target.
    """
    false, true = at_or_above(counts)
    return true / (true + false).clamp(min=1), true / true[0]


def at_or_above(counts: Tensor) -> Tensor:
    """How many of each row lie at or above each bin, as float64.

    Example:
        >>> at_or_above(torch.tensor([1, 0, 2]))
        tensor([3., 2., 2.], dtype=torch.float64)
    """
    return counts.double().flip(-1).cumsum(-1).flip(-1)


def middle_of_best(values: Tensor, slack: float = 1e-9) -> int:
    """The middle of the run around the first largest value.

    Args:
        values: (n,).
        slack: Values that are smaller by no more belong to the run.

    Example:
        >>> middle_of_best(torch.tensor([0.0, 2.0, 2.0, 2.0, 1.0, 2.0]))
        2
        >>> middle_of_best(torch.tensor([1.9, 0.0, 1.9, 2.0, 1.9, 1.8]), slack=0.15)
        3
    """
    best = int((values >= values.max() - 1e-9).long().argmax())
    good = (values >= values.max() - slack).long()
    before = int(good[: best + 1].flip(0).cumprod(0).sum()) - 1
    after = int(good[best:].cumprod(0).sum()) - 1
    return best - before + (before + after) // 2
