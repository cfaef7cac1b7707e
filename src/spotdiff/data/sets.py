"""Finite sets of pairs to train on: rows of a table, or synthetic pairs drawn from a library."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from spotdiff.data.images import ImageError, read_image, read_mask
from spotdiff.data.sources import open_source
from spotdiff.data.synthetic import SyntheticPairs
from spotdiff.data.tables import checked
from spotdiff.ops.box_masks import mask_of_boxes
from spotdiff.ops.boxes import transform
from spotdiff.ops.frames import Matrix, scaling
from spotdiff.types import UNKNOWN_KIND, Image, LabelSets, Mask, Pair, PairRow, TrueChange, Truth

Part = Literal["all", "train", "val"]


@dataclass(frozen=True)
class SyntheticSet:
    """`length` synthetic pairs, and as many fresh ones for every further turn.

    Args:
        pairs: The composer.
        length: Pairs a turn.
        first_seed: Seed of pair 0; pair i has seed first_seed + i.
        repeat: Give the same pairs every turn, as validation wants.
    """

    pairs: SyntheticPairs
    length: int
    first_seed: int = 0
    repeat: bool = False

    def __len__(self) -> int:
        return self.length

    def pair(self, index: int) -> Pair:
        """The pair whose seed is first_seed + index."""
        return self.pairs(self.first_seed + (index % self.length if self.repeat else index))

    def label_sets(self) -> Iterable[LabelSets]:
        """One set of words for each object of the library."""
        return (LabelSets(added=(label,)) for label in self.pairs.library.labels if label)


class TableSet:
    """The pairs of a table or folder, read when they are asked for.

    Args:
        root: Anything that `open_source` recognises.
        part: `all`, or the training or validation share. The split is by a hash of the pair's id,
            so a pair stays on its side when rows are added or reordered.
        val_share: Share of the pairs that are for validation, in [0, 1].
        split: Which table or sub-folder to read where there are several; None reads `train.csv`
            where there is one.

    Raises:
        TableError: If any row cannot be used; it lists all problems.
    """

    def __init__(
        self,
        root: str | Path,
        part: Part = "all",
        val_share: float = 0.1,
        split: str | None = None,
    ) -> None:
        self.root = Path(root)
        self.part = part
        self.val_share = val_share
        self.split = split
        self.rows: Sequence[PairRow] = []
        self.reload()

    def reload(self) -> None:
        """Reads the table anew: it may say something else by now.

        Raises:
            TableError: If any row cannot be used; it lists all problems.
        """
        folder, split = self.root, self.split
        if split is None and any((f / "train.csv").is_file() for f in (folder, folder / "data")):
            split = "train"  # a competition's folder: its test.csv holds no truth
        rows = checked(open_source(folder, split=split))
        self.rows = [r for r in rows if _belongs(r.pair_id, self.part, self.val_share)]

    def __len__(self) -> int:
        return len(self.rows)

    def pair(self, index: int) -> Pair:
        """The decoded pair of row index modulo length."""
        return read_pair(self.rows[index % len(self.rows)])

    def label_sets(self) -> Iterable[LabelSets]:
        """The words of each row that has some, or the labels of its objects."""
        for row in self.rows:
            if row.labels is not None:
                yield row.labels
            elif row.changes is not None:
                yield LabelSets(changed=tuple(c.label for c in row.changes if c.label))


def _belongs(pair_id: str, part: Part, val_share: float) -> bool:
    if part == "all":
        return True
    return (lot(pair_id) / 2**64 < val_share) == (part == "val")


def lot(pair_id: str) -> int:
    """A number below 2⁶⁴ that follows from the id alone: which part of a set a pair falls to."""
    return int.from_bytes(hashlib.sha256(pair_id.encode()).digest()[:8])


def read_pair(row: PairRow) -> Pair:
    """The photographs and the mask of a row, decoded.

    Raises:
        ImageError: If one of its files is missing or cannot be decoded.
    """
    before, after = read_image(row.before), read_image(row.after)
    mask = _drawn(row, before, after)
    if row.mask is not None:
        mask = _translated(read_mask(row.mask), row)
    return Pair(row.pair_id, before, after, Truth(row.labels, row.changes, mask))


def _drawn(row: PairRow, before: Image, after: Image) -> Mask | None:
    """A mask drawn from boxes, in the frame of after, where the row says what is outside them."""
    if row.outside is None or row.changes is None:
        return None
    size = (after.shape[0], after.shape[1])
    matrix = scaling((before.shape[0], before.shape[1]), size)
    laid = [
        change if change.box_before is None else _laid(change, matrix) for change in row.changes
    ]
    return mask_of_boxes(laid, size, outside_known=row.outside == "unchanged")


def _laid(change: TrueChange, matrix: Matrix) -> TrueChange:
    x0, y0, x1, y1 = transform(np.array([change.box_before], np.float32), matrix)[0].tolist()
    return replace(change, box_before=(x0, y0, x1, y1))


def _translated(values: Mask, row: PairRow) -> Mask:
    """The bits that the values of a mask file stand for."""
    if row.mask_codes is None:
        return np.where(values > 0, np.uint8(UNKNOWN_KIND), np.uint8(0))
    table = np.zeros(256, np.uint8)
    for value, bits in row.mask_codes:
        table[value] = bits
    strange = np.setdiff1d(values, [0, *(value for value, _ in row.mask_codes)])
    if strange.size:
        known = ", ".join(str(value) for value, _ in row.mask_codes)
        msg = f"{row.mask}: expected the mask values {known}, got {strange[0]}"
        raise ImageError(msg)
    translated: Mask = table[values]
    return translated
