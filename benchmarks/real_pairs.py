"""The real pairs that the accuracy is measured on, with their truth; nothing is kept in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spotdiff.data.images import read_image, read_mask
from spotdiff.data.nuisance import degrade
from spotdiff.data.published import read_deeppcb, read_sbi
from spotdiff.data.tables import checked
from spotdiff.types import IGNORE, UNKNOWN_KIND, ChangeKind, Image, Mask, Pair, PairRow, Truth

SHIFTS = (0, 1, 2, 4)  # pixels between the views of an unchanged pair
_UNKNOWN, _OBJECT = 170, 255  # values of SBI's masks


@dataclass(frozen=True, slots=True)
class SbiRow:
    """A row of SBI and what is measured on it.

    Attributes:
        row: Where the pair lies, with its boxes.
        number: Its place among the rows whose pixels count; None if its pixels do not.
        by_boxes: Whether its boxes count.
    """

    row: PairRow
    number: int | None
    by_boxes: bool


def sbi_rows(data: Path, pairs: int | None, stride: int = 1) -> list[SbiRow]:
    """What is measured of `sbi_pairs`: at most `pairs` rows by pixels, and as many by boxes.

    Pixels count on every `stride`-th of the rows, boxes where nothing overlaps in the two views.
    """
    rows = checked(read_sbi(data / "sbi_pairs"))
    numbers = {row.pair_id: i for i, row in enumerate(thinned(rows, pairs)) if i % stride == 0}
    lone = thinned([row for row in rows if is_free_of_overlap(row)], pairs)
    by_boxes = {row.pair_id for row in lone}
    return [
        SbiRow(row, numbers.get(row.pair_id), row.pair_id in by_boxes)
        for row in rows
        if row.pair_id in numbers or row.pair_id in by_boxes
    ]


def deeppcb_rows(data: Path, stride: int, pairs: int | None) -> list[PairRow]:
    """Every `stride`-th row of the training and validation part of DeepPCB."""
    table = data / "deeppcb_trainval" / "PCBData" / "trainval.txt"
    return thinned(checked(read_deeppcb(table))[::stride], pairs)


def thinned(rows: Sequence[PairRow], pairs: int | None) -> list[PairRow]:
    """At most `pairs` of the rows, evenly spread."""
    if pairs is None or len(rows) <= pairs:
        return list(rows)
    return [rows[i * len(rows) // pairs] for i in range(pairs)]


def is_free_of_overlap(row: PairRow) -> bool:
    """Whether nothing overlaps in the two views, so that every object is a change of its own."""
    return bool(row.changes) and all(c.kind is not ChangeKind.CHANGED for c in row.changes or ())


def sbi_pair(row: PairRow) -> Pair:
    """A pair of a static camera: changed where exactly one view shows an object."""
    masks = [read_mask(view.parents[1] / "masks" / view.name) for view in (row.before, row.after)]
    return _pair(row, exclusive(masks[0], masks[1]))


def deeppcb_pair(row: PairRow) -> Pair:
    """A template and a tested board; their pixels have no truth."""
    return _pair(row, None)


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


def unchanged_pairs(data: Path, frames: int, shift: int, seed: int) -> Iterator[Pair]:
    """Frames beside themselves, each view degraded on its own, `shift` pixels apart."""
    paths = sorted((data / "sbi_pairs" / "frames").iterdir())
    chosen = [paths[i * len(paths) // frames] for i in range(min(frames, len(paths)))]
    for number, path in enumerate(chosen):
        rng = np.random.default_rng([seed, number, shift])
        before, after = shifted(read_image(path), shift, rng)
        yield Pair(path.stem, degrade(before, rng), degrade(after, rng), Truth(changes=()))


def shifted(image: Image, shift: int, rng: np.random.Generator) -> tuple[Image, Image]:
    """Two windows of an image, `shift` pixels apart along a random axis or diagonal."""
    if not shift:
        return image, image
    height, width = image.shape[:2]
    down, right = ((1, 0), (0, 1), (1, 1), (1, -1))[int(rng.integers(4))]
    rows = (slice(0, height - shift * down), slice(shift * down, height))
    columns = (slice(0, width - shift * abs(right)), slice(shift * abs(right), width))
    if right < 0:
        columns = columns[::-1]
    return image[rows[0], columns[0]], image[rows[1], columns[1]]


def _pair(row: PairRow, mask: Mask | None) -> Pair:
    truth = Truth(changes=row.changes, mask=mask)
    return Pair(row.pair_id, read_image(row.before), read_image(row.after), truth)
