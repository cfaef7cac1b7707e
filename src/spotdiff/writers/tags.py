"""Where tags go: near their box, inside the picture, never on one another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool

from spotdiff.types import Box, Boxes

Size: TypeAlias = tuple[int, int]


def place_tags(
    boxes: Sequence[Box], sizes: Sequence[Size], frame: Size
) -> list[tuple[int, int] | None]:
    """The upper left corner of every tag, or None where none of its places is free.

    Earlier boxes choose first. A place that covers no other box is better than one that does; a
    place is above its box if it can be, else below, beside or inside.

    Args:
        boxes: What the tags belong to, in pixels of the frame.
        sizes: Width and height of each tag.
        frame: Width and height of the picture.

    Example:
        >>> place_tags([(10, 30, 50, 60), (10, 2, 50, 20)], [(30, 12), (30, 12)], (100, 80))
        [(10, 60), (50, 2)]
    """
    obstacles = np.asarray(boxes, np.float32).reshape(-1, 4)
    taken = np.empty((0, 4), np.float32)
    corners: list[tuple[int, int] | None] = []
    for index, size in enumerate(sizes):
        others = np.delete(obstacles, index, axis=0)
        places = np.array(list(_places(boxes[index], size, frame)), np.float32).reshape(-1, 4)
        free = places[~_overlaps(places, taken)]
        best = free[np.argsort(_overlaps(free, others), kind="stable")][:1]
        taken = np.concatenate([taken, best])
        corners.append((int(best[0, 0]), int(best[0, 1])) if len(best) else None)
    return corners


def _places(box: Box, size: Size, frame: Size) -> Iterator[Box]:
    """The places inside the frame that touch the box, best first."""
    x0, y0, x1, y1 = (round(edge) for edge in box)
    width, height = size
    corners = [
        (x0, y0 - height),
        (x1 - width, y0 - height),
        (x0, y1),
        (x1 - width, y1),
        (x1, y0),
        (x0 - width, y0),
        (x0, y0),
    ]
    for x, y in corners:
        if 0 <= x <= frame[0] - width and 0 <= y <= frame[1] - height:
            yield x, y, x + width, y + height


def _overlaps(boxes: Boxes, others: Boxes) -> Bool[np.ndarray, " n"]:
    """Which boxes share a pixel with any of the others."""
    corner0 = np.maximum(boxes[:, None, :2], others[None, :, :2])
    corner1 = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return np.asarray((corner1 > corner0).all(axis=-1).any(axis=-1), bool)
