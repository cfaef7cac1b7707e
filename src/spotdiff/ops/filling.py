"""Holes of photographs painted over without a network."""

from __future__ import annotations

import cv2
import numpy as np

from spotdiff.types import Image, Mask

RIM_SIDE = 40  # pixels of a window in which colours flow in from the rim of its hole
DETAIL_SIGMA = 2.0  # what is finer than this is detail


def filled_in(window: Image, hole: Mask, down: int, across: int) -> Image:
    """The window with its hole painted over: smooth colours from its rim, detail from beside it.

    Args:
        window: A part of a photograph that shows some ground around the hole.
        hole: Nonzero where it is.
        down: How far the detail is carried, in pixels; at the border it comes in from the other.
        across: Likewise.

    Returns:
        The whole window anew, smoothed outside of the hole too: take the pixels of the hole.

    Example:
        >>> grey, hole = np.full((15, 15, 3), 90, np.uint8), np.zeros((15, 15), np.uint8)
        >>> grey[7, 7], hole[7, 7] = 255, 1
        >>> filled_in(grey, hole, 7, 7)[7, 7]
        array([90, 90, 90], dtype=uint8)
    """
    height, width = window.shape[:2]
    scale = min(1.0, RIM_SIDE / max(height, width))
    size = max(2, round(width * scale)), max(2, round(height * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small_hole = (cv2.resize(hole, size, interpolation=how) > 0).astype(np.uint8)
    small = cv2.resize(window, size, interpolation=how)
    small = cv2.inpaint(small, small_hole, 3, cv2.INPAINT_TELEA)
    filled = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    detail = window.astype(np.int16) - cv2.GaussianBlur(window, (0, 0), DETAIL_SIGMA)
    detail[hole > 0] = 0
    return cv2.add(filled, np.roll(detail, (down, across), (0, 1)), dtype=cv2.CV_8U)


def grown(mask: Mask, pixels: int) -> Mask:
    """The mask, 0 or 1, with what lies within so many pixels of it in both axes.

    Example:
        >>> grown(np.uint8([[0, 0, 0, 255, 0]]), 1)
        array([[0, 0, 1, 1, 1]], dtype=uint8)
    """
    side = 2 * pixels + 1
    return cv2.dilate((mask > 0).astype(np.uint8), np.ones((side, side), np.uint8)).astype(np.uint8)


def pasted(image: Image, painted: Image, hole: Mask, rim: int) -> Image:
    """The image with what was painted in its hole; outside of the hole no pixel changes.

    Args:
        image: A photograph.
        painted: Of its size.
        hole: Nonzero where the painting shows.
        rim: Pixels inside the hole in which the painting fades in, so that no edge is seen.

    Example:
        >>> ground, grey = np.zeros((1, 6, 3), np.uint8), np.full((1, 6, 3), 90, np.uint8)
        >>> pasted(ground, grey, np.uint8([[0, 1, 1, 1, 1, 1]]), 2)[0, :, 0]
        array([ 0, 30, 60, 90, 90, 90], dtype=uint8)
    """
    inside = np.asarray(hole > 0, np.uint8)
    depth = cv2.distanceTransform(inside, cv2.DIST_C, 3)
    share = np.minimum(depth / (rim + 1), 1)[..., None]
    mixed = image + (painted.astype(np.float32) - image) * share
    return np.where(inside[..., None] > 0, mixed.round(), image).astype(np.uint8)
