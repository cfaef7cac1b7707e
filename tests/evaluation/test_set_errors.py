"""What is wrong with words, counted by hand."""

import pytest

from spotdiff.evaluation.set_errors import MistakeCounter
from spotdiff.types import (
    Confusion,
    GateCounts,
    LabelSets,
    PairResult,
    ViewInfo,
    WordMistakes,
)

VIEW = ViewInfo("view.png", 10, 8)
WRONG = LabelSets(("cat",)), LabelSets(("dog",))
RIGHT = LabelSets(("cat",)), LabelSets(("cat",))


def said(words, name="pair"):
    return PairResult(name, VIEW, VIEW, labels=words)


def drawn(_):
    return b"jpeg"


def counted(*pairs, worst=0):
    counter = MistakeCounter(worst, drawn)
    for number, (ours, theirs) in enumerate(pairs):
        counter.take(said(ours, str(number)), theirs)
    return counter.found()


def test_words_are_missed_wrong_and_right():
    found = counted(
        (LabelSets(("car", "cat")), LabelSets(("car", "dog", "dog"))),
        (LabelSets(("cat",)), LabelSets(("dog",))),
        (LabelSets(("dog",)), LabelSets(("dog", "man"))),
    ).columns[0]
    assert found.words == (
        WordMistakes("cat", 0, 0, 2),
        WordMistakes("dog", 1, 2, 0),
        WordMistakes("man", 0, 1, 0),
        WordMistakes("car", 1, 0, 0),
    )


def test_a_missed_word_is_confused_with_every_wrong_one_of_its_column():
    found = counted(
        (LabelSets(("cat", "cow"), ("man",)), LabelSets(("dog",))),
        (LabelSets(("cat",)), LabelSets(("dog",), ("man",))),
        (LabelSets(("car",)), LabelSets(("car",))),
    )
    added, removed, changed = (column.confusions for column in found.columns)
    assert added == (Confusion("dog", "cat", 2), Confusion("dog", "cow", 1))
    assert removed == (Confusion(None, "man", 1), Confusion("man", None, 1))
    assert changed == ()


def test_gates_ask_whether_anything_is_said_where_anything_is():
    some, none = LabelSets(("car",)), LabelSets()
    pairs = (*WRONG,), (some, none), (some, none), (none, some), (none, none), (none, none)
    found = counted(*pairs)
    assert found.columns[0].gate == GateCounts(both=1, missed=1, invented=2, neither=2)
    assert found.columns[1].gate == GateCounts(neither=6)


def test_the_worst_pairs_come_first_and_failed_ones_before_them():
    half = LabelSets(("cat",)), LabelSets(("cat", "dog"))
    counter = MistakeCounter(3, drawn)
    for name, (ours, theirs) in {
        "half": half,
        "zero": WRONG,
        "good": RIGHT,
        "again": WRONG,
    }.items():
        counter.take(said(ours, name), theirs)
    counter.take(said(LabelSets(("cat",)), "torn"), LabelSets(("cat",)), reason="no file")
    found = counter.found()
    assert [pair.pair_id for pair in found.worst] == ["torn", "zero", "again"]
    assert (found.pairs, found.failed) == (5, 1)
    assert found.worst[0].reason == "no file"
    assert found.worst[0].said == LabelSets()  # whatever it held, it is scored as none
    assert found.worst[0].f1 == found.worst[1].f1 == pytest.approx(2 / 3)


def test_a_right_pair_is_never_among_the_worst():
    assert counted(RIGHT, WRONG, worst=5).worst[0].pair_id == "1"
    assert len(counted(RIGHT, WRONG, worst=5).worst) == 1


def test_only_pairs_that_are_kept_are_drawn():
    calls = []
    counter = MistakeCounter(2, lambda result: calls.append(result.pair_id))
    for name in "abcd":
        counter.take(said(WRONG[0], name), WRONG[1])
    assert calls == ["a", "b"]
    MistakeCounter(0, lambda result: pytest.fail(result.pair_id)).take(said(WRONG[0]), WRONG[1])


def test_fewer_than_no_pairs_are_refused():
    with pytest.raises(ValueError, match="Expected errors to be a number of pairs from 0 on"):
        MistakeCounter(-1, drawn)
