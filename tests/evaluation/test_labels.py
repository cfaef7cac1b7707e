"""Labels of boxes, class by class."""

import numpy as np
import pytest

from spotdiff.evaluation.labels import LabelsOfChange
from spotdiff.types import Change, ChangeKind, ChangeMap, PairResult, TrueChange, Truth, ViewInfo

FIRST, SECOND = (0, 0, 10, 10), (30, 30, 50, 50)


def said(label, box, score=0.9):
    return Change(ChangeKind.ADDED, score, label, None, box)


def true(label, box):
    return TrueChange(ChangeKind.ADDED, label, None, box)


def measured(*pairs, margin=0.0):
    none = np.zeros((0, 1, 1), np.float32)
    heat = np.zeros((3, 64, 64), np.float32)
    seen = ChangeMap(heat, np.zeros(3, np.float32), np.zeros((3, 0), np.float32), none, none)
    measure = LabelsOfChange(margin)
    view = ViewInfo("")
    taken = [
        measure.take(PairResult("p", view, view, changes=tuple(c), change_map=seen), truth)
        for c, truth in pairs
    ]
    return measure.values(), taken


def test_each_class_of_the_truth_counts_the_same():
    truth = Truth(changes=(true("car", FIRST), true("dog", SECOND)))
    values, _ = measured(([said("car", FIRST), said("car", SECOND)], truth))
    assert values["ap50 car"] == pytest.approx(1)
    assert values["ap50 dog"] == 0
    assert values["map50"] == pytest.approx(0.5)
    assert (values["image_f1 car"], values["image_f1 dog"]) == (1, 0)


def test_a_class_that_is_said_of_a_wrong_pair_costs_precision():
    pairs = [
        ([said("car", FIRST)], Truth(changes=(true("car", FIRST),))),
        ([said("car", FIRST)], Truth(changes=())),
    ]
    values, _ = measured(*pairs)
    assert values["image_f1"] == pytest.approx(2 / 3)


def test_pairs_with_an_unlabelled_truth_are_left_out():
    _, taken = measured(([], Truth(changes=(true(None, FIRST),))), ([], Truth()))
    assert taken == [False, False]


def test_a_pair_without_change_counts_and_is_not_counted():
    pairs = [([], Truth(changes=(true("car", FIRST),))), ([said("car", FIRST)], Truth(changes=()))]
    values, taken = measured(*pairs)
    assert taken == [True, False]
    assert values["image_f1"] == 0


def test_a_box_without_a_label_says_no_class():
    values, _ = measured(([said(None, FIRST)], Truth(changes=(true("car", FIRST),))))
    assert values["map50"] == values["image_f1"] == 0


def test_a_margin_lets_tight_boxes_reach_generous_ones():
    truth = Truth(changes=(true("open", SECOND),))
    tight = [said("open", (36, 36, 44, 44))]
    assert measured((tight, truth))[0]["map50"] == 0
    assert measured((tight, truth), margin=5)[0]["map50"] == pytest.approx(1)
