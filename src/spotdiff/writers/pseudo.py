"""A manifest of pairs with pseudo labels: words as they were, boxes as they were found."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from spotdiff.types import ChangeKind, Outside, PairRow, TrueChange
from spotdiff.writers.files import replacing


class _Labels(Protocol):
    @property
    def changes(self) -> tuple[TrueChange, ...]: ...

    @property
    def outside(self) -> Outside: ...


def write_pseudo(rows: Iterable[tuple[PairRow, _Labels]], out: Path) -> int:
    """Writes one line a pair, in one step; gives their number."""
    count = 0
    with replacing(out) as partial, partial.open("wb") as file:
        for row, labels in rows:
            file.write(json.dumps(_cells(row, labels)).encode("ascii") + b"\n")
            count += 1
    return count


def _cells(row: PairRow, labels: _Labels) -> dict[str, object]:
    words = {}
    if row.labels is not None:
        words = {f"{kind.value}_objs": list(row.labels.of(kind)) for kind in ChangeKind}
    return {
        "pair_id": row.pair_id,
        "before": _absolute(row.before),
        "after": _absolute(row.after),
        **words,
        "changes": [_change(change) for change in labels.changes],
        "outside_boxes": labels.outside,
    }


def _absolute(path: Path) -> str:
    """The manifest lies elsewhere than the pictures; an address is absolute as it is."""
    return str(path.absolute() if isinstance(path, Path) else path)


def _change(change: TrueChange) -> dict[str, object]:
    return {
        "kind": None if change.kind is None else change.kind.value,
        "label": change.label,
        "box_before": change.box_before,
        "box_after": change.box_after,
    }
