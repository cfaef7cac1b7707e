"""What experts see in one image: regions, and the words of its caption."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Shaped

from spotdiff.types.arrays import Boxes, Scores


@dataclass(frozen=True, slots=True)
class Detections:
    """Regions of one image; row i of every field is region i.

    Attributes:
        boxes: In pixels of that image.
        scores: How sure the expert is, in [0, 1].
        labels: A word each; empty where regions are class-free.
        masks: Which pixels belong to each, in the frame of the image; None where nobody asked.
    """

    boxes: Boxes
    scores: Scores
    labels: tuple[str, ...] = ()
    masks: Bool[np.ndarray, "n h w"] | None = None

    def __len__(self) -> int:
        return len(self.boxes)

    def __getitem__(self, keep: Shaped[np.ndarray, " k"]) -> Detections:
        rows = np.arange(len(self))[keep]
        return Detections(
            self.boxes[rows],
            self.scores[rows],
            tuple(self.labels[row] for row in rows) if self.labels else (),
            None if self.masks is None else self.masks[rows],
        )

    @classmethod
    def none(cls) -> Detections:
        """No regions at all."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))


PartOfSpeech = Literal["noun", "adjective", "number", "verb", "other"]


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a sentence as it is written, its dictionary form, and what it is there."""

    word: str
    lemma: str
    part: PartOfSpeech
