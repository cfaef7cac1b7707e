"""The metric conventions, against cases worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.training.scores import (
    average_precision,
    centre_average_precision,
    false_alarm_rate,
    hits_by_centre,
    hits_by_overlap,
    places,
    set_f1,
)
from spotdiff.types import Change, ChangeKind, LabelSets, TrueChange

ADDED, REMOVED, CHANGED = ChangeKind
HERE, THERE, FAR = (0.0, 0.0, 10.0, 10.0), (20.0, 20.0, 30.0, 30.0), (60.0, 60.0, 80.0, 80.0)
words = st.lists(st.sampled_from(["car", "dog", "man"]), max_size=4).map(tuple)
label_sets = st.builds(LabelSets, words, words, words)


def added(box, score=0.9):
    return Change(ADDED, score, box_after=box)


def truly_added(box):
    return TrueChange(ADDED, None, None, box)


def test_silence_scores_what_the_rates_of_none_promise():
    # Of 1000 rows, 431, 575 and 666 have no added, removed and changed words.
    rows = [
        LabelSets(*(() if row < rate else ("person",) for rate in (431, 575, 666)))
        for row in range(1000)
    ]
    scores = np.mean([set_f1(LabelSets(), row) for row in rows], axis=0)
    np.testing.assert_allclose(scores, [0.431, 0.575, 0.666])
    assert scores.mean() == pytest.approx(0.557, abs=5e-4)


def test_empty_against_empty_is_right_and_against_anything_wrong():
    assert set_f1(LabelSets(), LabelSets()).tolist() == [1, 1, 1]
    assert set_f1(LabelSets(("car",)), LabelSets((), ("car",))).tolist() == [0, 0, 1]


def test_repeats_count_once():
    ours = LabelSets(("car", "car", "dog"))
    theirs = LabelSets(("car", "man", "man"))
    assert set_f1(ours, theirs)[0] == pytest.approx(2 * 1 / (2 + 2))


@given(label_sets, label_sets)
def test_set_f1_is_symmetric_bounded_and_follows_the_swap(ours, theirs):
    scores = set_f1(ours, theirs)
    assert ((scores >= 0) & (scores <= 1)).all()
    np.testing.assert_array_equal(scores, set_f1(theirs, ours))
    np.testing.assert_array_equal(scores[[1, 0, 2]], set_f1(ours.swapped(), theirs.swapped()))
    assert set_f1(ours, ours).tolist() == [1, 1, 1]


def test_what_moved_is_two_places_and_what_changed_in_place_is_one():
    nearly_here = (1.0, 0.0, 11.0, 10.0)
    truth = [
        TrueChange(CHANGED, None, HERE, THERE),
        TrueChange(CHANGED, None, nearly_here, HERE),
        TrueChange(None, None, FAR, FAR),
    ]
    found = places([Change(REMOVED, 0.4, box_before=FAR)], truth)
    np.testing.assert_array_equal(found.true_boxes, [THERE, HERE, HERE, FAR])
    assert found.true_kinds.tolist() == [2, 2, 2, -1]
    np.testing.assert_array_equal(found.boxes, [FAR])
    assert found.kinds.tolist() == [1]


def test_nothing_said_and_nothing_true_are_empty_arrays_of_the_right_shape():
    nothing = places([], [])
    assert nothing.boxes.shape == nothing.true_boxes.shape == (0, 4)
    assert hits_by_overlap(nothing).shape == hits_by_centre(nothing).shape == (0,)


def test_each_true_box_is_found_once_and_by_the_best_box():
    said = places([added(HERE, 0.5), added(HERE, 0.9), added(FAR, 0.8)], [truly_added(HERE)])
    assert hits_by_overlap(said).tolist() == [False, True, False]
    assert hits_by_centre(said).tolist() == [False, True, False]


def test_a_small_box_in_a_large_true_one_is_right_by_centre_only():
    said = places([added((70, 70, 72, 72))], [truly_added(FAR)])
    assert hits_by_overlap(said).tolist() == [False]
    assert hits_by_centre(said).tolist() == [True]


def test_a_box_takes_the_smallest_true_box_around_its_centre():
    inner = (65.0, 65.0, 75.0, 75.0)
    said = places(
        [added((69, 69, 71, 71), 0.9), added((61, 61, 63, 63), 0.8)],
        [truly_added(FAR), truly_added(inner)],
    )
    assert hits_by_centre(said).tolist() == [True, True]


def test_centre_precision_by_hand():
    # By falling score: right, wrong, right; of three true boxes: (1 + 2/3) / 3.
    first = places([added(HERE, 0.9), added(FAR, 0.8)], [truly_added(HERE), truly_added(THERE)])
    second = places([added(HERE, 0.7)], [truly_added(HERE)])
    assert centre_average_precision([first, second]) == pytest.approx((1 + 2 / 3) / 3)


def test_box_precision_by_hand_over_all_kinds_and_each():
    first = places(
        [added(HERE, 0.9), Change(REMOVED, 0.8, box_before=FAR)],
        [truly_added(HERE), TrueChange(REMOVED, None, THERE, None)],
    )
    calm = places([], [])
    precision = average_precision([first, calm])
    # Recall reaches one half at precision 1: 51 of the 101 points.
    assert precision.overall == pytest.approx(51 / 101)
    assert (precision.added, precision.removed) == (pytest.approx(1), pytest.approx(0))
    assert math.isnan(precision.changed)
    assert precision.centre == pytest.approx(0.5)


def test_a_right_box_of_the_wrong_kind_counts_over_all_kinds_only():
    said = places([Change(CHANGED, 0.9, None, HERE, HERE)], [truly_added(HERE)])
    precision = average_precision([said])
    assert precision.overall == pytest.approx(1)
    assert precision.added == pytest.approx(0)


def test_changes_of_unknown_kind_are_left_out_of_the_kinds():
    unknown = places([added(HERE)], [TrueChange(None, None, HERE, HERE)])
    precision = average_precision([unknown])
    assert precision.overall == pytest.approx(1)
    assert all(math.isnan(value) for value in precision[1:4])


def test_no_truth_has_no_precision():
    assert all(math.isnan(value) for value in average_precision([places([added(HERE)], [])]))
    assert all(math.isnan(value) for value in average_precision([]))


def test_false_alarms_on_calm_pairs_lower_the_precision():
    right = places([added(HERE, 0.5)], [truly_added(HERE)])
    alarm = places([added(FAR, 0.9)], [])
    precision = average_precision([right, alarm])
    assert precision.overall == pytest.approx(0.5)
    assert precision.centre == pytest.approx(0.5)


def test_false_alarms_are_counted_where_ninety_percent_are_found():
    changed = np.linspace(0.1, 1.0, 10)
    unchanged = np.array([0.05, 0.15, 0.2, 0.9])
    scores = np.concatenate([changed, unchanged]).astype(np.float32)
    is_changed = np.arange(14) < 10
    # Nine of ten changed pairs reach 0.2; so do two of four unchanged ones.
    assert false_alarm_rate(scores, is_changed) == 0.5
    assert false_alarm_rate(scores, is_changed, recall=1.0) == 0.75
    assert math.isnan(false_alarm_rate(scores, np.ones(14, bool)))
    assert math.isnan(false_alarm_rate(scores, np.zeros(14, bool)))
