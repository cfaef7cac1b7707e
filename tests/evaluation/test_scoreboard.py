"""The board of measures, on answers and truths that are written here."""

import numpy as np
import pytest

from spotdiff.evaluation.scoreboard import Part, Scoreboard
from spotdiff.types import (
    IGNORE,
    Alignment,
    Change,
    ChangeKind,
    ChangeMap,
    LabelSets,
    PairResult,
    TrueChange,
    Truth,
    ViewInfo,
)

ADDED, REMOVED, CHANGED = ChangeKind


def answer(heat=None, changes=(), score=0.9, labels=None, alignment=None):
    heat = np.zeros((3, 8, 10), np.float32) if heat is None else heat
    none = np.zeros((0, 1, 1), np.float32)
    seen = ChangeMap(heat, np.zeros(3, np.float32), np.zeros((3, 0), np.float32), none, none)
    view = ViewInfo("view.png", 10, 8)
    return PairResult(
        "pair",
        view,
        view,
        change_score=score,
        changes=tuple(changes),
        labels=labels,
        alignment=alignment,
        change_map=seen,
    )


def board_of(*pairs, min_heat=0.5, margin=0.0):
    board = Scoreboard.of_answers(min_heat, margin)
    for result, truth in pairs:
        board.take(result, truth)
    return {part.name: part for part in board.parts()}


def added(box, score=0.9):
    return Change(ADDED, score, None, None, box)


def truly_added(box):
    return TrueChange(ADDED, None, None, box)


def test_pixels_are_scored_by_their_strongest_kind_and_at_the_calibrated_threshold():
    heat = np.zeros((3, 1, 4), np.float32)
    heat[0, 0], heat[1, 0] = [0.8, 0.1, 0.0, 0.0], [0.0, 0.6, 0.0, 0.3]
    mask = np.array([[1, 0, 0, 2]], np.uint8)
    values = board_of((answer(heat), Truth(mask=mask)))["pixels"].values
    # best first: right, wrong, right -> half of the truth at 1, half at 2 / 3
    assert values["average_precision"] == pytest.approx((1 + 2 / 3) / 2)
    assert values["best_f1"] == pytest.approx(0.8)
    assert values["precision"] == values["recall"] == values["f1"] == pytest.approx(0.5)


def test_pixels_that_nobody_knows_are_neither_right_nor_wrong():
    heat = np.zeros((3, 1, 3), np.float32)
    heat[0, 0] = [0.9, 0.9, 0.1]
    mask = np.array([[1, IGNORE, 0]], np.uint8)
    values = board_of((answer(heat), Truth(mask=mask)))["pixels"].values
    assert values["average_precision"] == values["f1"] == 1


def test_boxes_are_scored_as_reported_and_as_ranked():
    found = answer(changes=[added((0, 0, 4, 4), 0.9), added((6, 6, 8, 8), 0.4)])
    truth = Truth(changes=(truly_added((0, 0, 4, 4)),))
    values = board_of((found, truth))["boxes"].values
    assert values["ap50"] == values["ap50_added"] == values["centre_ap"] == pytest.approx(1)
    assert values["ap50_removed"] is None
    assert (values["precision"], values["recall"]) == (0.5, 1)
    assert values["f1"] == pytest.approx(2 / 3)


def test_a_margin_lets_tight_boxes_reach_generous_ones():
    pair = (answer(changes=[added((4, 4, 6, 6))]), Truth(changes=(truly_added((2, 2, 8, 8)),)))
    assert board_of(pair)["boxes"].values["recall"] == 0
    assert board_of(pair, margin=2)["boxes"].values["recall"] == 1
    assert board_of(pair)["boxes"].values["centre_ap"] == pytest.approx(1)


def test_boxes_of_before_are_compared_in_the_frame_of_after():
    halved = Alignment("resize", ((0.5, 0, 0), (0, 0.5, 0), (0, 0, 1)))
    found = Change(CHANGED, 0.9, None, (4, 4, 12, 12), (2, 2, 6, 6))  # one place, seen twice
    truth = Truth(changes=(TrueChange(CHANGED, None, (4, 4, 12, 12), (2, 2, 6, 6)),))
    values = board_of((answer(changes=[found], alignment=halved), truth))["boxes"].values
    assert values["precision"] == values["recall"] == 1
    assert board_of((answer(changes=[found]), truth))["boxes"].values["ap50"] == pytest.approx(1)


def test_kinds_of_found_boxes_are_told_apart():
    found = answer(
        changes=[
            added((0, 0, 4, 4)),
            added((5, 0, 9, 4)),
            Change(REMOVED, 0.8, None, (0, 5, 4, 8), None),
        ]
    )
    truth = Truth(
        changes=(
            truly_added((0, 0, 4, 4)),
            TrueChange(REMOVED, None, (5, 0, 9, 4), None),
            TrueChange(CHANGED, None, (0, 5, 4, 8), (0, 5, 4, 8)),
        )
    )
    values = board_of((found, truth))["kinds"].values
    assert values["right"] == pytest.approx(1 / 3)
    assert values["added_or_removed_right"] == 0.5
    assert (values["removed_as_added"], values["changed_as_removed"]) == (1, 1)


def test_boxes_of_unknown_kind_count_as_boxes_but_say_nothing_of_kinds():
    truth = Truth(changes=(TrueChange(None, None, (0, 0, 4, 4), (0, 0, 4, 4)),))
    parts = board_of((answer(changes=[added((0, 0, 4, 4))]), truth))
    assert parts["boxes"].values["ap50"] == pytest.approx(1)
    assert parts["kinds"] == Part("kinds", "boxes whose kind is known", 0, {})


def test_pairs_need_both_changed_and_unchanged_ones():
    changed, unchanged = Truth(changes=(truly_added((0, 0, 1, 1)),)), Truth(changes=())
    alone = board_of((answer(score=0.7), changed))["pairs"].values
    assert alone["auroc"] is None
    assert alone["false_alarms_at_90_recall"] is None
    both = board_of((answer(score=0.7), changed), (answer(score=0.8), unchanged))["pairs"].values
    assert (both["auroc"], both["false_alarms_at_90_recall"]) == (0, 1)


def test_word_sets_stand_beside_what_silence_scores():
    truth = Truth(labels=LabelSets(added=("car", "person")))
    values = board_of((answer(labels=LabelSets(added=("car",))), truth))["sets"].values
    assert values["f1_added"] == pytest.approx(2 / 3)
    assert values["f1"] == pytest.approx((2 / 3 + 1 + 1) / 3)
    assert values["f1_of_all_none"] == pytest.approx(2 / 3)


def test_a_part_without_its_truth_has_no_values():
    parts = board_of((answer(), Truth(labels=LabelSets())))
    assert [name for name, part in parts.items() if part.pairs] == ["pairs", "sets"]
    assert parts["pixels"].values == parts["boxes"].values == {}


def test_a_pair_without_an_answer_lowers_the_words_and_nothing_else():
    board = Scoreboard.of_answers(0.5)
    assert board.fail(Truth(LabelSets(("car",)), changes=(truly_added((0, 0, 1, 1)),)))
    assert not board.fail(Truth(changes=()))
    parts = {part.name: part for part in board.parts()}
    assert [name for name, part in parts.items() if part.pairs] == ["sets"]
    assert parts["sets"].values["failed"] == 1
    assert parts["sets"].values["f1"] == pytest.approx(2 / 3)
