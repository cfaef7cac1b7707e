"""The real pairs that a suite measures on, with their truth; read when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from spotdiff.data.images import ImageError, read_mask
from spotdiff.data.published import read_sbi
from spotdiff.data.sets import read_pair
from spotdiff.data.sources import open_source
from spotdiff.evaluation.scoreboard import laid_truth
from spotdiff.ops.frames import in_one_frame
from spotdiff.types import (
    IGNORE,
    UNKNOWN_KIND,
    ChangeKind,
    Mask,
    Pair,
    PairRow,
    RowProblem,
    TrueChange,
    Truth,
)

_UNKNOWN, _OBJECT = 170, 255  # values of SBI's masks


class SourcePairs:
    """The pairs with truth of any table or folder that `open_source` knows.

    Args:
        path: The table or folder.
        split: Which part of a folder that has several.
        images: Where the images of a table of words or of COCO JSON lie.
        stride: Every how many-th pair is taken.
        limit: At most so many pairs, evenly spread.
    """

    def __init__(
        self,
        path: str | Path,
        split: str | None = None,
        images: str | Path | None = None,
        stride: int = 1,
        limit: int | None = None,
    ) -> None:
        found = list(open_source(path, split=split, images=images))
        self.problems = tuple(
            f"{row.where}: {row.reason}" for row in found if isinstance(row, RowProblem)
        )
        rows = [row for row in found if isinstance(row, PairRow) and has_truth(row)]
        if not rows:
            msg = f"Expected pairs with masks, boxes or words in {path}, none of its rows has any."
            raise ValueError(msg)
        self.rows = thinned(rows[::stride], limit)

    def __len__(self) -> int:
        return len(self.rows)

    def pair(self, index: int) -> Pair:
        """The pair of a row, its before view and boxes laid onto the frame of the after view.

        Raises:
            ImageError: If a file cannot be read, or the mask has another size than the after view.
        """
        pair, matrix = in_one_frame(read_pair(self.rows[index]))
        mask = pair.truth.mask
        if mask is not None and mask.shape != pair.after.shape[:2]:
            size = pair.after.shape[:2]
            msg = f"{self.rows[index].mask}: expected a mask of the size {size}, got {mask.shape}."
            raise ImageError(msg)
        return replace(pair, truth=laid_truth(pair.truth, matrix))


class SbiPairs:
    """The pairs of static cameras of SBI, with the truth that their object masks hold of changes.

    Pixels: changed where exactly one view shows an object, unknown where either is unknown or both
    show one. Boxes count where no object overlaps itself in the two views, so that each is a change
    of its own; other pairs have none.

    Args:
        path: The folder with `pairs.csv`, `frames` and `masks`.
        stride: Every how many-th pair counts by its pixels; by its boxes each one does.
        limit: At most so many pairs by pixels and as many by boxes, evenly spread.

    Raises:
        FileNotFoundError: If the folder has no `pairs.csv`.
    """

    def __init__(self, path: str | Path, stride: int = 1, limit: int | None = None) -> None:
        table = Path(path) / "pairs.csv"
        if not table.is_file():
            raise FileNotFoundError(f"Expected the pairs of SBI in {table}, which does not exist.")
        found = list(read_sbi(table))
        self.problems = tuple(
            f"{row.where}: {row.reason}" for row in found if isinstance(row, RowProblem)
        )
        rows = [row for row in found if isinstance(row, PairRow)]
        by_pixels = {row.pair_id for row in thinned(rows[::stride], limit)}
        by_boxes = {row.pair_id for row in thinned([r for r in rows if is_free(r)], limit)}
        self.rows = [row for row in rows if row.pair_id in by_pixels | by_boxes]
        self._by_pixels, self._by_boxes = by_pixels, by_boxes

    def __len__(self) -> int:
        return len(self.rows)

    def pair(self, index: int) -> Pair:
        """The pair of a row.

        Raises:
            ImageError: If a file cannot be read.
        """
        row = self.rows[index]
        pair = read_pair(row)
        mask, changes = None, None
        if row.pair_id in self._by_pixels:
            views = (row.before, row.after)
            shown = [read_mask(view.parents[1] / "masks" / view.name) for view in views]
            mask = exclusive(shown[0], shown[1])
        if row.pair_id in self._by_boxes:
            changes = row.changes
        return replace(pair, truth=Truth(changes=changes, mask=mask))


def has_truth(row: PairRow) -> bool:
    """Whether anything is known of a pair."""
    return any(truth is not None for truth in (row.mask, row.changes, row.labels))


def thinned(rows: Sequence[PairRow], limit: int | None) -> list[PairRow]:
    """At most `limit` of the rows, evenly spread."""
    if limit is None or len(rows) <= limit:
        return list(rows)
    return [rows[i * len(rows) // limit] for i in range(limit)]


def is_free(row: PairRow) -> bool:
    """Whether nothing overlaps in the two views, so that every object is a change of its own."""
    changes: tuple[TrueChange, ...] = row.changes or ()
    return bool(changes) and all(change.kind is not ChangeKind.CHANGED for change in changes)


def exclusive(before: Mask, after: Mask) -> Mask:
    """Changed where one mask shows an object, unknown where either is unknown or both show one.

    Example:
        >>> exclusive(np.uint8([[0, 255, 0, 255, 170]]), np.uint8([[0, 0, 255, 255, 0]]))
        array([[  0,   8,   8, 128, 128]], dtype=uint8)
    """
    here, there = before == _OBJECT, after == _OBJECT
    mask = np.where(here ^ there, UNKNOWN_KIND, 0).astype(np.uint8)
    mask[(here & there) | (before == _UNKNOWN) | (after == _UNKNOWN)] = IGNORE
    return mask
