"""Laying one view onto the frame of the other."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypeAlias

import cv2
import numpy as np

from spotdiff.types import Image, Pair
from spotdiff.types import Matrix as Matrix

Framing: TypeAlias = Literal["resize", "fit"]


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


def within(image: Image, max_side: int) -> Image:
    """The image, scaled down where its longer side exceeds `max_side` pixels.

    Example:
        >>> within(np.zeros((300, 900, 3), np.uint8), 90).shape
        (30, 90, 3)
        >>> within(np.zeros((1, 900, 3), np.uint8), 90).shape
        (1, 90, 3)
    """
    factor = min(1.0, max_side / max(image.shape[:2]))
    return resize(
        image, (max(1, round(image.shape[0] * factor)), max(1, round(image.shape[1] * factor)))
    )


def fitting(size: tuple[int, int], target: tuple[int, int]) -> Matrix:
    """The matrix that scales an image of `size` (h, w) by one factor into one of `target`, centred.

    Example:
        >>> fitting((2, 4), (8, 8))  # twice as large, two rows free above and below
        array([[2., 0., 0.],
               [0., 2., 2.],
               [0., 0., 1.]])
    """
    factor = min(target[0] / size[0], target[1] / size[1])
    down, right = ((large - small * factor) / 2 for small, large in zip(size, target, strict=True))
    return np.array([[factor, 0, right], [0, factor, down], [0, 0, 1.0]])


def in_one_frame(pair: Pair, method: Framing = "resize") -> tuple[Pair, Matrix]:
    """The pair with its before view laid onto the frame of its after view, and the matrix for that.

    `resize` scales height and width each by its own factor. `fit` keeps the shape of things: one
    factor for both, centred; what before does not show repeats after, and `overlap` marks what both
    views show.
    """
    size, target = pair.before.shape[:2], pair.after.shape[:2]
    if size == target:
        return pair, np.eye(3)
    matrix = fitting(size, target)
    inside = _covered(matrix, size, target)
    (top, left), (bottom, right) = inside
    if method == "resize" or (bottom - top, right - left) == target:
        return replace(pair, before=resize(pair.before, target)), scaling(size, target)
    overlap, before = np.zeros(target, bool), pair.after.copy()
    overlap[top:bottom, left:right] = True
    small = resize(pair.before, (bottom - top, right - left))
    before[top:bottom, left:right] = small
    exact = np.array([[1, 0, left], [0, 1, top], [0, 0, 1.0]]) @ scaling(size, small.shape[:2])
    return replace(pair, before=before, overlap=overlap), exact


def _covered(
    matrix: Matrix, size: tuple[int, int], target: tuple[int, int]
) -> tuple[tuple[int, int], tuple[int, int]]:
    """The first (row, column) that an image covers after a `fitting`, and the one behind its last.

    It covers one pixel at least, however narrow it is.
    """
    lengths = [max(1, round(side * matrix[0, 0])) for side in size]
    starts = [(large - length) // 2 for large, length in zip(target, lengths, strict=True)]
    first = (starts[0], starts[1])
    return first, (first[0] + lengths[0], first[1] + lengths[1])
