"""Which thing that went away is the thing that came: pairing regions that show the same."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Int64, UInt8
from scipy.optimize import linear_sum_assignment

from spotdiff.ops.frames import resize
from spotdiff.types import Boxes, Image

SIDE = 24  # crops are compared at this many pixels a side
BLUR = 1.0  # pixels at that size: forgives boxes that are a little off
MIN_SPREAD = 10.0  # grey levels added to a view's spread of colour: noise is no contrast
TEXTURE_FLOOR = 16.0  # grey levels: a crop that varies less is flat, and flat crops are alike
COLOUR_TOLERANCE = 60.0  # grey levels between mean colours at which likeness falls to 1 / e
SIZE_SLACK = 2.0  # pixels by which sides may always differ: boxes are no better than that


def match_moved(
    similarity: Float32[np.ndarray, "n m"], min_similarity: float
) -> Int64[np.ndarray, "k 2"]:
    """Pairs (row, column) of the assignment that exceeds `min_similarity` most in total, by row.

    Pairs below `min_similarity` are forbidden before anything is assigned, so a hopeless pair never
    takes a partner away from a good one.

    Example:
        >>> match_moved(np.float32([[0.9, 0.8], [0.8, 0.1]]), min_similarity=0.5)
        array([[0, 1],
               [1, 0]])
        >>> match_moved(np.float32([[0.9, 0.8], [0.4, 0.1]]), min_similarity=0.5)
        array([[0, 0]])
    """
    # The crumb keeps a pair at the limit from being worth as little as no pair.
    return assigned(
        similarity.astype(np.float64) - min_similarity + 1e-9, similarity >= min_similarity
    )


def assigned(
    gain: Float32[np.ndarray, "n m"], allowed: Bool[np.ndarray, "n m"]
) -> Int64[np.ndarray, "k 2"]:
    """Pairs (row, column) of the assignment whose gains sum to the most, by row.

    What is not allowed is forbidden before anything is assigned.

    Args:
        gain: Above zero wherever it is allowed.
        allowed: Which pairs may be.

    Example:
        >>> gain, never = np.float32([[0.9, 0.8], [0.8, 0.1]]), np.array([[False, True]] * 2)
        >>> assigned(gain, ~never)
        array([[0, 0]])
    """
    rows, columns = linear_sum_assignment(np.where(allowed, gain, 0.0), maximize=True)
    kept = allowed[rows, columns]
    return np.stack([rows[kept], columns[kept]], axis=1).astype(np.int64)


def crop_similarity(
    before: Image,
    boxes_before: Boxes,
    after: Image,
    boxes_after: Float32[np.ndarray, "m 4"],
    min_size_ratio: float = 0.7,
) -> Float32[np.ndarray, "n m"]:
    """How alike every crop of before and every crop of after look, in [-1, 1].

    Both views are first brought to one mean and spread of the colours outside all boxes: they show
    the same scene, perhaps in another light. Then it is the correlation of the crops' colours
    around their means, weighted to the middle, where the thing is (flat crops count as alike),
    damped by exp(-(d / COLOUR_TOLERANCE)²) for mean colours at a distance d. Crops whose widths or
    heights have a ratio below `min_size_ratio` get -1: they are not the same thing.

    Args:
        before: One view.
        boxes_before: At least partly inside it.
        after: The other view, in the same frame.
        boxes_after: At least partly inside it.
        min_size_ratio: Smaller by larger side that still fits.

    Example:
        >>> view = np.random.default_rng(0).integers(0, 255, (40, 40, 3)).astype(np.uint8)
        >>> here, there = np.float32([[2, 2, 12, 12]]), np.float32([[2, 2, 12, 12], [2, 2, 12, 32]])
        >>> crop_similarity(view, here, view, there).round(2)
        array([[ 1., -1.]], dtype=float32)
    """
    if not len(boxes_before) or not len(boxes_after):
        return np.zeros((len(boxes_before), len(boxes_after)), np.float32)
    unchanged = np.full(before.shape[:2], 255, np.uint8)
    for box in (*boxes_before, *boxes_after):
        unchanged[_window(box, before.shape[:2])] = 0
    light_before, light_after = _light(before, unchanged), _light(after, unchanged)
    common = np.sqrt(light_before.spread * light_after.spread)
    texture_before, colour_before = _describe(before, boxes_before, light_before, common)
    texture_after, colour_after = _describe(after, boxes_after, light_after, common)
    distance = np.linalg.norm(colour_before[:, None] - colour_after[None, :], axis=-1)
    likeness = texture_before @ texture_after.T * np.exp(-((distance / COLOUR_TOLERANCE) ** 2))
    fits = _sizes_fit(boxes_before, boxes_after, min_size_ratio)
    return np.where(fits, likeness.clip(-1, 1), -1).astype(np.float32)


class _Light(NamedTuple):
    """Mean and spread of the colours of a view, one value a channel."""

    mean: Float32[np.ndarray, " 3"]
    spread: Float32[np.ndarray, " 3"]


def _light(image: Image, unchanged: UInt8[np.ndarray, "h w"]) -> _Light:
    mean, spread = cv2.meanStdDev(image, mask=unchanged)
    return _Light(np.float32(mean).ravel(), np.float32(spread).ravel() + np.float32(MIN_SPREAD))


def _describe(
    image: Image, boxes: Boxes, light: _Light, spread: Float32[np.ndarray, " 3"]
) -> tuple[Float32[np.ndarray, "n d"], Float32[np.ndarray, "n 3"]]:
    """Unit vectors of what varies inside each crop, and the crops' mean colours."""
    crops = np.zeros((len(boxes), SIDE, SIDE, 3), np.float32)
    for crop, box in zip(crops, boxes, strict=True):
        crop[:] = cv2.GaussianBlur(
            resize(image[_window(box, image.shape[:2])], (SIDE, SIDE)), (0, 0), BLUR
        )
    crops = (crops - light.mean) * (spread / light.spread)
    weights = _bump()
    colours = (crops * weights).sum(axis=(1, 2))
    texture = (crops - colours[:, None, None]) * np.sqrt(weights)
    texture = texture.reshape(len(boxes), -1)
    floor = np.full((len(boxes), 1), TEXTURE_FLOOR, np.float32)
    texture = np.concatenate([texture, floor], axis=1)
    return texture / np.linalg.norm(texture, axis=1, keepdims=True), colours


def _bump() -> Float32[np.ndarray, "side side 1"]:
    """Weights of the pixels of a crop, which sum to one: exp(-2 r²), r = 1 at the border."""
    position = (np.arange(SIDE) + 0.5) / SIDE * 2 - 1
    weights = np.exp(-2 * (position[:, None] ** 2 + position**2))
    return np.asarray(weights / weights.sum(), np.float32)[..., None]


def _window(box: Float32[np.ndarray, " 4"], size: tuple[int, int]) -> tuple[slice, slice]:
    """The rows and columns that a box touches in an image of `size` (h, w), at least one each."""
    x0, y0, x1, y1 = box.tolist()
    top, left = (min(max(math.floor(v), 0), n - 1) for v, n in zip((y0, x0), size, strict=True))
    return slice(top, max(math.ceil(y1), top + 1)), slice(left, max(math.ceil(x1), left + 1))


def _sizes_fit(
    boxes: Boxes, others: Float32[np.ndarray, "m 4"], min_ratio: float
) -> Bool[np.ndarray, "n m"]:
    sides, other_sides = ((b[:, 2:] - b[:, :2])[:, None] for b in (boxes, others))
    other_sides = other_sides.swapaxes(0, 1)
    small, large = np.minimum(sides, other_sides), np.maximum(sides, other_sides)
    return np.asarray(((small >= min_ratio * large) | (large - small <= SIZE_SLACK)).all(axis=-1))


def mutual_matches(
    first: Float32[np.ndarray, "n d"], second: Float32[np.ndarray, "m d"], max_ratio: float
) -> Int64[np.ndarray, "k 2"]:
    """Pairs of rows that are each other's nearest, and clearly nearer than the second nearest.

    Lowe 2004, section 7.1: https://doi.org/10.1023/B:VISI.0000029664.99615.94

    Args:
        first: Unit vectors.
        second: Unit vectors, two at least.
        max_ratio: Of the distance of the nearest to that of the second nearest, either way.

    Example:
        >>> mutual_matches(np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32)[[1, 0]], 0.8)
        array([[0, 1],
               [1, 0]])
    """
    nearness = first @ second.T
    there = _clear_nearest(nearness, max_ratio)
    back = _clear_nearest(nearness.T, max_ratio)
    rows = np.flatnonzero(there >= 0)
    rows = rows[back[there[rows]] == rows]
    return np.stack([rows, there[rows]], axis=1)


def _clear_nearest(
    nearness: Float32[np.ndarray, "n m"], max_ratio: float
) -> Int64[np.ndarray, " n"]:
    """The nearest column of every row, -1 where it is not clear which one that is."""
    rows, best = np.arange(len(nearness)), nearness.argmax(axis=1)
    others = nearness.copy()
    others[rows, best] = -np.inf
    top = np.stack([nearness[rows, best], others.max(axis=1)], axis=1)
    # Of distances between unit vectors; what rounding leaves of none must not tell twins apart.
    squares = (2 - 2 * top).clip(1e-6)
    return np.where(squares[:, 0] <= max_ratio**2 * squares[:, 1], best, -1)
