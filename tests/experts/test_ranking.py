"""What is kept of the queries of a network."""

import numpy as np
import pytest

from spotdiff.experts.ranking import ranked

BOXES = np.float32([[0, 0, 4, 4], [2, 2, 6, 6], [1, 1, 3, 3]])
ROWS = np.array([0, 1, 0])


def _kept(scores, boxes=BOXES, min_score=0.0, max_objects=9):
    limits = {"min_score": min_score, "max_objects": max_objects}
    return ranked(boxes, np.float32(scores), ROWS, ("car", "dog"), (8, 8), **limits)


def test_the_best_come_first_and_equal_ones_in_their_order():
    found = _kept([0.5, 0.75, 0.5])
    assert found.scores.tolist() == [0.75, 0.5, 0.5]
    assert found.boxes[:, 0].tolist() == [2, 0, 1]
    assert found.labels == ("dog", "car", "car")


def test_a_box_without_area_takes_no_place():
    boxes = np.float32([[9, 9, 12, 12], [2, 2, 2, 6], [1, 1, 3, 3]])
    assert _kept([1, 0.75, 0.5], boxes, max_objects=1).boxes.tolist() == [[1, 1, 3, 3]]


def test_a_score_at_the_limit_is_kept():
    assert _kept([0.25, 0.5, 0.75], min_score=0.5).scores.tolist() == [0.75, 0.5]
    assert _kept([0.25, 0.5, 0.75], min_score=1).boxes.shape == (0, 4)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_no_number_is_told(wrong):
    with pytest.raises(ValueError, match=r"half precision may be too coarse. Give half=false."):
        _kept([0.5, wrong, 0.5])
    with pytest.raises(ValueError, match="Expected finite boxes and scores"):
        _kept([0.5, 0.5, 0.5], np.full((3, 4), wrong, np.float32))
