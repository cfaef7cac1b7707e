"""Regions of pairs from experts that see one image at a time."""

from __future__ import annotations

from collections.abc import Sequence

from spotdiff.contracts import Proposer
from spotdiff.types import Detections, ModelInfo, Pair


class PerView:
    """Asks a `Proposer` about both views of all pairs at once; a `PairProposer`."""

    def __init__(self, proposer: Proposer) -> None:
        self.proposer = proposer

    @property
    def info(self) -> ModelInfo:
        """Of the proposer."""
        return self.proposer.info

    def __call__(self, pairs: Sequence[Pair]) -> list[tuple[Detections, Detections]]:
        """The regions of before and of after for every pair."""
        found = self.proposer([view for pair in pairs for view in (pair.before, pair.after)])
        return list(zip(found[::2], found[1::2], strict=True))
