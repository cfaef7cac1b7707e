"""From what a network says of its queries to the objects of an image, best first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int64
from torch import Tensor
from torchvision.ops import box_convert

from spotdiff.ops.boxes import area, clip
from spotdiff.types import Boxes, Detections, Scores


def absolute(boxes: Float[Tensor, "n 4"], frame: tuple[int, int]) -> Boxes:
    """Corners in pixels of boxes given by centre and size as shares of a frame (h, w).

    Example:
        >>> import torch
        >>> absolute(torch.tensor([[0.5, 0.25, 0.5, 0.5]]), (40, 80))
        array([[20.,  0., 60., 20.]], dtype=float32)
    """
    corners = box_convert(boxes.float(), "cxcywh", "xyxy").cpu().numpy()
    height, width = frame
    return np.asarray(corners * np.array([width, height, width, height], np.float32), np.float32)


def ranked(
    boxes: Boxes,
    scores: Scores,
    rows: Int64[np.ndarray, " n"],
    names: Sequence[str],
    size: tuple[int, int],
    *,
    min_score: float,
    max_objects: int,
) -> Detections:
    """The objects of one image, clipped to it, best first, none of them without area.

    Args:
        boxes: Corners in pixels of the image, which may leave it.
        scores: In [0, 1].
        rows: Which of `names` each shows.
        names: The labels.
        size: Height and width of the image.
        min_score: Of an object.
        max_objects: Of the image.

    Raises:
        ValueError: If a score or a corner is no number, as half precision may make it.

    Example:
        >>> boxes = np.float32([[0, 0, 4, 4], [-2, 1, 3, 9], [9, 0, 12, 4]])
        >>> found = ranked(boxes, np.float32([0.5, 0.75, 1]), np.array([0, 1, 1]), ["car", "dog"],
        ...                (6, 8), min_score=0.5, max_objects=9)
        >>> found.boxes.tolist(), found.labels
        ([[0.0, 1.0, 3.0, 6.0], [0.0, 0.0, 4.0, 4.0]], ('dog', 'car'))
    """
    if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
        raise ValueError(
            "Expected finite boxes and scores of objects, got nan or inf: half precision may be "
            "too coarse. Give half=false."
        )
    inside = clip(boxes, size)
    order = np.argsort(-scores, kind="stable")
    order = order[(scores[order] >= min_score) & (area(inside[order]) > 0)][:max_objects]
    return Detections(inside[order], scores[order], tuple(names[row] for row in rows[order]))
