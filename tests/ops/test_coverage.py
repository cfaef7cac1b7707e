"""What a laid view covers, and what that leaves of boxes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.ops.coverage import coverage, covered_parts, of_centres, of_corners, warped
from spotdiff.ops.frames import scaling
from tests.fakes import noise

MOVE = np.array([[1, 0, 5], [0, 1, -3], [0, 0, 1.0]])


def test_corners_and_centres_are_two_ways_to_say_one_map():
    tilted = np.array([[1.1, 0.1, 3], [-0.2, 0.9, 4], [1e-4, 2e-4, 1.0]])
    np.testing.assert_allclose(of_corners(of_centres(tilted)), tilted, atol=1e-12)
    # The centre of the first pixel lies at (0.5, 0.5), and twice as far once all is twice as large.
    np.testing.assert_allclose(of_centres(np.diag([2.0, 2, 1])) @ [0, 0, 1], [0.5, 0.5, 1])


def test_a_move_by_whole_pixels_copies_them():
    image = noise(0, 20, 30)
    laid = warped(image, MOVE, (20, 30))
    np.testing.assert_array_equal(laid[:17, 5:], image[3:, :25])


def test_a_move_covers_what_is_left_of_the_frame():
    covered = coverage(MOVE, (20, 30), (20, 30))
    expected = np.zeros((20, 30), bool)
    expected[:17, 5:] = True
    np.testing.assert_array_equal(covered, expected)


def test_what_the_image_does_not_show_covers_nothing():
    shown = np.ones((20, 30), bool)
    shown[:, :10] = False
    covered = coverage(MOVE, (20, 30), (20, 30), shown)
    assert not covered[:, :15].any()
    assert covered[:17, 15:].all()


@given(*[st.integers(1, 90)] * 4)
def test_a_scaled_image_covers_its_whole_frame(height, width, tall, wide):
    size, target = (height, width), (tall, wide)
    assert coverage(scaling(size, target), size, target).all()


@pytest.mark.parametrize(
    ("box", "cut", "known"),
    [
        ((2, 2, 6, 6), (2, 2, 6, 6), 16),  # inside
        ((6, 2, 14, 6), (6, 2, 10, 6), 16),  # half of it
        ((6.5, 2, 14, 6), (6.5, 2, 10, 6), 14),  # edges between pixels stay where they are
        ((12, 2, 14, 6), (0, 0, 0, 0), 0),  # outside
    ],
)
def test_boxes_end_where_the_mask_ends(box, cut, known):
    mask = np.zeros((10, 16), bool)
    mask[:, :10] = True
    found, areas = covered_parts(np.float32([box]), mask)
    np.testing.assert_array_equal(found, np.float32([cut]))
    assert areas[0] == known


def test_of_a_slanted_mask_only_covered_pixels_count():
    mask = np.tril(np.ones((8, 8), bool))
    found, areas = covered_parts(np.float32([[0, 0, 8, 8]]), mask)
    np.testing.assert_array_equal(found, [[0, 0, 8, 8]])
    assert areas[0] == mask.sum()
