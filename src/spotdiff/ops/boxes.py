"""Arithmetic of boxes: (x0, y0, x1, y1) float32 in pixels, x1 and y1 exclusive.

Pixel column i covers [i, i + 1], so the one pixel of column 3 and row 5 is the box (3, 5, 4, 6).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float32, Float64, Shaped

from spotdiff.types import Box, Boxes, Scores


def area(boxes: Boxes) -> Scores:
    """The area of every box in square pixels; zero where a box is turned inside out.

    Example:
        >>> area(np.float32([[0, 0, 2, 3], [5, 5, 4, 9]]))
        array([6., 0.], dtype=float32)
    """
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).clip(min=0).prod(axis=1), np.float32)


def iou(boxes: Boxes, others: Float32[np.ndarray, "m 4"]) -> Float32[np.ndarray, "n m"]:
    """Intersection over union of every box with every other; 0 where both are empty.

    Example:
        >>> iou(np.float32([[0, 0, 2, 2]]), np.float32([[1, 0, 3, 2], [4, 4, 5, 5]])).round(2)
        array([[0.33, 0.  ]], dtype=float32)
    """
    shared = _shared(boxes, others)
    union = area(boxes)[:, None] + area(others)[None, :] - shared
    return np.asarray(shared / np.where(union > 0, union, 1), np.float32)


def covered(boxes: Boxes, others: Float32[np.ndarray, "m 4"]) -> Float32[np.ndarray, "n m"]:
    """What every box shares with every other, as a part of the smaller one; 0 where that is empty.

    Example:
        >>> covered(np.float32([[0, 0, 4, 4]]), np.float32([[1, 1, 2, 2], [3, 0, 5, 9]]))
        array([[1.  , 0.25]], dtype=float32)
    """
    smaller = np.minimum(area(boxes)[:, None], area(others)[None, :])
    return np.asarray(_shared(boxes, others) / np.where(smaller > 0, smaller, 1), np.float32)


def pixel_iou(boxes: Boxes, others: Float32[np.ndarray, "m 4"]) -> Float32[np.ndarray, "n m"]:
    """Intersection over union of boxes whose last pixel is counted in, as VOC and Fast R-CNN did.

    A box is (x1 - x0 + 1) wide and (y1 - y0 + 1) high, and so is what two boxes share. Published
    thresholds of region suppression are for this one.

    Example:
        >>> pixel_iou(np.float32([[0, 0, 9, 9]]), np.float32([[0, 0, 9, 4], [10, 0, 19, 9]]))
        array([[0.5, 0. ]], dtype=float32)
    """
    one = np.array([0, 0, 1, 1], np.float32)
    return iou(boxes + one, others + one)


def centres_inside(boxes: Boxes, others: Float32[np.ndarray, "m 4"]) -> Bool[np.ndarray, "n m"]:
    """Whether the centre of every box lies in every other box, border included.

    Example:
        >>> centres_inside(np.float32([[0, 0, 4, 4]]), np.float32([[2, 2, 9, 9], [3, 0, 9, 9]]))
        array([[ True, False]])
    """
    centre = (boxes[:, None, :2] + boxes[:, None, 2:]) / 2
    inside = (others[None, :, :2] <= centre) & (centre <= others[None, :, 2:])
    return np.asarray(inside.all(axis=-1))


def mirror(boxes: Boxes, width: float) -> Boxes:
    """The boxes after the image, `width` pixels wide, is flipped left to right.

    Example:
        >>> mirror(np.float32([[1, 2, 4, 5]]), 10)
        array([[6., 2., 9., 5.]], dtype=float32)
    """
    x0, y0, x1, y1 = boxes.T
    return np.stack([width - x1, y0, width - x0, y1], axis=1).astype(np.float32)


def clip(boxes: Boxes, size: tuple[int, int]) -> Boxes:
    """The parts of the boxes inside an image of `size` (h, w); outside boxes become empty.

    Example:
        >>> clip(np.float32([[-2, 3, 4, 99]]), (10, 8))
        array([[ 0.,  3.,  4., 10.]], dtype=float32)
    """
    height, width = size
    return boxes.clip(0, np.array([width, height, width, height], np.float32))


def expand(boxes: Boxes, margin: float) -> Boxes:
    """The boxes with `margin` pixels more on every side; negative margins shrink to the centre.

    Example:
        >>> expand(np.float32([[4, 4, 6, 6]]), 1)
        array([[3., 3., 7., 7.]], dtype=float32)
        >>> expand(np.float32([[4, 4, 6, 6]]), -2)
        array([[5., 5., 5., 5.]], dtype=float32)
    """
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = ((boxes[:, 2:] - boxes[:, :2]) / 2 + margin).clip(min=0)
    return np.concatenate([centre - half, centre + half], axis=1).astype(np.float32)


def transform(boxes: Boxes, matrix: Float64[np.ndarray, "3 3"]) -> Boxes:
    """The upright hulls of the boxes after a projective map of homogeneous pixel coordinates.

    Raises:
        ValueError: If the matrix sends a corner to infinity or beyond.

    Example:
        >>> turn = np.array([[0.0, -1.0, 10.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
        >>> transform(np.float32([[1, 2, 4, 3]]), turn)
        array([[7., 1., 8., 4.]], dtype=float32)
    """
    corners = boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]].astype(np.float64)
    mapped = corners @ matrix[:, :2].T + matrix[:, 2]
    if not (mapped[..., 2] > 0).all():
        msg = f"Expected a matrix that keeps every box in the finite plane, got {matrix.tolist()}."
        raise ValueError(msg)
    points = mapped[..., :2] / mapped[..., 2:]
    return np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1).astype(np.float32)


def mask_box(mask: Shaped[np.ndarray, "h w"]) -> Box | None:
    """The tight box around the nonzero pixels of a mask, None if there are none.

    Example:
        >>> mask_box(np.eye(4, 6, k=2) > 0)
        (2.0, 0.0, 6.0, 4.0)
    """
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return None
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def _shared(boxes: Boxes, others: Float32[np.ndarray, "m 4"]) -> Float32[np.ndarray, "n m"]:
    """What every box shares with every other, in square pixels."""
    first = np.maximum(boxes[:, None, :2], others[None, :, :2])
    last = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return np.asarray((last - first).clip(min=0).prod(axis=-1), np.float32)
