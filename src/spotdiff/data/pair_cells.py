"""Pairs as rows of a manifest: what `read_manifest` reads as the same pairs again."""

from __future__ import annotations

from pathlib import Path

from spotdiff.data.fields import MASK_BITS
from spotdiff.data.remote import is_remote
from spotdiff.types import (
    IGNORE,
    UNKNOWN_KIND,
    ChangeKind,
    LabelSets,
    PairRow,
    RowProblem,
    TrueChange,
)

_WORDS = {kind.bit: kind.value for kind in ChangeKind} | {UNKNOWN_KIND: "unknown", IGNORE: "ignore"}


def pair_cells(row: PairRow | RowProblem) -> dict[str, object]:
    """The cells of a pair by their columns, its paths whole; what is unknown is left out.

    Of a row with a problem its paths and words remain, so that it has a problem again.
    """
    cells: dict[str, object] = {
        "pair_id": row.pair_id,
        "before": _path(row.before),
        "after": _path(row.after),
    }
    if row.labels is not None:
        cells |= word_cells(row.labels)
    return cells if isinstance(row, RowProblem) else cells | _truth_cells(row)


def change_cell(change: TrueChange) -> dict[str, object]:
    """A change as the column `changes` lists it."""
    return {
        "kind": None if change.kind is None else change.kind.value,
        "label": change.label,
        "box_before": change.box_before,
        "box_after": change.box_after,
    }


def word_cells(labels: LabelSets) -> dict[str, object]:
    """The words of each kind, by column."""
    return {f"{kind.value}_objs": list(labels.of(kind)) for kind in ChangeKind}


def _truth_cells(row: PairRow) -> dict[str, object]:
    cells: dict[str, object] = {}
    if row.changes is not None:
        cells["changes"] = [change_cell(change) for change in row.changes]
    if row.mask is not None:
        cells["mask"] = _path(row.mask)
    if row.mask_codes is not None:
        cells["mask_kinds"] = _mask_kinds(row.mask_codes)
    if row.captions is not None:
        cells["caption_before"], cells["caption_after"] = row.captions
    if row.outside is not None:
        cells["outside_boxes"] = row.outside
    return cells


def _mask_kinds(codes: tuple[tuple[int, int], ...]) -> object:
    if codes == MASK_BITS:
        return "bits"
    return {str(value): _WORDS[bit] for value, bit in codes}


def _path(path: Path | None) -> str | None:
    if path is None or is_remote(path):
        return None if path is None else str(path)
    return str(path.absolute())
