"""How hot boxes are, from sums over the whole frame: the cost does not depend on their number."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Float32, Float64, Int64, Shaped

from spotdiff.ops.heatmap import any_kind
from spotdiff.types import Boxes


def shares_in_boxes(
    heat: Float32[np.ndarray, "k h w"], boxes: Boxes, levels: Sequence[float]
) -> Float32[np.ndarray, "n levels"]:
    """The share of every box whose heat of any kind reaches each level.

    Args:
        heat: Probability of each kind at each pixel.
        boxes: In pixels of the map; the whole pixels that they touch count, one at least.
        levels: In (0, 1].

    Example:
        >>> heat = np.zeros((3, 4, 4), np.float32)
        >>> heat[0, :2] = [[0.6], [0.9]]
        >>> shares_in_boxes(heat, np.float32([[0, 0, 4, 4], [1, 1, 2, 3]]), [0.5, 0.8])
        array([[0.5 , 0.25],
               [0.5 , 0.5 ]], dtype=float32)
    """
    if not len(boxes):
        return np.zeros((0, len(levels)), np.float32)
    hottest = any_kind(heat)
    rows = _whole_pixels(boxes, heat.shape[1:])
    # what went through float32 and bytes may lie a crumb below its level
    columns = [_means((hottest >= level - 1e-6).astype(np.uint8), rows) for level in levels]
    return np.stack(columns, axis=1).astype(np.float32)


def heat_in_boxes(heat: Float32[np.ndarray, "k h w"], boxes: Boxes) -> Float32[np.ndarray, "n k"]:
    """The mean heat of every kind in every box; arguments as in `shares_in_boxes`.

    Example:
        >>> heat_in_boxes(np.float32([[[0, 1], [0, 1]]]), np.float32([[0, 0, 2, 2], [1, 0, 2, 1]]))
        array([[0.5],
               [1. ]], dtype=float32)
    """
    if not len(boxes):
        return np.zeros((0, len(heat)), np.float32)
    rows = _whole_pixels(boxes, heat.shape[1:])
    return np.stack([_means(one, rows) for one in heat], axis=1).astype(np.float32)


def _means(
    image: Shaped[np.ndarray, "h w"], windows: Int64[np.ndarray, "n 4"]
) -> Float64[np.ndarray, " n"]:
    sums = cv2.integral(np.ascontiguousarray(image), sdepth=cv2.CV_64F)
    x0, y0, x1, y1 = windows.T
    total = sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0]
    return np.asarray(total / ((x1 - x0) * (y1 - y0)), np.float64)


def _whole_pixels(boxes: Boxes, size: tuple[int, ...]) -> Int64[np.ndarray, "n 4"]:
    """The pixels that boxes touch in an image of `size` (h, w): at least one each, all inside."""
    height, width = size
    limits = np.array([width, height])
    first = np.floor(boxes[:, :2]).clip(0, limits - 1).astype(np.int64)
    last = np.ceil(boxes[:, 2:]).clip(0, limits).astype(np.int64)
    return np.concatenate([first, np.maximum(last, first + 1)], axis=1)
