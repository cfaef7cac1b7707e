"""Captions of regions held against the regions and against each other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np

from spotdiff.contracts import RegionTextScorer, TextEmbedder
from spotdiff.ops.montage import grown
from spotdiff.stages.caption_rules import CaptionRules
from spotdiff.types import Box, Image

Both: TypeAlias = tuple[Box, Box]


class CaptionChecks:
    """Says which captions of regions are not believed.

    Every caption is bound to its box by its place in the list, never by its words: two boxes of
    one caption are two cases.

    Args:
        rules: The limits.
        matcher: Says how well a caption fits its region; None believes all captions.
        embedder: Says how alike captions are; None takes all for different.
    """

    def __init__(
        self,
        rules: CaptionRules | None = None,
        matcher: RegionTextScorer | None = None,
        embedder: TextEmbedder | None = None,
    ) -> None:
        self.rules = rules or CaptionRules()
        self.matcher = matcher
        self.embedder = embedder

    @property
    def experts(self) -> dict[str, RegionTextScorer | TextEmbedder]:
        """The models that it asks, by their role."""
        roles = {"matcher": self.matcher, "embedder": self.embedder}
        return {role: expert for role, expert in roles.items() if expert is not None}

    @property
    def sha256(self) -> str:
        """Of all that decides a verdict."""
        told = [f"{role} {expert.info.sha256}" for role, expert in self.experts.items()]
        return hashlib.sha256("\n".join([repr(self.rules), *told]).encode()).hexdigest()

    def __call__(
        self,
        views: Sequence[tuple[Image, Image]],
        boxes: Sequence[Both],
        captions: Sequence[tuple[str, str]],
    ) -> list[str | None]:
        """Why the captions of each spot are not believed; None where they are.

        Args:
            views: Before and after of every spot.
            boxes: Of the spot in each of them.
            captions: What was said of each.
        """
        fits, alike = self._fits(views, boxes, captions), self._alike(captions)
        return [one or other for one, other in zip(fits, alike, strict=True)]

    def _fits(
        self,
        views: Sequence[tuple[Image, Image]],
        boxes: Sequence[Both],
        captions: Sequence[tuple[str, str]],
    ) -> Iterator[str | None]:
        if self.matcher is None:
            yield from [None] * len(captions)
            return
        # each region goes with its own text alone, not with all texts of its image
        flat = [view for pair in views for view in pair]
        regions = [
            np.array([grown(box, self.rules.grow, view.shape[:2])], np.float32)
            for view, box in zip(flat, (box for both in boxes for box in both), strict=True)
        ]
        texts = [(caption,) for both in captions for caption in both]
        scores = [float(found[0, 0]) for found in self.matcher(flat, regions, texts)]
        for before, after in zip(scores[::2], scores[1::2], strict=True):
            yield self.rules.unfit_match(before, after)

    def _alike(self, captions: Sequence[tuple[str, str]]) -> Iterator[str | None]:
        if self.embedder is None:
            yield from [None] * len(captions)
            return
        vectors = self.embedder.text_embeddings([text for both in captions for text in both])
        for before, after in zip(vectors[::2], vectors[1::2], strict=True):
            yield self.rules.unfit_similarity(float(before @ after))
