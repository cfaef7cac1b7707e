"""Pseudo labels: areas that agree with the words of a pair, as truth to train on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spotdiff.types import Change, ChangeKind, LabelSets, Outside, TrueChange


@dataclass(frozen=True, slots=True)
class PseudoLabels:
    """What is taken for true of a pair.

    Attributes:
        changes: Areas that its words allow.
        outside: Whether these are all of them, as far as its words tell.
    """

    changes: tuple[TrueChange, ...]
    outside: Outside


def pseudo_labels(
    changes: Sequence[Change],
    labels: LabelSets | None,
    min_score: float = 0.0,
    overlap: float = 1.0,
) -> PseudoLabels:
    """The areas that agree with the words of a pair.

    An area of a kind for which there are no words is a false one. It gets a label if it has one of
    its kind's words already, or its kind has one word only. Where a kind has words and no area,
    something was missed, so nothing is known outside the areas; nor is it where only one of the
    views shows a part of the place.

    Args:
        changes: Found areas.
        labels: The words of the pair; None allows everything and misses nothing.
        min_score: Areas less different than this are left out.
        overlap: Share of the after view that before covers.

    Example:
        >>> found = [Change(ChangeKind.ADDED, 0.5, box_after=(0, 0, 9, 9))]
        >>> pseudo_labels(found, LabelSets(added=("car",), removed=("dog",)))
        PseudoLabels(changes=(TrueChange(kind=<ChangeKind.ADDED: 'added'>, label='car', \
box_before=None, box_after=(0, 0, 9, 9)),), outside='unknown')
        >>> pseudo_labels(found, LabelSets())
        PseudoLabels(changes=(), outside='unchanged')
    """
    sure = [change for change in changes if change.score >= min_score]
    if labels is None:
        kept = tuple(_true(change, change.label) for change in sure)
        return PseudoLabels(kept, "unknown" if overlap < 1 else "unchanged")
    told = [change for change in sure if labels.of(change.kind)]
    found = {change.kind for change in told}
    missed = any(labels.of(kind) and kind not in found for kind in ChangeKind)
    kept = tuple(_true(change, _label(change, labels.of(change.kind))) for change in told)
    return PseudoLabels(kept, "unknown" if missed or overlap < 1 else "unchanged")


def _label(change: Change, words: tuple[str, ...]) -> str | None:
    if change.label in words:
        return change.label
    return words[0] if len(set(words)) == 1 else None


def _true(change: Change, label: str | None) -> TrueChange:
    return TrueChange(change.kind, label, change.box_before, change.box_after)
