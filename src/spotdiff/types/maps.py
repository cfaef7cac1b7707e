"""Change maps, and where their probabilities become statements."""

from __future__ import annotations

from dataclasses import dataclass, fields
from numbers import Real

import numpy as np
from jaxtyping import Float32


@dataclass(frozen=True, slots=True)
class ChangeMap:
    """What a localiser saw in a pair, in the frame of the after image (h, w).

    Attributes:
        heat: Probability of each kind at each pixel.
        gates: Probability that the pair holds any change of each kind.
        label_scores: Probability that the pair holds a change of each kind and label.
        labels_before: Probability of each label at each cell of a coarse grid over the before
            view (its cells cover the image evenly); rows of the vocabulary first.
        labels_after: The same for the after view.
        vocabulary: The labels, in the order of the `v` axes.
    """

    heat: Float32[np.ndarray, "3 h w"]
    gates: Float32[np.ndarray, " 3"]
    label_scores: Float32[np.ndarray, "3 v"]
    labels_before: Float32[np.ndarray, "v gh gw"]
    labels_after: Float32[np.ndarray, "v gh gw"]
    vocabulary: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where a probability becomes a statement; fitted on validation data and kept in checkpoints.

    Attributes:
        min_heat: A pixel at or above it is changed.
        min_score: A box whose score lies below it is not reported.
        min_gates: Per kind, a pair at or above it holds such a change.
        min_label_scores: Per kind, a label at or above it belongs to the kind's label set.
        min_label: A box keeps its label when the label's probability inside it reaches this.

    Raises:
        ValueError: If one is no number.
    """

    min_heat: float = 0.5
    min_score: float = 0.5
    min_gates: tuple[float, float, float] = (0.5, 0.5, 0.5)
    min_label_scores: tuple[float, float, float] = (0.5, 0.5, 0.5)
    min_label: float = 0.5

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            numbers = value if isinstance(value, tuple) else (value,)
            if not all(isinstance(number, Real) for number in numbers):
                msg = f"Expected {item.name} to be a number from 0 to 1 or some, got {value!r}."
                raise ValueError(msg)
