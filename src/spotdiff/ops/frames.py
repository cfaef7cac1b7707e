"""Laying one view onto the frame of the other."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float64

from spotdiff.types import Image, Pair

Matrix = Float64[np.ndarray, "3 3"]


def scaling(size: tuple[int, int], target: tuple[int, int]) -> Matrix:
    """The matrix that maps pixel coordinates of an image of `size` (h, w) to one of `target`.

    Example:
        >>> scaling((2, 4), (4, 4)).diagonal()
        array([1., 2., 1.])
    """
    return np.diag([target[1] / size[1], target[0] / size[0], 1.0])


def resize(image: Image, size: tuple[int, int]) -> Image:
    """The image at `size` (h, w): area average where it shrinks, bilinear where it grows.

    Example:
        >>> resize(np.full((2, 2, 3), 7, np.uint8), (4, 6)).shape
        (4, 6, 3)
    """
    height, width = size
    if image.shape[:2] == (height, width):
        return image
    shrinks = height * width < image.shape[0] * image.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=how), np.uint8)


def in_one_frame(pair: Pair) -> Pair:
    """The pair with its before view resized to the size of its after view, if they differ."""
    return Pair(pair.pair_id, resize(pair.before, pair.after.shape[:2]), pair.after, pair.truth)
