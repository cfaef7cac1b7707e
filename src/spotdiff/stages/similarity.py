"""How alike two views look, as a whole and region by region, by whatever model describes them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float64, Int64

from spotdiff.contracts import RegionEmbedder
from spotdiff.types import Boxes, Embeddings, Image, ModelInfo, Pair, Scores

Anchors = Sequence[Sequence[float]]


class Similarity:
    """The cosine of what an embedder says of both views; equal pixels have 1 without asking it.

    Published thresholds are those of CLIP ViT-B/32. Another embedder has another scale, so its
    cosines are carried to that one by a monotone, piecewise linear map through anchors.

    Args:
        embedder: Describes regions.
        whole_scale: Anchors (cosine, similarity) for whole views, both rising, 1 staying 1; none
            leaves cosines as they are.
        region_scale: The same for regions.

    Raises:
        ValueError: If anchors do not rise, or 1 would not stay 1.
    """

    def __init__(
        self, embedder: RegionEmbedder, whole_scale: Anchors = (), region_scale: Anchors = ()
    ) -> None:
        self.embedder = embedder
        self._whole = _scale(whole_scale, "whole_scale")
        self._region = _scale(region_scale, "region_scale")

    @property
    def info(self) -> ModelInfo:
        """Of the embedder."""
        return self.embedder.info

    @property
    def whole_scale(self) -> list[list[float]]:
        """The anchors for whole views."""
        return [[float(value) for value in anchor] for anchor in self._whole]

    def whole(self, pairs: Sequence[Pair]) -> Scores:
        """How alike the two views of each pair are, in [-1, 1]."""
        found = np.ones(len(pairs), np.float32)
        asked = [i for i, pair in enumerate(pairs) if not np.array_equal(pair.before, pair.after)]
        vectors = self.embedder(_views([pairs[i] for i in asked])) if asked else []
        for place, i in enumerate(asked):
            found[i] = _cosines(vectors[2 * place], vectors[2 * place + 1], self._whole)[0]
        return found

    def regions(self, pairs: Sequence[Pair], boxes: Sequence[Boxes]) -> list[Scores]:
        """How alike the two views of each pair are inside each of its boxes, in [-1, 1].

        Boxes that cut out the same pixels are one region: it is described once in each view.
        """
        cuts = [_Cuts(pair, some) for pair, some in zip(pairs, boxes, strict=True)]
        asked = [i for i, cut in enumerate(cuts) if cut.different.any()]
        if asked:
            twice = [cuts[i].boxes for i in asked for _ in range(2)]
            vectors = self.embedder(_views([pairs[i] for i in asked]), twice)
            for place, i in enumerate(asked):
                cuts[i].take(_cosines(vectors[2 * place], vectors[2 * place + 1], self._region))
        return [cut.similarities for cut in cuts]


class _Cuts:
    """The distinct windows that the boxes of one pair cut out, and how alike they are."""

    def __init__(self, pair: Pair, boxes: Boxes) -> None:
        windows = _windows(boxes, pair.after.shape[:2])
        distinct, self.member = np.unique(windows, axis=0, return_inverse=True)
        self.different = _differ(pair, distinct)
        self.boxes: Boxes = distinct[self.different].astype(np.float32)
        self._found = np.ones(len(distinct), np.float32)

    def take(self, similarities: Scores) -> None:
        self._found[self.different] = similarities

    @property
    def similarities(self) -> Scores:
        return self._found[self.member.reshape(-1)]


def _views(pairs: Sequence[Pair]) -> list[Image]:
    return [view for pair in pairs for view in (pair.before, pair.after)]


def _windows(boxes: Boxes, size: tuple[int, int]) -> Int64[np.ndarray, "n 4"]:
    """The whole pixels of boxes: corners cut down to integers, one pixel at least, all inside."""
    height, width = size
    first = np.minimum(boxes[:, :2].clip(min=0).astype(np.int64), [width - 1, height - 1])
    last = np.minimum(boxes[:, 2:].clip(min=0).astype(np.int64), [width, height])
    return np.concatenate([first, np.maximum(last, first + 1)], axis=1)


def _differ(pair: Pair, windows: Int64[np.ndarray, "n 4"]) -> Bool[np.ndarray, " n"]:
    """Whether any pixel of each window differs, from a table of sums over the whole frame."""
    changed = (pair.before != pair.after).any(axis=-1)
    sums = np.zeros((changed.shape[0] + 1, changed.shape[1] + 1), np.int64)
    changed.cumsum(axis=0, dtype=np.int64).cumsum(axis=1, out=sums[1:, 1:])
    x0, y0, x1, y1 = windows.T
    return np.asarray(sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0] > 0)


def _cosines(before: Embeddings, after: Embeddings, scale: Float64[np.ndarray, "k 2"]) -> Scores:
    cosines = np.einsum("nd,nd->n", before, after, dtype=np.float64).clip(-1, 1)
    if not np.isfinite(cosines).all():
        raise ValueError("Expected finite embeddings, got nan: half precision may be too coarse.")
    if len(scale):
        cosines = np.interp(cosines, scale[:, 0], scale[:, 1])
    return np.asarray(cosines, np.float32)


def _scale(anchors: Anchors, name: str) -> Float64[np.ndarray, "k 2"]:
    scale = np.array([list(map(float, anchor)) for anchor in anchors], np.float64).reshape(-1, 2)
    if len(scale):
        rising = bool((np.diff(scale, axis=0) > 0).all())
        if not rising or (scale[-1] != 1).any() or (np.abs(scale) > 1).any():
            raise ValueError(
                f"Expected {name} to be pairs (cosine, similarity) that rise to (1, 1) inside "
                f"[-1, 1], got {scale.tolist()}."
            )
    return scale
