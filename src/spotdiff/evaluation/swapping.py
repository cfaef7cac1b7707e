"""Does a method say the same when before and after are exchanged?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from spotdiff.evaluation.boxes import share
from spotdiff.evaluation.methods import Answered, Method
from spotdiff.ops.boxes import iou
from spotdiff.types import Box, Change, ChangeKind, Pair

_MIN_OVERLAP = 0.9
_SWAPPED = [list(ChangeKind).index(kind.swapped) for kind in ChangeKind]


class SwapConsistency:
    """Asks a method again, with the views exchanged; truth is not needed."""

    def __init__(self) -> None:
        self.pairs = 0
        self.said = 0
        self.same = 0
        self.heat_difference = 0.0

    def take(self, method: Method, pair: Pair, answered: Answered) -> None:
        """Adds a pair and what the method said of it, and asks the other way round."""
        turned = method.answer(replace(pair, before=pair.after, after=pair.before))
        changes, others = answered.result.changes, turned.result.changes
        self.pairs += 1
        self.said += max(len(changes), len(others))
        self.same += returned(changes, others)
        gap = np.abs(answered.change_map.heat - turned.change_map.heat[_SWAPPED])
        self.heat_difference = max(self.heat_difference, float(gap.max()))

    def values(self) -> dict[str, float]:
        """Share of changes that come back exchanged, and the largest difference of heat."""
        return {
            "pairs": self.pairs,
            "changes": self.said,
            "same_changes": share(self.same, self.said),
            "largest_heat_difference": self.heat_difference,
        }


def returned(changes: Sequence[Change], turned: Sequence[Change]) -> int:
    """How many changes come back with their kind exchanged and their boxes the same (IoU > 0.9).

    Each of `turned`, the answer to the exchanged pair, stands for one change at most.
    """
    free = list(turned)
    found = 0
    for change in changes:
        match = next((other for other in free if _is_turned(change, other)), None)
        if match is not None:
            free.remove(match)
            found += 1
    return found


def _is_turned(change: Change, other: Change) -> bool:
    return (
        other.kind is change.kind.swapped
        and _same(change.box_before, other.box_after)
        and _same(change.box_after, other.box_before)
    )


def _same(box: Box | None, other: Box | None) -> bool:
    if box is None or other is None:
        return box is other
    first, second = (np.array([one], np.float32) for one in (box, other))
    return bool(iou(first, second)[0, 0] > _MIN_OVERLAP)
