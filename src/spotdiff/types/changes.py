"""What can be known of a pair: kinds of change, words, boxes, masks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from spotdiff.types.arrays import Box, Mask


class ChangeKind(StrEnum):
    """How a thing differs between the two views."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"

    @property
    def swapped(self) -> ChangeKind:
        """The kind that the same change has when before and after trade places."""
        return _SWAPPED[self]

    @property
    def bit(self) -> int:
        """The bit that marks this kind in a `Mask`."""
        return 1 << list(ChangeKind).index(self)


_SWAPPED = {
    ChangeKind.ADDED: ChangeKind.REMOVED,
    ChangeKind.REMOVED: ChangeKind.ADDED,
    ChangeKind.CHANGED: ChangeKind.CHANGED,
}

# A `Mask` holds one bit per kind (1 added, 2 removed, 4 changed: they may overlap) and two more:
UNKNOWN_KIND = 8  # something changed here, the data set does not say how
IGNORE = 128  # nobody knows: neither rewarded nor punished


@dataclass(frozen=True, slots=True)
class LabelSets:
    """Words per kind as the data set wrote them, repeats and order kept; empty means `none`."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def of(self, kind: ChangeKind) -> tuple[str, ...]:
        """The words of one kind."""
        words: tuple[str, ...] = getattr(self, kind.value)
        return words

    def swapped(self) -> LabelSets:
        """The words that hold when before and after trade places."""
        return LabelSets(self.removed, self.added, self.changed)


@dataclass(frozen=True, slots=True)
class TrueChange:
    """One annotated change; a box is None where that view does not show it.

    `kind` is None where the data set says that something changed but not how.
    """

    kind: ChangeKind | None
    label: str | None
    box_before: Box | None
    box_after: Box | None

    def swapped(self) -> TrueChange:
        """The same change when before and after trade places."""
        kind = self.kind.swapped if self.kind else None
        return TrueChange(kind, self.label, self.box_after, self.box_before)


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known about a pair. None means unknown; an empty value means known to be nothing.

    `mask` has the shape of the after image; its bits are those of `ChangeKind.bit`, `UNKNOWN_KIND`
    and `IGNORE`.
    """

    labels: LabelSets | None = None
    changes: tuple[TrueChange, ...] | None = None
    mask: Mask | None = None

    def swapped(self) -> Truth:
        """The truth when before and after trade places."""
        labels = None if self.labels is None else self.labels.swapped()
        changes = None if self.changes is None else tuple(c.swapped() for c in self.changes)
        return Truth(labels, changes, None if self.mask is None else swap_mask(self.mask))


def swap_mask(mask: Mask) -> Mask:
    """The mask with the bits of added and removed exchanged.

    Example:
        >>> swap_mask(np.array([[0, 1, 2, 4, 8, 128]], np.uint8))
        array([[  0,   2,   1,   4,   8, 128]], dtype=uint8)
    """
    added, removed = ChangeKind.ADDED.bit, ChangeKind.REMOVED.bit
    rest = mask & ~np.uint8(added | removed)
    return (rest | ((mask & added) << 1) | ((mask & removed) >> 1)).astype(np.uint8)
