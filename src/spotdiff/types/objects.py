"""What detectors and the change model say of a pair, before anything is decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

import numpy as np
from jaxtyping import Float32, Shaped

from spotdiff.types.regions import Detections

# Thresholds of the heat at which shares of boxes are kept; the rules name one of them.
HEAT_LEVELS = tuple(round(0.05 * step, 2) for step in range(1, 21))


@dataclass(frozen=True, slots=True)
class SeenObjects:
    """The objects of one view; row i of every field is object i.

    Attributes:
        detections: Boxes in the frame of the pair, scores, and a label each.
        shares: Of each box, the share of its area whose heat of any kind reaches each of
            `HEAT_LEVELS`; of width 0 where there is no change map.
        heat: Of each box, the mean heat of every kind; of width 0 likewise.
    """

    detections: Detections
    shares: Float32[np.ndarray, "n levels"]
    heat: Float32[np.ndarray, "n kinds"]

    def __len__(self) -> int:
        return len(self.detections)

    def __getitem__(self, keep: Shaped[np.ndarray, " k"]) -> SeenObjects:
        return SeenObjects(self.detections[keep], self.shares[keep], self.heat[keep])

    @classmethod
    def none(cls) -> SeenObjects:
        """No objects at all."""
        empty = np.zeros((0, 0), np.float32)
        return cls(Detections.none(), empty, empty)


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
        cosines: How alike each of before and each of after look, by the dot product of their
            embeddings; None where nobody embeds.
        whole: What the change model says; None where none was asked.
        identical: Whether both views are equal, pixel by pixel.
    """

    before: SeenObjects = field(default_factory=SeenObjects.none)
    after: SeenObjects = field(default_factory=SeenObjects.none)
    cosines: Float32[np.ndarray, "n m"] | None = None
    whole: WholePair | None = None
    identical: bool = False


HeatFusion: TypeAlias = Literal["boost", "odds"]


@dataclass(frozen=True, slots=True)
class ObjectRules:
    """How objects of two views become changes; scores, IoU and likeness lie in [0, 1].

    Attributes:
        min_score: A change whose score, fused with the heat, reaches this is reported.
        min_partner: A detection that reaches this may be the partner of one in the other view, so
            that a thing that is seen badly once does not come and go.
        alpha: Weight of IoU against likeness where partners are chosen.
        min_same: Two objects may be one thing if they overlap this much or look this much alike.
        max_shift: One thing has moved if its centre lies farther away than this, in units of its
            size (the root of its mean area).
        min_alike: One thing has changed if it looks less alike than this, to the embedder or to the
            change map, whose mean heat in its boxes is unlikeness.
        boost: λ of score · (1 + λ · share).
        min_heat: Where heat counts for the share, one of `HEAT_LEVELS`.
        heat: `boost` is the rule above; `odds` adds what score and heat say as log-odds.
        odds: For that, the weights of the score and of the heat, and the offset.

    Raises:
        ValueError: If a number cannot be one, or `min_heat` is no level.
    """

    min_score: float = 0.25
    min_partner: float = 0.1
    alpha: float = 0.5
    min_same: float = 0.5
    max_shift: float = 0.5
    min_alike: float = 0.5
    boost: float = 0.8
    min_heat: float = 0.5
    heat: HeatFusion = "boost"
    odds: tuple[float, float, float] = (1.0, 1.0, 0.0)

    def __post_init__(self) -> None:
        for name in ("min_score", "min_partner", "alpha", "min_same", "min_alike"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not 0 <= value <= 1:
                raise ValueError(f"Expected {name} to be a number from 0 to 1, got {value!r}.")
        for name in ("max_shift", "boost"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not value >= 0:
                raise ValueError(f"Expected {name} to be a number from 0 on, got {value!r}.")
        if self.heat not in get_args(HeatFusion):
            raise ValueError(f"Expected heat to be boost or odds, got {self.heat!r}.")
        listed = isinstance(self.odds, tuple) and len(self.odds) == 3
        if not listed or not all(isinstance(value, int | float) for value in self.odds):
            raise ValueError(f"Expected odds to be three numbers, got {self.odds!r}.")
        if self.level is None:
            raise ValueError(
                f"Expected min_heat to be a multiple of 0.05 above 0, got {self.min_heat!r}: the "
                "evidence keeps shares of boxes at these alone."
            )

    @property
    def level(self) -> int | None:
        """The column of the shares that `min_heat` means; None if it means none."""
        near = [i for i, level in enumerate(HEAT_LEVELS) if abs(level - self.min_heat) < 1e-6]
        return near[0] if near else None
