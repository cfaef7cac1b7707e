"""Boxes against boxes: matches, sizes, views."""

import numpy as np
import pytest

from spotdiff.evaluation.boxes import PlacesOfChange, matched, recall_by_size
from spotdiff.training.scores import Places
from spotdiff.types import Change, ChangeKind, ChangeMap, PairResult, TrueChange, Truth, ViewInfo

ADDED, REMOVED, CHANGED = ChangeKind


def test_each_true_box_is_matched_once_and_by_the_best_first():
    boxes = np.array([[0, 0, 4, 4], [0, 0, 4, 5], [20, 20, 24, 24]], np.float32)
    kinds, true = np.zeros(3, np.int64), boxes[:1]
    evidence = Places(boxes, np.array([0.5, 0.9, 0.8], np.float32), kinds, true, kinds[:1])
    assert matched(evidence).tolist() == [[1, 0]]
    nothing = Places(boxes[:0], np.zeros(0, np.float32), kinds[:0], true, kinds[:1])
    assert matched(nothing).shape == (0, 2)


def test_recall_is_told_by_the_root_of_the_area():
    true = np.array([[0, 0, 15, 15], [20, 0, 84, 16], [0, 100, 128, 228]], np.float32)
    kinds = np.zeros(3, np.int64)
    found = Places(true[1:], np.ones(2, np.float32), kinds[:2], true, kinds)
    values = recall_by_size([found])
    assert (values["recall_below_16"], values["boxes_below_16"]) == (0, 1)
    assert (values["recall_32_to_64"], values["boxes_32_to_64"]) == (1, 1)  # 64 x 16: 32
    assert (values["recall_from_128"], values["boxes_from_128"]) == (1, 1)
    assert np.isnan(values["recall_16_to_32"])


def measured(changes, truth):
    none = np.zeros((0, 1, 1), np.float32)
    heat = np.zeros((3, 256, 256), np.float32)
    seen = ChangeMap(heat, np.zeros(3, np.float32), np.zeros((3, 0), np.float32), none, none)
    result = PairResult("pair", ViewInfo(""), ViewInfo(""), changes=changes, change_map=seen)
    measure = PlacesOfChange(margin=0)
    assert measure.take(result, Truth(changes=truth))
    return measure.values()


def test_a_box_in_the_wrong_view_is_right_only_where_views_are_one():
    box = (10, 10, 60, 60)
    values = measured(
        (Change(ADDED, 0.9, None, None, box),), (TrueChange(REMOVED, None, box, None),)
    )
    assert values["voc_ap50"] == 1
    assert values["voc_ap50_by_view"] == 0


def test_labels_are_asked_for_only_where_the_truth_has_them():
    box = (10, 10, 60, 60)
    said = (Change(CHANGED, 0.9, "spur", box, box),)
    unnamed = measured(said, (TrueChange(None, None, box, box),))
    assert "deeppcb_ap_with_labels" not in unnamed
    named = measured(said, (TrueChange(None, "open", box, box),))
    assert named["deeppcb_ap"] == 1
    assert named["deeppcb_ap_with_labels"] == 0


def test_pairs_without_boxes_have_no_precision_but_count():
    values = measured((), ())
    assert np.isnan(values["ap50"])
    assert np.isnan(values["recall"])
    assert measured((), (TrueChange(ADDED, None, None, (0, 0, 9, 9)),))["recall"] == pytest.approx(
        0
    )
