"""Images too large for one look: tiles that overlap, and maps put together without seams."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32

MIN_WEIGHT = 1e-3  # of a tile's border beside its middle, so that every pixel has a say


class Tile(NamedTuple):
    """A rectangle of pixels; `bottom` and `right` are exclusive."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def window(self) -> tuple[slice, slice]:
        """The rows and columns of the tile, to index an image with."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


def tiles(height: int, width: int, size: int, overlap: int) -> list[Tile]:
    """Squares of `size` pixels that cover an image evenly, in reading order.

    The last of a row ends at the border; neighbours share at least `overlap` pixels. Where the
    image is smaller than `size`, so is the tile.

    Raises:
        ValueError: If the overlap is not smaller than the tile.

    Example:
        >>> tiles(4, 10, size=6, overlap=2)
        [Tile(top=0, left=0, bottom=4, right=6), Tile(top=0, left=4, bottom=4, right=10)]
    """
    if not 0 <= overlap < size:
        msg = f"Expected an overlap in [0, size), got {overlap} for tiles of {size} pixels."
        raise ValueError(msg)
    rows, columns = _spans(height, size, overlap), _spans(width, size, overlap)
    return [Tile(top, left, bottom, right) for top, bottom in rows for left, right in columns]


def blend(
    layout: Sequence[Tile], maps: Iterable[Float32[np.ndarray, "*c th tw"]], size: tuple[int, int]
) -> Float32[np.ndarray, "*c h w"]:
    """One map from those of the tiles: where tiles overlap, their average, weighted to the middle.

    Args:
        layout: Tiles that cover an image of `size` (h, w) together.
        maps: One a tile, of the tile's size, in the same order; read one by one.
        size: Height and width of the image.

    Raises:
        ValueError: If a pixel is covered by no tile, or a map has not the size of its tile.

    Example:
        >>> both = tiles(1, 3, size=2, overlap=1)
        >>> blend(both, [np.float32([[0, 2]]), np.float32([[4, 6]])], (1, 3))
        array([[0., 3., 6.]], dtype=float32)
    """
    weights = np.zeros(size, np.float32)
    total: np.ndarray | None = None
    for tile, piece in zip(layout, maps, strict=True):
        weight = np.outer(_bell(tile.bottom - tile.top), _bell(tile.right - tile.left))
        if piece.shape[-2:] != weight.shape:
            msg = f"Expected a map of {weight.shape} pixels for {tile}, got {piece.shape[-2:]}."
            raise ValueError(msg)
        if total is None:
            total = np.zeros((*piece.shape[:-2], *size), np.float32)
        total[(..., *tile.window)] += piece * weight
        weights[tile.window] += weight
    if total is None or not (weights > 0).all():
        msg = f"Expected tiles that cover all of {size} pixels, got {len(layout)} that do not."
        raise ValueError(msg)
    return np.asarray(total / weights)


def _spans(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """Evenly spaced intervals of `size` that cover `length`."""
    if length <= size:
        return [(0, length)]
    count = -(-(length - overlap) // (size - overlap))
    starts = np.linspace(0, length - size, count).round().astype(int).tolist()
    return [(start, start + size) for start in starts]


def _bell(length: int) -> Float32[np.ndarray, " length"]:
    """A raised cosine over `length` pixels, strictly positive, symmetric."""
    phase = (np.arange(length) + 0.5) / length
    return (MIN_WEIGHT + (1 - MIN_WEIGHT) * np.sin(np.pi * phase) ** 2).astype(np.float32)
