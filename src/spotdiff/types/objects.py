"""What detectors and the change model say of a pair, before anything is decided."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32

from spotdiff.types.arrays import Embeddings
from spotdiff.types.regions import Detections

# Thresholds of the heat at which shares of boxes are kept; the rules name one of them.
HEAT_LEVELS = tuple(round(0.05 * step, 2) for step in range(1, 21))


@dataclass(frozen=True, slots=True)
class SeenObjects:
    """The objects of one view; row i of every field is object i.

    Attributes:
        detections: Boxes in the frame of the pair, scores, and a label each.
        embeddings: What they look like, unit vectors; of width 0 where nobody embeds.
        shares: Of each box, the share of its area whose heat of any kind reaches each of
            `HEAT_LEVELS`; of width 0 where there is no change map.
        heat: Of each box, the mean heat of every kind; of width 0 likewise.
    """

    detections: Detections
    embeddings: Embeddings
    shares: Float32[np.ndarray, "n levels"]
    heat: Float32[np.ndarray, "n kinds"]

    def __len__(self) -> int:
        return len(self.detections)

    @classmethod
    def none(cls) -> SeenObjects:
        """No objects at all."""
        empty = np.zeros((0, 0), np.float32)
        return cls(Detections.none(), empty, empty, empty)


@dataclass(frozen=True, slots=True)
class WholePair:
    """What the change model says of a pair as a whole.

    Attributes:
        gates: Probability of any change of each kind.
        label_scores: Probability that the pair holds a change of each kind and word.
        words: The columns of `label_scores`.
    """

    gates: Float32[np.ndarray, " 3"]
    label_scores: Float32[np.ndarray, "3 v"]
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectEvidence:
    """All that a decision about the objects of a pair needs.

    Attributes:
        before: The objects of the before view, laid onto the after view.
        after: Those of the after view.
        whole: What the change model says; None where none was asked.
        identical: Whether both views are equal, pixel by pixel.
    """

    before: SeenObjects = field(default_factory=SeenObjects.none)
    after: SeenObjects = field(default_factory=SeenObjects.none)
    whole: WholePair | None = None
    identical: bool = False
