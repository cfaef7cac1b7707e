"""Which images go through a network together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from spotdiff.types import Image


def one_size_batches(images: Sequence[Image], batch_size: int) -> Iterator[list[int]]:
    """The rows of images of one size, some at a time, so that none is padded for its neighbours.

    Args:
        images: Of any sizes.
        batch_size: The most that go together.

    Example:
        >>> import numpy as np
        >>> wide, high = np.zeros((2, 3, 3), np.uint8), np.zeros((3, 2, 3), np.uint8)
        >>> list(one_size_batches([wide, high, wide, wide], batch_size=2))
        [[0, 2], [3], [1]]
    """
    sizes: dict[tuple[int, ...], list[int]] = {}
    for row, image in enumerate(images):
        sizes.setdefault(image.shape, []).append(row)
    for rows in sizes.values():
        for start in range(0, len(rows), batch_size):
            yield rows[start : start + batch_size]
