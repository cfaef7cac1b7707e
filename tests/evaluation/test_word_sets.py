"""The part of words on the board: both readings, what to compare with, and what failed."""

import pytest

from spotdiff.evaluation.word_sets import WordSets
from spotdiff.types import LabelSets, PairResult, Truth, ViewInfo

VIEW = ViewInfo("view.png", 10, 8)
ROWS = 4536


def measured(*pairs):
    sets = WordSets()
    for said, true in pairs:
        result = PairResult("pair", VIEW, VIEW, labels=said)
        assert sets.take(result, Truth(true))
    return sets


def test_a_perfect_answer_is_1_under_both_readings():
    words = [LabelSets(("car", "man"), (), ("bag",)), LabelSets(), LabelSets((), ("dog",))]
    values = measured(*zip(words, words, strict=True)).values()
    assert values["f1"] == values["micro_f1"] == 1
    assert values["failed"] == 0


def test_none_of_none_is_1():
    values = measured((LabelSets(), LabelSets()), (None, LabelSets())).values()
    assert values["f1"] == values["micro_f1"] == values["f1_of_all_none"] == 1
    assert values["f1_of_gate_oracle"] == 1
    assert values["f1_above_all_none"] == 0


def test_both_readings_by_hand():
    values = measured(
        (LabelSets(("car",), ("cup",)), LabelSets(("car", "man"))),
        (LabelSets(("man",)), LabelSets(("dog",), (), ("dog",))),
    ).values()
    assert values["f1_added"] == pytest.approx((2 / 3 + 0) / 2)
    assert values["f1_removed"] == pytest.approx((0 + 1) / 2)
    assert values["f1_changed"] == pytest.approx((1 + 0) / 2)
    assert values["f1"] == pytest.approx(4 / 9)
    assert values["micro_f1_added"] == pytest.approx(2 / 5)  # 1 right, 1 wrong, 2 missed
    assert values["micro_f1_removed"] == values["micro_f1_changed"] == 0
    assert values["micro_f1"] == pytest.approx(2 / 15)
    assert values["f1_of_all_none"] == pytest.approx((0 + 1 + 1 / 2) / 3)
    assert values["f1_above_all_none"] == pytest.approx(4 / 9 - 1 / 2)
    assert values["micro_f1_of_all_none"] == pytest.approx((0 + 1 + 0) / 3)
    # dog is in two cells, car in one: of `car man` none is right, with two words one of them is
    assert values["f1_of_gate_oracle"] == pytest.approx((1 / 2 + 1 + 1) / 3)
    assert values["f1_of_gate_oracle_2"] == pytest.approx(
        ((1 / 2 + 2 / 3) / 2 + 1 + (1 + 2 / 3) / 2) / 3
    )


def test_silence_scores_the_mean_share_of_empty_cells():
    empty = [round(share * ROWS) for share in (0.431, 0.575, 0.666)]
    rows = [LabelSets(*(() if i < count else ("person",) for count in empty)) for i in range(ROWS)]
    sets = measured(*((LabelSets(), row) for row in rows))
    values = sets.values()
    assert round(values["f1"], 3) == round(values["f1_of_all_none"], 3) == 0.557
    assert values["f1_of_gate_oracle"] == 1  # here every word is the most frequent one
    low, high = sets.intervals()["f1"]
    assert low < values["f1"] < high
    assert high - low < 0.03


def test_intervals_draw_pairs():
    word = LabelSets(("car",), ("car",), ("car",))
    pairs = [(word, word), (LabelSets(), word)] * 8
    ends = measured(*pairs).intervals()
    # the mean of 16 draws of 0 or 1: a deviation of 1 / 8, in steps of 1 / 16
    assert ends["f1"] == pytest.approx((0.25, 0.75), abs=1 / 16)
    assert ends["f1_of_all_none"] == (0, 0)
    assert ends["f1_above_all_none"] == ends["f1"]
    assert ends["micro_f1"][0] < 2 / 3 < ends["micro_f1"][1]


def test_a_pair_that_failed_is_scored_as_none_and_told():
    word = LabelSets(("car",))
    sets = measured((word, word))
    assert sets.fail(Truth(LabelSets(("car", "man"), ("cup",))))
    assert not sets.fail(Truth())
    values = sets.values()
    assert values["failed"] == 1
    assert values["f1"] == pytest.approx((1 / 2 + 1 / 2 + 1) / 3)
