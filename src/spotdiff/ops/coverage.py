"""Which pixels of a frame an image covers once it is laid there, and what that leaves of boxes.

Matrices map homogeneous pixel coordinates in which pixel column i covers [i, i + 1], as boxes do.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Bool

from spotdiff.ops.boxes import area
from spotdiff.types import Boxes, Image, Matrix, Scores

_HALF = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])


def of_centres(matrix: Matrix) -> Matrix:
    """The same map between coordinates in which pixel i lies at i, as OpenCV counts.

    Example:
        >>> of_centres(np.diag([2.0, 2.0, 1.0]))
        array([[2. , 0. , 0.5],
               [0. , 2. , 0.5],
               [0. , 0. , 1. ]])
    """
    return np.asarray(np.linalg.inv(_HALF) @ matrix @ _HALF)


def of_corners(matrix: Matrix) -> Matrix:
    """The inverse of `of_centres`."""
    return np.asarray(_HALF @ matrix @ np.linalg.inv(_HALF))


def warped(image: Image, matrix: Matrix, size: tuple[int, int]) -> Image:
    """The image laid into a frame of `size` (h, w); it repeats its edge where it shows nothing."""
    laid = cv2.warpPerspective(
        image,
        of_centres(matrix),
        size[::-1],
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(laid, np.uint8)


def coverage(
    matrix: Matrix,
    size: tuple[int, int],
    target: tuple[int, int],
    shown: Bool[np.ndarray, "h w"] | None = None,
) -> Bool[np.ndarray, "H W"]:
    """Which pixels of a frame of `target` (h, w) have their centre on an image of `size`.

    `shown` says which pixels of the image count; None takes all of them.

    Example:
        >>> right = np.array([[1, 0, 1.8], [0, 1, 0], [0, 0, 1.0]])
        >>> coverage(right, (1, 3), (1, 5))
        array([[False, False,  True,  True,  True]])
    """
    counts = np.ones(size, np.uint8) if shown is None else shown.astype(np.uint8)
    laid = cv2.warpPerspective(counts, of_centres(matrix), target[::-1], flags=cv2.INTER_NEAREST)
    return np.asarray(laid) > 0


def covered_parts(boxes: Boxes, mask: Bool[np.ndarray, "h w"]) -> tuple[Boxes, Scores]:
    """What lies on a mask of every box: the box around it, and its area in square pixels.

    Example:
        >>> mask = np.zeros((4, 6), bool)
        >>> mask[:, 2:] = True
        >>> covered_parts(np.float32([[1, 1, 4, 3], [0, 0, 2, 2]]), mask)
        (array([[2., 1., 4., 3.],
               [0., 0., 0., 0.]], dtype=float32), array([4., 0.], dtype=float32))
    """
    cut = np.zeros_like(boxes)
    shares = np.zeros(len(boxes), np.float32)
    for row, (x0, y0, x1, y1) in enumerate(boxes):
        left, top = int(max(0, np.floor(x0))), int(max(0, np.floor(y0)))
        part = mask[top : int(max(0, np.ceil(y1))), left : int(max(0, np.ceil(x1)))]
        rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
        if len(rows):
            first = np.maximum([x0, y0], [left + columns[0], top + rows[0]])
            last = np.minimum([x1, y1], [left + columns[-1] + 1, top + rows[-1] + 1])
            cut[row] = *first, *last
            tight = part[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            shares[row] = tight.mean()
    return cut, np.asarray(shares * area(cut), np.float32)
