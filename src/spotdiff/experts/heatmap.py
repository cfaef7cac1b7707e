"""Regions from our own change map: what needs no borrowed model and nothing to download."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import nn

from spotdiff.models.localizer import SiameseLocalizer
from spotdiff.ops.heatmap import Regions, components
from spotdiff.types import ChangeKind, Detections, ModelInfo, Pair

# Where a change of each kind is to be seen.
_SHOWN = {
    "before": (ChangeKind.REMOVED, ChangeKind.CHANGED),
    "after": (ChangeKind.ADDED, ChangeKind.CHANGED),
}
_KINDS = list(ChangeKind)


class HeatmapProposer(nn.Module):
    """Connected regions of a change map, in the view that shows them; a `PairProposer`.

    What was removed is a region of before, what was added one of after, and what changed both.

    Args:
        localizer: Sees where the views differ; its network is moved with this module.
        info: Which weights these are.
        min_heat: A pixel whose probability of change reaches this belongs to a region.
        min_area: Pixels that a region has at least.
    """

    def __init__(
        self, localizer: SiameseLocalizer, info: ModelInfo, min_heat: float, min_area: int = 16
    ) -> None:
        super().__init__()
        self.net = localizer.net.eval().requires_grad_(False)
        self.localizer = localizer
        self.info = info
        self.min_heat = min_heat
        self.min_area = min_area

    def forward(self, pairs: Sequence[Pair]) -> list[tuple[Detections, Detections]]:
        """The regions of before and of after for every pair, in its frame, best first."""
        maps = self.localizer(pairs)
        found = [components(m.heat, self.min_heat, self.min_area) for m in maps]
        return [(_shown(regions, "before"), _shown(regions, "after")) for regions in found]


def _shown(regions: Regions, view: str) -> Detections:
    rows = np.flatnonzero(np.isin(regions.kinds, [_KINDS.index(kind) for kind in _SHOWN[view]]))
    rows = rows[np.argsort(-regions.scores[rows], kind="stable")]
    return Detections(regions.boxes[rows], regions.scores[rows])
