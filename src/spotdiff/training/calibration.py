"""Fits `Thresholds` to validation evidence. All of it is counted into histograms of fixed size.

Added and removed share every threshold: a pair has no favourite side. Where several thresholds are
equally good, the middle of their first run is taken, the farthest from being wrong. What the
evidence says nothing about keeps its default.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor
from torchmetrics import Metric

from spotdiff.ops.heatmap import components
from spotdiff.training.histograms import (
    BINS,
    at_or_above,
    bin_of,
    histogram,
    middle_of_best,
    precision_recall,
)
from spotdiff.training.scores import hits_by_overlap, places
from spotdiff.types import ChangeKind, Thresholds, TrueChange

HEATS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)  # where boxes are cut, to fit their scores
SLACK = 0.005  # of box F1: what loses no more is as good as the best
LEVELS = 100  # of the probability of a label
_KINDS = len(ChangeKind)
_SHARED = ([0, 1], [2])  # kinds with one threshold: added with removed, changed alone
_DEFAULTS = Thresholds()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a network said of one pair, in [0, 1], and what is true; None where nobody knows.

    Attributes:
        heat: (3, h, w), probability of each kind at each pixel.
        gates: (3,), probability of any change of each kind.
        label_scores: (3, v), probability of each kind and label.
        changed: (h, w) bool, where the pair differs.
        known: (h, w) bool, where `changed` can be relied on.
        present: (3,), 1 where the pair holds a change of the kind, 0 where not, nan if unknown.
        labels: (3, v), 1 where a label belongs to the kind's set.
        changes: In the frame of the heat.
    """

    heat: Tensor
    gates: Tensor
    label_scores: Tensor
    changed: Tensor | None = None
    known: Tensor | None = None
    present: Tensor | None = None
    labels: Tensor | None = None
    changes: tuple[TrueChange, ...] | None = None


class ThresholdCalibrator(Metric):
    """Gathers evidence over pairs and ranks, then fits.

    Args:
        defaults: What stays where there is no evidence.
        min_area: Pixels of the smallest box, as in prediction.
        min_overlap: IoU from which on a box is right.
    """

    full_state_update = False
    pixels: Tensor
    boxes: Tensor
    true_boxes: Tensor
    gates: Tensor
    labelled: Tensor
    closed: Tensor
    opened: Tensor

    def __init__(
        self,
        defaults: Thresholds = _DEFAULTS,
        min_area: int = 16,
        min_overlap: float = 0.5,
    ) -> None:
        super().__init__()
        self.defaults = defaults
        self.min_area = min_area
        self.min_overlap = min_overlap
        self._count("pixels", 2, BINS)
        self._count("boxes", len(HEATS), 2, BINS)
        self._count("true_boxes")
        self._count("gates", _KINDS, 2, BINS)
        self._count("labelled")
        self.add_state("closed", torch.zeros(_KINDS, BINS), dist_reduce_fx="sum")
        self.add_state("opened", torch.zeros(_KINDS, BINS, LEVELS), dist_reduce_fx="sum")

    def update(self, evidence: Evidence) -> None:
        """Takes what was said and what is true of one pair."""
        if evidence.changed is not None and evidence.known is not None:
            probability, known = 1 - (1 - evidence.heat).prod(dim=0), evidence.known
            self.pixels += histogram(probability[known], evidence.changed[known]).to(self.device)
        if evidence.changes is not None:
            self._take_boxes(evidence.heat.float().cpu().numpy(), evidence.changes)
        if evidence.present is not None:
            self._take_gates(evidence.gates, evidence.present)
        if evidence.labels is not None and evidence.labels.shape[-1]:
            self._take_labels(evidence, evidence.labels.bool())

    def compute(self) -> Tensor:
        """The fitted values in the order of the fields of `Thresholds`, (8,)."""
        fitted = fit_boxes(self.boxes, self.true_boxes)
        if fitted is None:
            heat = or_default(fit_heat(self.pixels), self.defaults.min_heat)
            fitted = heat, self.defaults.min_score
        heat, score = fitted
        gates, levels = self._gates_and_levels()
        return torch.tensor([heat, score, *gates, *levels], dtype=torch.float64)

    def fit(self) -> Thresholds:
        """The thresholds that suit the evidence of all ranks best."""
        heat, score, *rest = self.compute().tolist()
        gates, levels = tuple(rest[:_KINDS]), tuple(rest[_KINDS:])
        return replace(
            self.defaults,
            min_heat=heat,
            min_score=score,
            min_gates=gates,
            min_label_scores=levels,
        )

    def _count(self, name: str, *shape: int) -> None:
        self.add_state(name, torch.zeros(shape, dtype=torch.long), dist_reduce_fx="sum")

    def _take_boxes(
        self, heat: Float32[np.ndarray, "3 h w"], changes: tuple[TrueChange, ...]
    ) -> None:
        true = places((), changes)
        self.true_boxes += len(true.true_boxes)
        for level, min_heat in enumerate(HEATS):
            found = components(heat, min_heat, self.min_area)
            said = replace(true, boxes=found.boxes, scores=found.scores, kinds=found.kinds)
            hits = torch.from_numpy(hits_by_overlap(said, self.min_overlap))
            self.boxes[level] += histogram(torch.from_numpy(found.scores), hits).to(self.device)

    def _take_gates(self, gates: Tensor, present: Tensor) -> None:
        for kind in range(_KINDS):
            if not present[kind].isnan():
                seen = histogram(gates[kind], present[kind] > 0)
                self.gates[kind] += seen.to(self.device)

    def _take_labels(self, evidence: Evidence, true: Tensor) -> None:
        """Adds the F1 of a pair's sets, were its gates open or closed, to the bins of its gates."""
        empty = ~true.any(dim=-1)
        if evidence.present is not None:
            # Its words are outside the vocabulary: neither a word nor silence would be right.
            empty &= ~(evidence.present > 0)
        bins = bin_of(evidence.gates)
        kinds = torch.arange(_KINDS, device=bins.device)
        self.labelled += 1
        self.closed[kinds, bins] += empty.to(self.closed)
        self.opened[kinds, bins] += open_f1(evidence.label_scores, true).to(self.opened)

    def _gates_and_levels(self) -> tuple[list[float], list[float]]:
        gates, levels = list(self.defaults.min_gates), list(self.defaults.min_label_scores)
        for kinds in _SHARED:
            if self.labelled:
                sums = (
                    self.closed[kinds].double().sum(dim=0),
                    self.opened[kinds].double().sum(dim=0),
                )
                fitted, level = fit_sets(*sums)
                for kind in kinds:
                    gates[kind], levels[kind] = fitted, level
            else:
                gate = fit_gate(self.gates[kinds].sum(dim=0))
                for kind in kinds:
                    gates[kind] = or_default(gate, gates[kind])
        return gates, levels


def fit_heat(counts: Tensor) -> float | None:
    """The threshold of pixel F1, from a `histogram` of pixels; None without changed pixels."""
    if not counts[1].any():
        return None
    precision, recall = precision_recall(counts)
    return middle_of_best(2 * precision * recall / (precision + recall).clamp(min=1e-12)) / BINS


def fit_boxes(counts: Tensor, true_boxes: Tensor) -> tuple[float, float] | None:
    """The heat at which boxes are cut, one of `HEATS`, and their least score, by box F1.

    Boxes are what is reported, so they decide where to cut, not pixels: a heat that suits pixels
    best is too low for things that stand close to one another.

    Args:
        counts: (len(HEATS), 2, BINS), a `histogram` of wrong and right boxes for each heat.
        true_boxes: How many boxes there are to find; None comes back if there are none.
    """
    if not true_boxes:
        return None
    wrong, right = at_or_above(counts).unbind(dim=1)
    best = (2 * right / (wrong + right + true_boxes)).amax(dim=-1)
    level = middle_of_best(best, SLACK)
    score = fit_score(counts[level], true_boxes)
    return None if score is None else (HEATS[level], score)


def fit_score(counts: Tensor, true_boxes: Tensor) -> float | None:
    """The threshold of box F1, from a `histogram` of boxes that are wrong or right.

    Args:
        counts: (2, BINS).
        true_boxes: How many boxes there are to find; None comes back if there are none.
    """
    if not true_boxes:
        return None
    wrong, right = at_or_above(counts)
    found = 2 * right / (wrong + right + true_boxes)
    # Of scores as good the lowest: a box too many can be sorted out by its score, one that was
    # left out is gone.
    lowest = int((found >= found.max() - SLACK).long().argmax())
    return (lowest + middle_of_best((found[lowest:] == found[lowest]).float())) / BINS


def fit_gate(counts: Tensor) -> float | None:
    """The threshold of balanced accuracy, from a `histogram` of gates.

    None comes back unless some pairs hold a change of the kind and some do not.
    """
    if not counts.any(dim=1).all():
        return None
    absent, present = at_or_above(counts)
    return middle_of_best(present / present[0] - absent / absent[0]) / BINS


def fit_sets(closed: Tensor, opened: Tensor) -> tuple[float, float]:
    """The thresholds of a gate and of its labels whose label sets have the largest F1.

    Args:
        closed: (BINS,), by bin of the gate, the sum of F1 of pairs were their gate closed.
        opened: (BINS, LEVELS), the same were it open, by threshold of the labels.
    """
    below = torch.cat([closed.new_zeros(1), closed.cumsum(0)])
    above = torch.cat([opened.flip(0).cumsum(0).flip(0), opened.new_zeros(1, LEVELS)])
    total = below[:, None] + above
    gate = middle_of_best(total.amax(dim=1))
    return gate / BINS, middle_of_best(total[gate]) / LEVELS


def open_f1(scores: Tensor, true: Tensor) -> Tensor:
    """F1 of (3, v) label sets behind an open gate, at each threshold of the labels: (3, LEVELS).

    The most probable label is always said.

    Example:
        >>> scores, true = torch.tensor([[0.9, 0.405, 0.2]]), torch.tensor([[True, True, False]])
        >>> open_f1(scores, true)[0, [10, 40, 50, 99]]
        tensor([0.8000, 1.0000, 0.6667, 0.6667])
    """
    levels = torch.arange(LEVELS, device=scores.device) / LEVELS
    best = scores == scores.amax(dim=-1, keepdim=True)
    said = (scores[:, None] >= levels[:, None]) | best[:, None]
    shared = (said & true[:, None]).sum(dim=-1)
    return 2 * shared / (said.sum(dim=-1) + true.sum(dim=-1, keepdim=True))


def or_default(fitted: float | None, default: float) -> float:
    """The fitted value, or the default where nothing could be fitted."""
    return default if fitted is None else fitted
