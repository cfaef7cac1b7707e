"""The words of rows, wherever their table keeps them."""

from __future__ import annotations

from spotdiff.types import ChangeKind, LabelSets, PairRow, RowProblem


def words_of(row: PairRow | RowProblem) -> LabelSets | None:
    """The words of a pair; those of its boxes where it has no others and all of them are named.

    Without boxes nobody knows whether they would be named: that is None, not no words.

    Example:
        >>> from pathlib import Path
        >>> from spotdiff.types import TrueChange
        >>> car = TrueChange(ChangeKind.ADDED, "car", None, (0, 0, 4, 4))
        >>> words_of(PairRow("a", Path("1.jpg"), Path("2.jpg"), changes=(car,)))
        LabelSets(added=('car',), removed=(), changed=())
    """
    if row.labels is not None or isinstance(row, RowProblem) or not row.changes:
        return row.labels
    if any(change.kind is None or change.label is None for change in row.changes):
        return None
    return LabelSets(
        *(tuple(str(c.label) for c in row.changes if c.kind is kind) for kind in ChangeKind)
    )
