"""Where in a picture a thing is, in the words of a grid of three by three."""

from __future__ import annotations

from dataclasses import dataclass

from spotdiff.types import Box

LARGE = 0.6  # share of a side from which on a thing lies in no third of it

_WORDS = {
    (-1, -1): "upper left",
    (-1, 0): "top",
    (-1, 1): "upper right",
    (0, -1): "left",
    (0, 0): "centre",
    (0, 1): "right",
    (1, -1): "lower left",
    (1, 0): "bottom",
    (1, 1): "lower right",
}
_PREPOSITIONS = {"centre": "in", "left": "on", "right": "on"}


@dataclass(frozen=True, slots=True)
class Place:
    """A cell of the grid: `row` is -1 at the top, 1 at the bottom, `column` -1 at the left."""

    row: int
    column: int

    @property
    def words(self) -> str:
        """What follows the article: `lower left`."""
        return _WORDS[self.row, self.column]

    @property
    def at(self) -> str:
        """Where something is.

        Example:
            >>> Place(1, -1).at, Place(0, 0).at, Place(0, 1).at, Place(-1, 0).at
            ('at the lower left', 'in the centre', 'on the right', 'at the top')
        """
        return f"{_PREPOSITIONS.get(self.words, 'at')} the {self.words}"

    @property
    def rank(self) -> tuple[int, int]:
        """What sorts places from top to bottom; a picture and its mirror image sort alike."""
        return self.row, abs(self.column)


def place_of(box: Box, size: tuple[int, int]) -> Place | None:
    """The cell that holds the centre of a box; None where the box is large both ways.

    What is large one way only is said to be in the middle of that way, so that a strip along the
    lower border is at the bottom.

    Args:
        box: In pixels of the picture.
        size: Of the picture, (h, w).

    Example:
        >>> place_of((10, 80, 20, 95), (100, 100))
        Place(row=1, column=-1)
        >>> place_of((0, 90, 90, 100), (100, 100)).words
        'bottom'
        >>> place_of((5, 5, 90, 90), (100, 100)) is None
        True
    """
    x0, y0, x1, y1 = box
    height, width = size
    wide, high = x1 - x0 > LARGE * width, y1 - y0 > LARGE * height
    if wide and high:
        return None
    return Place(
        0 if high else _third(y0 + y1, height),
        0 if wide else _third(x0 + x1, width),
    )


def _third(ends: float, side: float) -> int:
    """The third that a middle lies in, from the sum of both ends; borders belong to the middle."""
    return (3 * ends > 4 * side) - (3 * ends < 2 * side)
