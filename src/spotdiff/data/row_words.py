"""The words of rows, wherever their table keeps them."""

from __future__ import annotations

from spotdiff.types import ChangeKind, LabelSets, PairRow


def words_of(row: PairRow) -> LabelSets | None:
    """The words of a pair; those of its boxes where it has no others; None where it has neither.

    Example:
        >>> from pathlib import Path
        >>> from spotdiff.types import TrueChange
        >>> car = TrueChange(ChangeKind.ADDED, "car", None, (0, 0, 4, 4))
        >>> words_of(PairRow("a", Path("1.jpg"), Path("2.jpg"), changes=(car,)))
        LabelSets(added=('car',), removed=(), changed=())
    """
    if row.labels is not None or row.changes is None:
        return row.labels
    return LabelSets(
        *(
            tuple(c.label for c in row.changes if c.kind is kind and c.label is not None)
            for kind in ChangeKind
        )
    )
