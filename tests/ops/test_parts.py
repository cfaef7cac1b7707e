"""Parts of torn things become one; what stands side by side does not."""

import numpy as np
import pytest

from spotdiff.ops.heatmap import Regions
from spotdiff.ops.parts import any_label, joined

BOXES = np.array([[0, 0, 5, 5], [8, 0, 12, 5], [15, 0, 18, 5], [60, 60, 70, 70]], np.float32)
ALL_ONE = np.array([[0.9, 0.1]] * 4, np.float32)


def found(scores=(0.5, 0.9, 0.7, 0.8), kinds=(0, 0, 0, 0)) -> Regions:
    return Regions(BOXES, np.full(4, 10), np.array(scores, np.float32), np.array(kinds))


def test_a_chain_of_parts_is_one_thing_at_the_place_of_its_best():
    whole, names = joined(found(), ALL_ONE, max_gap=3)
    assert whole.boxes.tolist() == [[0, 0, 18, 5], [60, 60, 70, 70]]
    assert whole.areas.tolist() == [30, 10]
    assert whole.scores.tolist() == pytest.approx([0.9, 0.8])
    assert len(names) == 2


@pytest.mark.parametrize("gap", [2, -1])
def test_nothing_is_joined_over_a_wider_gap_or_where_that_is_off(gap):
    assert len(joined(found(), ALL_ONE, max_gap=gap)[0]) == 4


def test_parts_are_of_one_kind_and_one_name():
    assert len(joined(found(kinds=(0, 1, 0, 0)), ALL_ONE, max_gap=3)[0]) == 4
    names = ALL_ONE.copy()
    names[0] = [0.2, 0.7]
    whole, kept = joined(found(), names, max_gap=3)
    assert whole.boxes.tolist() == [[0, 0, 5, 5], [8, 0, 18, 5], [60, 60, 70, 70]]
    assert kept.argmax(axis=1).tolist() == [1, 0, 0]


def test_what_scores_too_little_is_left_as_it_is():
    whole, _ = joined(found(), ALL_ONE, max_gap=3, min_score=0.6)
    assert whole.boxes.tolist() == [[0, 0, 5, 5], [8, 0, 18, 5], [60, 60, 70, 70]]


def test_overlapping_boxes_are_joined_and_none_at_all_is_fine():
    boxes = np.array([[0, 0, 9, 9], [3, 3, 5, 20]], np.float32)
    two = Regions(boxes, np.full(2, 9), np.ones(2, np.float32), np.zeros(2, int))
    assert joined(two, ALL_ONE[:2], max_gap=0)[0].boxes.tolist() == [[0, 0, 9, 20]]
    none = np.array([], int)
    assert len(joined(two[none], ALL_ONE[none], max_gap=3)[0]) == 0


def test_any_label_is_a_probability():
    assert any_label(np.float32([[0.7, 0.4], [0.2, 0.1]])).tolist() == pytest.approx([1.0, 0.3])
