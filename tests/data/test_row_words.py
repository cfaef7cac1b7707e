"""The words of rows: given, or those of boxes that are all named."""

from pathlib import Path

import pytest

from spotdiff.data.row_words import words_of
from spotdiff.types import ChangeKind, LabelSets, PairRow, RowProblem, TrueChange

BOX = (0, 0, 4, 4)


def row(labels=None, changes=None) -> PairRow:
    return PairRow("a", Path("1.png"), Path("2.png"), labels=labels, changes=changes)


def change(kind=ChangeKind.ADDED, label="car") -> TrueChange:
    return TrueChange(kind, label, None, BOX)


def test_words_that_are_given_are_taken_whatever_the_boxes_say():
    given = LabelSets(removed=("dog",))
    assert words_of(row(given, (change(),))) == given
    assert words_of(row(LabelSets(), (change(),))) == LabelSets()


def test_boxes_give_their_words_to_their_kinds():
    kinds = (ChangeKind.CHANGED, ChangeKind.ADDED, ChangeKind.ADDED, ChangeKind.REMOVED)
    words = ("cup", "car", "dog", "car")
    changes = tuple(map(change, kinds, words))
    assert words_of(row(None, changes)) == LabelSets(("car", "dog"), ("car",), ("cup",))


@pytest.mark.parametrize("unnamed", [change(label=None), change(kind=None)])
def test_one_box_without_a_name_or_a_kind_leaves_the_words_unknown(unnamed):
    assert words_of(row(None, (change(), unnamed))) is None


@pytest.mark.parametrize("changes", [None, ()])
def test_without_boxes_nobody_knows(changes):
    assert words_of(row(None, changes)) is None


def test_a_row_that_cannot_be_used_keeps_its_words():
    problem = RowProblem("a", "t.csv row 2", "no such file", labels=LabelSets(added=("car",)))
    assert words_of(problem) == LabelSets(added=("car",))
    assert words_of(RowProblem("a", "t.csv row 2", "no such file")) is None
