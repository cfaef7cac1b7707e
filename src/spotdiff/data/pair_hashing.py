"""Pairs -> the hashes of their views, column by column; what cannot be read is a problem."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from spotdiff.data.image_hashing import ImageHasher
from spotdiff.types import ImageHash, PairRow, RowProblem, ViewHashes

_COLOUR_STEP = 16  # grey levels of a channel that count as one colour
_COLUMNS = np.dtype([("bits", "<u8"), ("mirrored", "<u8"), ("look", "<i8")])


def hash_pairs(
    rows: Sequence[PairRow | RowProblem], hasher: ImageHasher, colour: bool = False
) -> tuple[ViewHashes, ViewHashes, dict[int, str]]:
    """The hashes of both views of every pair; all pictures go through the hasher as one sequence.

    Args:
        rows: The pairs.
        hasher: Of pictures.
        colour: Views whose mean colours differ clearly have different looks.

    Returns:
        Before, after, and by row why nothing is known of a pair, whose hashes are 0 then.
    """
    problems = {
        i: f"{row.where}: {row.reason}" for i, row in enumerate(rows) if isinstance(row, RowProblem)
    }
    good = [i for i, row in enumerate(rows) if isinstance(row, PairRow)]
    table = np.zeros((len(rows), 2), _COLUMNS)
    for number, image in enumerate(hasher(_paths(rows))):
        row, view = good[number // 2], number % 2
        if image.problem is not None:
            problems.setdefault(row, image.problem)
        table[row, view] = image.bits or 0, image.mirrored or 0, _look(image, colour)
    before, after = (
        ViewHashes(one["bits"], one["mirrored"], one["look"]) for one in (table[:, 0], table[:, 1])
    )
    return before, after, problems


def _paths(rows: Sequence[PairRow | RowProblem]) -> Iterator[Path]:
    for row in rows:
        if isinstance(row, PairRow):
            yield row.before
            yield row.after


def _look(image: ImageHash, colour: bool) -> int:
    """What has to be equal besides the bits: the colour of flat views, and of all on request."""
    red, green, blue = image.colour
    if image.flat:
        return 1 + (red << 16 | green << 8 | blue)
    if colour:
        step = _COLOUR_STEP
        return (1 << 25) + (red // step << 16 | green // step << 8 | blue // step)
    return 0
