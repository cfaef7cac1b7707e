"""Which changes a chat model is asked about, and which of its words are believed: the limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from spotdiff.ops.intervals import Interval
from spotdiff.types import Box


@dataclass(frozen=True)
class CaptionRules:
    """Limits of what is described and believed; those of areas count as passed where met exactly.

    Jiao et al. 2024 (Img-Diff), section 3.3: https://arxiv.org/abs/2408.04594

    Args:
        match: Which score of region and text is meant: the probability of the matching head (itm),
            or the cosine of both embeddings (itc).
        min_match: A caption fits its region if its score is at least this.
        grow: Pixels by which a region grows on all sides before its caption is held against it.
        min_similarity: Captions of before and after are about the same spot if their cosine is at
            least this.
        max_similarity: They say different things if it is at most this.
        closed: Whether a value that equals one of these limits passes.
        min_area: The least a region covers of its view, as a share.
        max_area: The most.
        max_changes: Of a pair as many are described, those of the highest score; None: all.

    Raises:
        ValueError: If a range ends before it begins, or nothing would be described.
    """

    match: Literal["itm", "itc"] = "itm"
    min_match: float = 0.4
    grow: float = 0.0
    min_similarity: float = 0.0
    max_similarity: float = 0.8
    closed: bool = True
    min_area: float = 0.0
    max_area: float = 1.0
    max_changes: int | None = None

    def __post_init__(self) -> None:
        for name in ("similarity", "area"):
            low, high = getattr(self, f"min_{name}"), getattr(self, f"max_{name}")
            if not low <= high:
                raise ValueError(
                    f"Expected rules.min_{name} of at most rules.max_{name}, got {low} and {high}."
                )
        if self.max_changes is not None and self.max_changes < 1:
            raise ValueError(f"Expected rules.max_changes of at least 1, got {self.max_changes}.")

    def unfit_size(self, box: Box, size: tuple[int, int]) -> str | None:
        """Why a region of a view of `size` (h, w) is not described; None if it is."""
        share = max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1]) / (size[0] * size[1])
        if share < self.min_area:
            return f"the region covers {share:.4f} of the view, less than {self.min_area:.4f}"
        if share > self.max_area:
            return f"the region covers {share:.4f} of the view, more than {self.max_area:.4f}"
        return None

    def unfit_match(self, before: float, after: float) -> str | None:
        """Why captions do not fit their regions, given the score of each; None if both do."""
        passing = Interval(self.min_match, np.inf, self.closed)
        for view, score in (("before", before), ("after", after)):
            if not passing.holds(np.array(score)):
                return (
                    f"what was said of the region in {view} does not fit it: {self.match} "
                    f"{score:.4f}, below {self.min_match:.4f}"
                )
        return None

    def unfit_similarity(self, cosine: float) -> str | None:
        """Why two captions are no two sides of one change, given their cosine; None if they are."""
        if Interval(self.min_similarity, self.max_similarity, self.closed).holds(np.array(cosine)):
            return None
        if cosine >= self.max_similarity:
            told = "both regions were said to show the same"
            return f"{told}: cosine {cosine:.4f}, above {self.max_similarity:.4f}"
        told = "the regions were said to show nothing alike"
        return f"{told}: cosine {cosine:.4f}, below {self.min_similarity:.4f}"
