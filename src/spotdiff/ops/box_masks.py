"""Masks drawn from boxes, for pairs of which nobody knows the pixels."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from jaxtyping import Bool

from spotdiff.ops.boxes import iou
from spotdiff.types import IGNORE, UNKNOWN_KIND, Box, ChangeKind, Mask, TrueChange

MAX_SHIFT_OVERLAP = 0.3  # boxes of one change that overlap less show that it went elsewhere


def mask_of_boxes(
    changes: Iterable[TrueChange],
    size: tuple[int, int],
    outside_known: bool,
    margin: float = 4.0,
    core: float = 0.8,
) -> Mask:
    """What boxes tell of pixels: a core that changed, a rim of which nobody knows, the outside.

    Things fill the middle of their boxes and rarely the corners, so the core is the ellipse that
    fills `core` of a box's width and height.

    Args:
        changes: With boxes of both views in one frame.
        size: Height and width of the frame.
        outside_known: Whether nothing changed outside the boxes; else nobody knows.
        margin: Pixels around each box that belong to its rim.
        core: Share of a box's sides.

    Example:
        >>> box = TrueChange(ChangeKind.ADDED, None, None, (2.0, 0.0, 7.0, 5.0))
        >>> mask_of_boxes([box], (5, 9), outside_known=True, margin=1)
        array([[  0, 128, 128, 128,   1, 128, 128, 128,   0],
               [  0, 128, 128,   1,   1,   1, 128, 128,   0],
               [  0, 128,   1,   1,   1,   1,   1, 128,   0],
               [  0, 128, 128,   1,   1,   1, 128, 128,   0],
               [  0, 128, 128, 128,   1, 128, 128, 128,   0]], dtype=uint8)
    """
    mask = np.full(size, 0 if outside_known else IGNORE, np.uint8)
    placed = [(bit, box) for change in changes for bit, box in _placed(change)]
    for _, box in placed:
        x0, y0, x1, y1 = (round(v) for v in _grown(box, margin))
        mask[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)] = IGNORE
    for bit, box in placed:
        inside = _ellipse(box, size, core)
        mask[inside] = np.where(mask[inside] == IGNORE, bit, mask[inside] | bit)
    return mask


def went_elsewhere(before: Box, after: Box) -> bool:
    """Whether the two boxes of one changed thing show that it moved.

    Example:
        >>> went_elsewhere((0, 0, 4, 4), (8, 0, 12, 4)), went_elsewhere((0, 0, 4, 4), (0, 0, 4, 5))
        (True, False)
    """
    overlap = iou(np.array([before], np.float32), np.array([after], np.float32))[0, 0]
    return bool(overlap < MAX_SHIFT_OVERLAP)


def _placed(change: TrueChange) -> list[tuple[int, Box]]:
    """Where pixels of which kind are: what moved went from one box and came to the other."""
    before, after = change.box_before, change.box_after
    if before and after and change.kind is ChangeKind.CHANGED and went_elsewhere(before, after):
        return [(ChangeKind.REMOVED.bit, before), (ChangeKind.ADDED.bit, after)]
    bit = UNKNOWN_KIND if change.kind is None else change.kind.bit
    return [(bit, box) for box in dict.fromkeys((before, after)) if box is not None]


def _grown(box: Box, margin: float) -> Box:
    x0, y0, x1, y1 = box
    return x0 - margin, y0 - margin, x1 + margin, y1 + margin


def _ellipse(box: Box, size: tuple[int, int], core: float) -> Bool[np.ndarray, "h w"]:
    x0, y0, x1, y1 = box
    drawn = np.zeros(size, np.uint8)
    centre = (round((x0 + x1 - 1) / 2), round((y0 + y1 - 1) / 2))
    axes = (int((x1 - x0) * core / 2), int((y1 - y0) * core / 2))
    cv2.ellipse(drawn, centre, axes, 0, 0, 360, 1, thickness=-1)
    return drawn > 0
