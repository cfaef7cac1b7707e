"""The rules of difference areas: every threshold, and the side it keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from jaxtyping import Bool, Float32

from spotdiff.ops.boxes import area, iou, pixel_iou
from spotdiff.ops.intervals import Interval
from spotdiff.types import Boxes

Sides: TypeAlias = Literal["either", "both"]
Order: TypeAlias = Literal["difference", "arrival"]
Nouns: TypeAlias = Literal["phrases", "words"]
Match: TypeAlias = Literal["itm", "itc"]

_CHOICES = {
    "match": get_args(Match),
    "sides": get_args(Sides),
    "order": get_args(Order),
    "nouns": get_args(Nouns),
}


@dataclass(frozen=True)
class AreaRules:
    """What counts as a difference area. The defaults are those of the published method.

    Jiao et al. 2024 (Img-Diff), section 3: https://arxiv.org/abs/2408.04594

    Args:
        min_similarity: Whole views at least this alike show the same place; see `Similarity`.
        max_similarity: Whole views more alike than this differ in nothing worth a look.
        min_region_similarity: Regions less alike than this are no longer compared.
        max_region_similarity: Regions more alike than this do not differ.
        match: Which score of image and text is meant: the probability of the matching head (itm),
            or the cosine of the two embeddings (itc).
        min_match: A region shows a text whose score is at least this.
        closed: Whether a value that equals a limit of the five above passes.
        sides: Whether a region must show what was named in one view, or in both.
        nouns: Compare whole noun phrases, or single words as the published operator does.
        order: Areas that overlap compete, the more different one first or the one that came first.
        max_overlap: Two areas that overlap more than this (IoU) are one.
        whole_pixels: Count the last pixel in when overlaps are measured; see `pixel_iou`.
        max_areas: At most as many; None keeps all.
        min_area: Smallest area, as a share of the view.
        max_area: Largest area, as a share of the view.

    Raises:
        ValueError: If a choice is none, or a range ends before it begins.
    """

    min_similarity: float = 0.90
    max_similarity: float = 0.98
    min_region_similarity: float = -1.0
    max_region_similarity: float = 0.85
    match: Match = "itc"
    min_match: float = 0.35
    closed: bool = False
    sides: Sides = "either"
    nouns: Nouns = "phrases"
    order: Order = "difference"
    max_overlap: float = 0.5
    whole_pixels: bool = True
    max_areas: int | None = 10
    min_area: float = 1 / 400
    max_area: float = 1.0

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                known = ", ".join(choices)
                raise ValueError(
                    f"Expected areas.{name} to be one of {known}, got {getattr(self, name)!r}."
                )
        if self.max_areas is not None and self.max_areas < 1:
            raise ValueError(f"Expected areas.max_areas of at least 1, got {self.max_areas}.")
        for name in ("similarity", "region_similarity", "area"):
            low, high = getattr(self, f"min_{name}"), getattr(self, f"max_{name}")
            if not low <= high:
                raise ValueError(
                    f"Expected areas.min_{name} of at most areas.max_{name}, got {low} and {high}."
                )

    @property
    def similar_views(self) -> Interval:
        """Similarities of whole views that show the same place with a difference."""
        return Interval(self.min_similarity, self.max_similarity, self.closed)

    @property
    def different_regions(self) -> Interval:
        """Similarities of regions that differ. Its lower end, -1, is no limit: it is always in."""
        low = self.min_region_similarity if self.min_region_similarity > -1 else -np.inf
        return Interval(low, self.max_region_similarity, self.closed)

    @property
    def matching(self) -> Interval:
        """Scores of a region and a text that it shows."""
        return Interval(self.min_match, np.inf, self.closed)

    @property
    def sizes(self) -> Interval:
        """Areas of regions, as shares of the view; the limits themselves pass."""
        return Interval(self.min_area, self.max_area)

    def large_enough(self, boxes: Boxes, size: tuple[int, int]) -> Bool[np.ndarray, " n"]:
        """Which boxes cover enough, and not too much, of a view of `size` (h, w)."""
        return self.sizes.holds(area(boxes).astype(np.float64) / (size[0] * size[1]))

    def overlap(self, boxes: Boxes, others: Float32[np.ndarray, "m 4"]) -> Bool[np.ndarray, "n m"]:
        """Which boxes overlap so much that they are one area."""
        share = pixel_iou(boxes, others) if self.whole_pixels else iou(boxes, others)
        return np.asarray(share > self.max_overlap)

    def ranked(self, boxes: Boxes, similarities: Float32[np.ndarray, " n"]) -> np.ndarray:
        """In which order boxes compete. Equally different ones go by place, so no view leads."""
        if self.order == "arrival":
            return np.arange(len(boxes))
        return np.lexsort((*boxes.T[::-1], similarities))
