"""Losses for the names of regions: from boxes, or from nothing but the word lists of pairs."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from spotdiff.models.batch import RegionBatch

_TINY = 1e-6


class RegionLoss(nn.Module):
    """The weighted sum of four terms; those whose weight is 0 are left out.

    Args:
        boxes: Weight of the cross-entropy with the true label of each region.
        bags: Weight of `bag_loss`: each listed word is shown by some region, no other one is.
        listed: Weight of `listed_loss`: each region shows one of the words of its pair. For maps
            with hardly any false region: others learn here to pass for something.
        teacher: Weight of `teacher_loss`: each region shows the word that it shows most likely
            already, among those of its pair.
    """

    def __init__(
        self, boxes: float = 0.0, bags: float = 1.0, listed: float = 0.0, teacher: float = 0.0
    ) -> None:
        super().__init__()
        self.boxes = boxes
        self.bags = bags
        self.listed = listed
        self.teacher = teacher

    def forward(self, logits: Tensor, batch: RegionBatch, teacher: Tensor | None = None) -> Tensor:
        """The loss of (n, v) logits.

        Args:
            logits: Beside an unnamed rest with logit 0.
            batch: What is known.
            teacher: (n, v) logits of an averaged copy of the network; None leaves the term out.
        """
        rest = torch.zeros_like(logits[:, :1])
        log_p = functional.log_softmax(torch.cat([logits, rest], dim=1), dim=1)
        total = logits.sum() * 0
        if self.boxes and (batch.targets >= 0).any():
            total = total + self.boxes * functional.nll_loss(log_p, batch.targets, ignore_index=-1)
        if self.bags:
            total = total + self.bags * bag_loss(log_p, batch)
        allowed = batch.words[batch.owner, batch.kinds]
        if self.listed:
            total = total + self.listed * listed_loss(log_p, allowed)
        if self.teacher and teacher is not None:
            total = total + self.teacher * teacher_loss(log_p, teacher, allowed)
        return total


def bag_loss(log_p: Tensor, batch: RegionBatch) -> Tensor:
    """Cross-entropy of "some region of the pair shows the word", a mean over labels and pairs.

    The regions of a pair are taken for independent: P(word) = 1 − Π_r (1 − p_r), the noisy-or of
    multiple-instance learning (Maron & Lozano-Pérez 1998, eq. 3). Where the lists tell of kinds,
    only regions of a kind speak for its list; where they do not, all regions speak for one list.

    Args:
        log_p: (n, v + 1) log-probabilities, the rest last.
        batch: The pairs of these regions.
    """
    silent = torch.log1p(-log_p[:, :-1].exp().clamp(max=1 - 1e-4))
    total = silent.new_zeros(())
    for has_kinds in (True, False):
        mine = batch.has_kinds == has_kinds
        if not mine.any():
            continue
        place = batch.owner * 3 + batch.kinds if has_kinds else batch.owner
        words = batch.words.flatten(0, 1) if has_kinds else batch.words[:, 0]
        rows = mine.repeat_interleave(3) if has_kinds else mine
        none = torch.zeros_like(words).index_add(0, place, silent)
        present = -torch.log(-torch.expm1(none.clamp(max=-_TINY)))
        # A word that no region could show is nobody's fault: the change map missed it.
        possible = torch.zeros(len(words), device=words.device).index_add(
            0, place, torch.ones_like(silent[:, 0])
        )
        loss = words * present * (possible[:, None] > 0) - (1 - words) * none
        total = total + loss[rows].mean() * mine.float().mean()
    return total


def listed_loss(log_p: Tensor, allowed: Tensor) -> Tensor:
    """−log of the probability that a region shows one of the words that its pair allows.

    Learning with candidate labels (Cour et al. 2011): the lists rule out the other words. Regions
    that are allowed no word are left to `bag_loss`.

    Args:
        log_p: (n, v + 1) log-probabilities, the rest last.
        allowed: (n, v) in {0, 1}.
    """
    some = allowed.any(dim=1)
    if not some.any():
        return log_p.sum() * 0
    masked = log_p[some, :-1] + torch.log(allowed[some] + _TINY)
    return -torch.logsumexp(masked, dim=1).mean()


def teacher_loss(log_p: Tensor, teacher: Tensor, allowed: Tensor) -> Tensor:
    """Cross-entropy with the teacher's favourite among the allowed words, weighted by its trust.

    Tarvainen & Valpola 2017 (mean teacher), with the lists as a filter.

    Args:
        log_p: (n, v + 1) log-probabilities, the rest last.
        teacher: (n, v) logits.
        allowed: (n, v) in {0, 1}.
    """
    some = allowed.any(dim=1)
    if not some.any():
        return log_p.sum() * 0
    believed = teacher[some].softmax(dim=1) * allowed[some]
    trust, favourite = (believed / believed.sum(dim=1, keepdim=True).clamp(min=_TINY)).max(dim=1)
    return (functional.nll_loss(log_p[some], favourite, reduction="none") * trust).mean()
