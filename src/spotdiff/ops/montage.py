"""Pictures for those who are asked about them: red frames, two views beside each other."""

from __future__ import annotations

import numpy as np

from spotdiff.ops.boxes import clip, expand
from spotdiff.types import Box, Image

RED = (255, 0, 0)
GROW, LINE, BAR = 5, 3, 20  # pixels


def framed(image: Image, box: Box, grow: float = GROW, line: int = LINE) -> Image:
    """A copy of the image with a red frame around a box.

    The box grows on all sides and is cut off at the border; the line runs inside of what is left,
    so that none of it is lost there and the thing in the box stays free of it. Where the frame is
    so small that the line would fill it, it is thinner.

    Args:
        image: Of any size.
        box: In pixels of the image.
        grow: Pixels by which the box grows on each side.
        line: Thickness of the line in pixels.

    Example:
        >>> framed(np.zeros((7, 8, 3), np.uint8), (3, 2, 7, 5), grow=1, line=1)[..., 0]
        array([[  0,   0,   0,   0,   0,   0,   0,   0],
               [  0,   0, 255, 255, 255, 255, 255, 255],
               [  0,   0, 255,   0,   0,   0,   0, 255],
               [  0,   0, 255,   0,   0,   0,   0, 255],
               [  0,   0, 255,   0,   0,   0,   0, 255],
               [  0,   0, 255, 255, 255, 255, 255, 255],
               [  0,   0,   0,   0,   0,   0,   0,   0]], dtype=uint8)
    """
    x0, y0, x1, y1 = _pixels(grown(box, grow, image.shape[:2]), image.shape[:2])
    inside = max(1, min(line, (min(x1 - x0, y1 - y0) - 1) // 3))
    drawn = image.copy()
    drawn[y0:y1, x0:x1] = RED
    kept = slice(y0 + inside, y1 - inside), slice(x0 + inside, x1 - inside)
    drawn[kept] = image[kept]
    return drawn


def grown(box: Box, grow: float, size: tuple[int, int]) -> Box:
    """A box grown by pixels on all sides and cut off at the border of an image of `size` (h, w).

    Example:
        >>> grown((3, 20, 10, 30), 5, (32, 64))
        (0.0, 15.0, 15.0, 32.0)
    """
    wider = clip(expand(np.array([box], np.float32), grow), size)
    left, top, right, bottom = wider[0].tolist()
    return left, top, right, bottom


def side_by_side(before: Image, after: Image, bar: int = BAR) -> Image:
    """Two views beside each other with a black bar between; black fills what is less high.

    Example:
        >>> views = np.full((2, 3, 3), 7, np.uint8), np.full((1, 2, 3), 9, np.uint8)
        >>> side_by_side(*views, bar=2)[..., 0]
        array([[7, 7, 7, 0, 0, 9, 9],
               [7, 7, 7, 0, 0, 0, 0]], dtype=uint8)
    """
    height = max(len(before), len(after))
    middle = np.zeros((height, bar, 3), np.uint8)
    return np.hstack([_filled(before, height), middle, _filled(after, height)])


def framed_pair(before: Image, after: Image, boxes: tuple[Box, Box]) -> Image:
    """Both views beside each other, each with a red frame around its box.

    Example:
        >>> views = np.zeros((40, 50, 3), np.uint8), np.zeros((40, 60, 3), np.uint8)
        >>> framed_pair(*views, ((10, 10, 20, 20), (10, 10, 20, 20))).shape
        (40, 130, 3)
    """
    return side_by_side(framed(before, boxes[0]), framed(after, boxes[1]))


def _filled(image: Image, height: int) -> Image:
    return np.pad(image, ((0, height - len(image)), (0, 0), (0, 0)))


def _pixels(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The whole pixels that a box touches, at least one, within an image of `size` (h, w)."""
    height, width = size
    x0, y0 = min(int(box[0]), width - 1), min(int(box[1]), height - 1)
    x1, y1 = max(int(np.ceil(box[2])), x0 + 1), max(int(np.ceil(box[3])), y0 + 1)
    return x0, y0, min(x1, width), min(y1, height)
