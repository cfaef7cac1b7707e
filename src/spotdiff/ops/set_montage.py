"""Pictures of two sets on one sheet: rows of the first set above rows of the second one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spotdiff.ops.frames import resize
from spotdiff.types import Image

GREY, WHITE = 128, 255
_LEAST_CELL = 16  # pixels a side; less shows nothing


@dataclass(frozen=True, slots=True)
class Sheet:
    """How a sheet is divided.

    Attributes:
        columns: Cells in a row.
        rows: Rows of the first set and of the second one.
        cell: Side of a cell in pixels.
        gap: Pixels between cells, and between them and the border.
        between: Pixels between the two sets.
    """

    columns: int
    rows: tuple[int, int]
    cell: int
    gap: int
    between: int

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        count = sum(self.rows)
        height = count * self.cell + count * self.gap + self.between
        return height, self.columns * (self.cell + self.gap) + self.gap


def sheet(counts: tuple[int, int], max_side: int = 1024, largest: int = 256, gap: int = 6) -> Sheet:
    """The division with the largest cells that keeps within a size.

    Args:
        counts: Pictures of both sets.
        max_side: Pixels of the longer side of the sheet at most.
        largest: Pixels of the side of a cell at most.
        gap: Pixels between cells.

    Raises:
        ValueError: A set has no picture, or there are too many for cells that show anything.

    Example:
        >>> told = sheet((10, 10), max_side=1024)
        >>> told.columns, told.rows, told.cell, max(told.size) <= 1024
        (5, (2, 2), 197, True)
    """
    if min(counts) < 1:
        raise ValueError(f"Expected pictures of both sets for a montage, got {counts}.")
    between = 3 * gap
    best = Sheet(1, counts, 0, gap, between)
    for columns in range(1, max(counts) + 1):
        rows = math.ceil(counts[0] / columns), math.ceil(counts[1] / columns)
        wide = (max_side - gap) // columns - gap
        high = (max_side - between - sum(rows) * gap) // sum(rows)
        cell = min(wide, high, largest)
        if cell > best.cell:
            best = Sheet(columns, rows, cell, gap, between)
    if best.cell < min(_LEAST_CELL, largest):
        raise ValueError(
            f"Expected a sheet of {max_side} pixels to hold {counts[0]} and {counts[1]} pictures "
            f"in cells of {_LEAST_CELL} pixels or more: show fewer pictures, or allow more pixels."
        )
    return best


def set_montage(
    first: Sequence[Image], second: Sequence[Image], max_side: int = 1024, largest: int = 256
) -> Image:
    """A sheet with all pictures, each as large as its cell allows and not distorted.

    Cells are grey where a picture does not reach; the sheet is white, with a black line between
    the sets.

    Args:
        first: Pictures of the first set, in the rows above.
        second: Pictures of the second set, in the rows below.
        max_side: Pixels of the longer side of the sheet at most.
        largest: Pixels of the side of a cell at most.

    Raises:
        ValueError: As `sheet` does.

    Example:
        >>> wide, high = np.zeros((20, 40, 3), np.uint8), np.full((40, 20, 3), 9, np.uint8)
        >>> set_montage([wide], [high], max_side=200, largest=40).shape
        (110, 52, 3)
    """
    plan = sheet((len(first), len(second)), max_side, largest)
    drawn = np.full((*plan.size, 3), WHITE, np.uint8)
    step = plan.cell + plan.gap
    second_top = plan.rows[0] * step + plan.between
    for images, top in ((first, plan.gap), (second, second_top)):
        for number, image in enumerate(images):
            row, column = divmod(number, plan.columns)
            y, x = top + row * step, plan.gap + column * step
            drawn[y : y + plan.cell, x : x + plan.cell] = letterboxed(image, plan.cell)
    line = plan.rows[0] * step + plan.between // 2
    drawn[line - 1 : line + 1] = 0
    return drawn


def letterboxed(image: Image, side: int) -> Image:
    """The picture in the middle of a grey square, as large as it allows.

    Example:
        >>> letterboxed(np.zeros((2, 4, 3), np.uint8), 4)[..., 0]
        array([[128, 128, 128, 128],
               [  0,   0,   0,   0],
               [  0,   0,   0,   0],
               [128, 128, 128, 128]], dtype=uint8)
    """
    height, width = image.shape[:2]
    scale = side / max(height, width)
    size = max(1, round(height * scale)), max(1, round(width * scale))
    top, left = (side - size[0]) // 2, (side - size[1]) // 2
    cell = np.full((side, side, 3), GREY, np.uint8)
    cell[top : top + size[0], left : left + size[1]] = resize(image, size)
    return cell
