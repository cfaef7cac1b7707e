"""From maps to statements about the whole pair: multiple-instance pooling.

A weak label says that a change is somewhere, not where. The maps are pooled by a soft maximum, so
that the loss of the statement reaches the places that made it (Ilse et al. 2018 survey such pools:
https://arxiv.org/abs/1802.04712).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class GatePool(nn.Module):
    """Is there any change of each kind? One logit a kind.

    The change logits are averaged over `cell` × `cell` outputs, pooled by logsumexp with sharpness
    r, and set right by one scale and one offset per kind; added and removed share theirs.

    Args:
        cell: Outputs a side that are averaged first: a lone pixel opens no gate.
        sharpness: r in log(Σ exp(r x)) / r; infinity would be the maximum.
    """

    def __init__(self, cell: int = 4, sharpness: float = 2.0) -> None:
        super().__init__()
        self.cell = cell
        self.sharpness = sharpness
        self.log_scale = nn.Parameter(torch.zeros(2))
        self.offset = nn.Parameter(torch.zeros(2))

    def forward(self, kinds: Tensor) -> Tensor:
        """(b, 3) logits from change logits (b, 3, h, w)."""
        cells = functional.avg_pool2d(kinds, self.cell, ceil_mode=True, count_include_pad=False)
        pooled = soft_maximum(cells.flatten(2), self.sharpness)
        return pooled * _per_kind(self.log_scale).exp() + _per_kind(self.offset)


class LabelPool(nn.Module):
    """Which labels do the changes of each kind carry? One logit a kind and label.

    At a cell, p(kind, label) = p(kind) · p(label | what is visible there); added things are visible
    after, removed ones before, changed ones in both views. The pool over cells is a soft maximum.

    Args:
        labels: Size of the vocabulary.
        sharpness: As in `GatePool`.
    """

    def __init__(self, labels: int, sharpness: float = 4.0) -> None:
        super().__init__()
        self.sharpness = sharpness
        self.log_scale = nn.Parameter(torch.zeros(2))
        self.offset = nn.Parameter(torch.zeros(2, labels))

    def forward(self, kinds: Tensor, before: Tensor, after: Tensor) -> Tensor:
        """(b, 3, v) logits from change logits (b, 3, h, w) and label logits (b, v, h', w')."""
        cells = functional.adaptive_max_pool2d(kinds, before.shape[-2:])
        seen_before, seen_after = label_log_probabilities(before), label_log_probabilities(after)
        either = torch.logaddexp(seen_before, seen_after) - torch.log(torch.tensor(2.0))
        seen = torch.stack([seen_after, seen_before, either], dim=1)
        joint = functional.logsigmoid(cells)[:, :, None] + seen
        pooled = soft_maximum(joint.flatten(3), self.sharpness).clamp(max=-1e-4)
        logits = pooled - torch.log(-torch.expm1(pooled))
        return logits * _per_kind(self.log_scale).exp()[:, None] + _per_kind(self.offset)


def soft_maximum(values: Tensor, sharpness: float) -> Tensor:
    """log(Σ exp(r x)) / r over the last axis: at least the maximum, equal to it as r grows.

    Example:
        >>> soft_maximum(torch.tensor([0.0, 0.0]), sharpness=2.0)
        tensor(0.3466)
    """
    return torch.logsumexp(values * sharpness, dim=-1) / sharpness


def label_log_probabilities(logits: Tensor) -> Tensor:
    """Log-probabilities over axis 1 of (b, v, …), beside an unnamed rest whose logit is 0."""
    rest = torch.zeros_like(logits[:, :1])
    return functional.log_softmax(torch.cat([logits, rest], dim=1), dim=1)[:, :-1]


def _per_kind(shared: Tensor) -> Tensor:
    """(2, …) parameters for (added or removed, changed) as (3, …), one row a kind."""
    return shared[[0, 0, 1]]
