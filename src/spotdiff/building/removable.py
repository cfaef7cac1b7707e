"""Which regions of a picture are things that can be taken out of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from spotdiff.ops.boxes import clip, iou, mask_box
from spotdiff.types import Box, Boxes, Detections, Image, Mask


@dataclass(frozen=True, slots=True)
class Removable:
    """One thing of a picture.

    Attributes:
        box: Around its mask, in pixels of the picture.
        mask: Of the size of the picture, nonzero where the thing is.
        score: How sure its proposer is.
        label: What it is called, where the proposer says so.
    """

    box: Box
    mask: Mask
    score: float
    label: str | None = None

    @property
    def as_boxes(self) -> Boxes:
        """Its box as one row."""
        return np.array([self.box], np.float32)

    def crop(self, image: Image) -> Image:
        """What its box holds in a picture of that size."""
        x0, y0, x1, y1 = map(int, self.box)
        return np.ascontiguousarray(image[y0:y1, x0:x1])


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a thing does not count as gone, what was measured, and the bound that it missed."""

    reason: str
    score: float
    threshold: float


@dataclass(frozen=True)
class RemovalRules:
    """Which things are taken out, and what shows that they are gone.

    Match scores and their limits are those that the removals of Img-Diff were made with.

    Args:
        min_area: Smallest share of the picture that a thing covers.
        max_area: Largest share.
        max_overlap: IoU of boxes above which the later of two things is left out.
        attempts: Things of a picture that are tried, the best ones first.
        min_contrast: Mean difference that painting makes inside the mask, in grey levels of 255.
        min_match: Lowest score of the thing with its caption before.
        max_match: Highest score of its place with that caption after.

    Raises:
        ValueError: No size is left, or nothing is tried.
    """

    min_area: float = 0.005
    max_area: float = 0.25
    max_overlap: float = 0.5
    attempts: int = 3
    min_contrast: float = 8.0
    min_match: float = 0.35
    max_match: float = 0.2

    def __post_init__(self) -> None:
        if not 0 <= self.min_area <= self.max_area < 1:
            raise ValueError(
                f"Expected min_area and max_area in order in [0, 1), got {self.min_area} and "
                f"{self.max_area}."
            )
        if self.attempts < 1:
            raise ValueError(f"Expected attempts to be at least 1, got {self.attempts}.")

    def objection(
        self, contrast: float, text: str | None, match: tuple[float, float] | None
    ) -> Objection | None:
        """Why a thing does not count as gone; None if it does.

        Args:
            contrast: Mean difference that painting made inside of its mask, in grey levels.
            text: What it is.
            match: Scores of its place with that text, before and after; None if nobody measured.
        """
        if contrast < self.min_contrast:
            reason = "what was painted looks like the thing that was there"
            return Objection(reason, contrast, self.min_contrast)
        if match is not None and match[0] < self.min_match:
            reason = f"the thing does not show its caption: {text}"
            return Objection(reason, match[0], self.min_match)
        if match is not None and match[1] > self.max_match:
            reason = f"the thing is still seen after it was painted over: {text}"
            return Objection(reason, match[1], self.max_match)
        return None

    def things(self, found: Detections, size: tuple[int, int]) -> list[Removable]:
        """The things of a picture of `size` (h, w) that are tried, in the order of the proposer."""
        kept: list[Removable] = []
        for thing in _things(found, size):
            share = np.count_nonzero(thing.mask) / thing.mask.size
            if not self.min_area <= share <= self.max_area:
                continue
            taken = [other.as_boxes for other in kept]
            if taken and iou(thing.as_boxes, np.concatenate(taken)).max() > self.max_overlap:
                continue
            kept.append(thing)
            if len(kept) == self.attempts:
                break
        return kept


def _things(found: Detections, size: tuple[int, int]) -> Iterator[Removable]:
    """All regions with their masks; a region without one is its whole box."""
    for row, box in enumerate(clip(found.boxes, size)):
        if found.masks is not None:
            mask = np.asarray(found.masks[row], np.uint8)
        else:
            mask = np.zeros(size, np.uint8)
            (x0, y0), (x1, y1) = np.floor(box[:2]).astype(int), np.ceil(box[2:]).astype(int)
            mask[y0:y1, x0:x1] = 1
        around = mask_box(mask)
        if around is not None:
            label = found.labels[row] if found.labels else None
            yield Removable(around, mask, float(found.scores[row]), label)
