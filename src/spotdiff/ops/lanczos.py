"""Lanczos resampling in the whole numbers of Pillow: the same pixels, in less time.

Pillow resizes pictures of 8 bits in two passes, first along rows, then along columns; from release
13 on the other way round where that is less work, which is not done here. A pass takes sums of
pixels with weights that are multiples of 2^-22, and rounds them to 8 bits. In float64 such sums are
exact whatever their order, so here they are products of matrices.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from jaxtyping import Float64

from spotdiff.types import Image

LINES = 64

Size: TypeAlias = tuple[int, int]
Matrix: TypeAlias = Float64[np.ndarray, "_ _"]

_LOBES = 3  # Lanczos reaches three pixels of the result to each side
_UNIT = 2.0**22
_DOUBT = 1e-7  # of a unit; sines of two libraries differ by a hundredth of that

_TOGETHER = 8  # pixels of the result whose weights stand in one matrix
# Multiplications of one product. Beyond 262,144 OpenBLAS starts threads of its own, which wait for
# one another when pictures are hashed on all cores.
_PRODUCT = 200_000


def lanczos(strips: Iterable[Image], before: Size, after: Size) -> Image | None:
    """A picture made smaller, as `PIL.Image.Image.resize` does with `LANCZOS`, rows first.

    Args:
        strips: The picture, RGB, some rows at a time: `LINES` stay in the cache of a core.
        before: Its width and height.
        after: Width and height of the result, none larger.

    Returns:
        The small picture; None where a weight lies so near the middle of two multiples that
        Pillow may have rounded it the other way (one size in some thousands).

    Example:
        >>> ramp = np.repeat(np.arange(0, 240, 10, dtype=np.uint8), 3).reshape(1, 24, 3)
        >>> lanczos([np.repeat(ramp, 12, axis=0)], (24, 12), (4, 2))[..., 0]
        array([[ 25,  83, 147, 205],
               [ 25,  83, 147, 205]], dtype=uint8)
    """
    across, down = _bands(before[0], after[0]), _bands(before[1], after[1])
    if across is None or down is None:
        return None
    rows = [_along(np.stack(cv2.split(strip)), across) for strip in strips]
    columns = np.concatenate(rows, axis=1).swapaxes(1, 2)  # channels, across, down
    return np.ascontiguousarray(_along(columns, down).transpose(2, 1, 0))


class _Band(NamedTuple):
    """Weights of some neighbouring pixels of the result, and where the pixels they weigh begin."""

    begin: int
    weights: Matrix


def _along(pixels: np.ndarray, bands: tuple[_Band, ...]) -> np.ndarray:
    """The last axis of uint8, made smaller."""
    numbers = pixels.astype(np.float64)
    parts = [_product(numbers[..., one.begin :], one.weights) for one in bands]
    sums = np.concatenate(parts, axis=-1)
    sums += 0.5
    return np.asarray(np.clip(sums, 0, 255, out=sums).astype(np.uint8))


def _product(numbers: np.ndarray, weights: Matrix) -> np.ndarray:
    """Numbers times weights, in steps that no library hands to other threads."""
    count = len(weights)
    step = max(1, _PRODUCT // (numbers.shape[-2] * weights.shape[1]))
    total = numbers[..., : min(step, count)] @ weights[:step]
    for start in range(step, count, step):
        end = min(start + step, count)
        total += numbers[..., start:end] @ weights[start:end]
    return np.asarray(total)


@lru_cache(maxsize=128)
def _bands(before: int, after: int) -> tuple[_Band, ...] | None:
    """The weights of one axis; None where a weight is in doubt."""
    scale = before / after
    centres = (np.arange(after) + 0.5) * scale
    first = np.maximum((centres - _LOBES * scale + 0.5).astype(int), 0)
    end = np.minimum((centres + _LOBES * scale + 0.5).astype(int), before)
    places = first[:, None] + np.arange((end - first).max())
    weights = _window((places - centres[:, None] + 0.5) * (1 / scale))
    weights[places >= end[:, None]] = 0
    weights *= _UNIT / np.cumsum(weights, axis=1)[:, -1:]
    whole = np.rint(weights)
    if (np.abs(np.abs(weights - whole) - 0.5) < _DOUBT).any():
        return None
    cuts = range(0, after, _TOGETHER)
    return tuple(_band(first[i : i + _TOGETHER], whole[i : i + _TOGETHER]) for i in cuts)


def _band(first: np.ndarray, weights: np.ndarray) -> _Band:
    begin = int(first[0])
    length = int(first[-1]) - begin + weights.shape[1]
    matrix = np.zeros((length, len(first)))
    for column, (start, own) in enumerate(zip(first - begin, weights, strict=True)):
        matrix[start : start + len(own), column] = own / _UNIT
    used = np.flatnonzero(matrix.any(axis=1))
    return _Band(begin, np.ascontiguousarray(matrix[: used[-1] + 1]))


def _window(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.where(np.abs(x) < _LOBES, np.sinc(x) * np.sinc(x / _LOBES), 0.0))
