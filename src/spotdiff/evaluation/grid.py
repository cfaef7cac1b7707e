"""Boxes at every point of a grid of thresholds and smallest areas.

A method without calibrated thresholds is shown at its best point, which is chosen on the pairs that
are measured: in favour of the method.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import cv2
import numpy as np
from jaxtyping import Float32

from spotdiff.evaluation.protocols import BOX_PROTOCOLS, PairBoxes
from spotdiff.evaluation.ranking import MAX_BOXES
from spotdiff.ops.boxes import expand
from spotdiff.ops.heatmap import Heat, any_kind, components
from spotdiff.training.scores import places
from spotdiff.types import TrueChange

AREAS = (4, 16, 40, 100, 250)
LEVELS = 256

Point: TypeAlias = tuple[float, int]  # threshold of the heat, smallest area in pixels


@dataclass(frozen=True, slots=True)
class Best:
    """The largest value of a protocol on a grid, and the point that gives it."""

    value: float
    point: Point


class Grid:
    """The evidence of boxes at every point.

    Args:
        heats: Thresholds.
        margin: Pixels added around boxes.
        areas: Smallest areas, in pixels.
    """

    def __init__(
        self, heats: Sequence[float], margin: float = 0.0, areas: Sequence[int] = AREAS
    ) -> None:
        self.heats = tuple(heats)
        self.margin = margin
        self.areas = tuple(areas)
        self.points: dict[Point, list[PairBoxes]] = {(h, a): [] for h in heats for a in areas}

    def take(self, heat: Heat, truth: Sequence[TrueChange]) -> None:
        """Adds a pair: its heat, and the true changes in the same frame."""
        true = places((), truth)
        size = (heat.shape[1], heat.shape[2])
        for min_heat in self.heats:
            regions = components(heat, min_heat, min_area=min(self.areas))
            for min_area in self.areas:
                kept = regions[regions.areas >= min_area]
                kept = kept[np.argsort(-kept.scores, kind="stable")[:MAX_BOXES]]
                boxes = expand(kept.boxes, self.margin)
                found = replace(true, boxes=boxes, scores=kept.scores, kinds=kept.kinds)
                self.points[min_heat, min_area].append(PairBoxes(found, size))

    def best(self, protocol: str) -> Best:
        """Where a protocol of `BOX_PROTOCOLS` gives most; the first of equally good points."""
        measure: Callable[[Sequence[PairBoxes]], float] = BOX_PROTOCOLS[protocol]
        values = {point: measure(evidence) for point, evidence in self.points.items()}
        point = max(values, key=lambda p: -np.inf if np.isnan(values[p]) else values[p])
        return Best(values[point], point)


def box_score(heat: Heat, min_area: int) -> float:
    """The largest threshold, in steps of 1 / 256, at which there is a region of `min_area` pixels.

    It says of a pair what "any box" is at every threshold at once; 0 where there is none at all.

    Example:
        >>> heat = np.zeros((3, 4, 4), np.float32)
        >>> heat[0, :2, :2], heat[2, 3, 3] = 0.5, 0.9
        >>> box_score(heat, 1), box_score(heat, 4), box_score(heat, 5)
        (0.8984375, 0.5, 0.0)
    """
    hot = any_kind(heat)
    low, high = 0, LEVELS  # a region exists at `low` or nowhere; none exists above `high`
    while low < high:
        middle = (low + high + 1) // 2
        if _largest_region(hot, middle / LEVELS) >= min_area:
            low = middle
        else:
            high = middle - 1
    return low / LEVELS


def _largest_region(hot: Float32[np.ndarray, "h w"], min_heat: float) -> int:
    changed = (hot >= min_heat).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(changed, connectivity=8)
    regions = stats[1:, cv2.CC_STAT_AREA]
    return int(regions.max()) if len(regions) else 0
