"""One view laid onto the frame of the other."""

import numpy as np
import pytest

from spotdiff.ops.boxes import mask_box, transform
from spotdiff.ops.frames import in_one_frame, resize, scaling
from spotdiff.types import Pair, Truth


def test_the_corner_of_one_image_is_mapped_to_the_corner_of_the_other():
    matrix = scaling((10, 20), (30, 50))
    box = transform(np.float32([[0, 0, 20, 10]]), matrix)
    np.testing.assert_allclose(box, [[0, 0, 50, 30]])


def test_scaling_there_and_back_is_nothing():
    there, back = scaling((7, 11), (5, 3)), scaling((5, 3), (7, 11))
    np.testing.assert_allclose(there @ back, np.eye(3), atol=1e-12)


def test_an_image_of_the_right_size_is_not_copied():
    image = np.zeros((4, 5, 3), np.uint8)
    assert resize(image, (4, 5)) is image


def test_shrinking_averages():
    board = np.indices((8, 8)).sum(0) % 2 * 200
    image = np.repeat(board[..., None], 3, axis=2).astype(np.uint8)
    np.testing.assert_array_equal(resize(image, (4, 4)), np.full((4, 4, 3), 100, np.uint8))


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (40, 3)])
def test_any_size_can_be_asked_for(size):
    image = np.full((1, 1, 3), 9, np.uint8)
    assert resize(image, size).shape == (*size, 3)
    assert (resize(image, size) == 9).all()


def test_only_the_before_view_is_resized():
    pair = Pair(
        "a", np.zeros((2, 3, 3), np.uint8), np.zeros((4, 5, 3), np.uint8), Truth(changes=())
    )
    framed, _ = in_one_frame(pair)
    assert framed.before.shape == (4, 5, 3)
    assert framed.after is pair.after
    assert framed.truth == pair.truth


def test_a_fitted_view_keeps_the_shape_of_things_and_says_where_both_views_show_something():
    before, after = np.zeros((40, 40, 3), np.uint8), np.zeros((20, 60, 3), np.uint8)
    before[10:30, 10:30] = 200
    framed, matrix = in_one_frame(Pair("square", before, after), "fit")
    assert framed.before.shape == framed.after.shape
    assert mask_box(framed.overlap) == (20, 0, 40, 20)
    assert framed.overlap.sum() == 20 * 20
    square = mask_box(framed.before[..., 0] > 100)
    assert square == (25, 5, 35, 15)
    np.testing.assert_allclose(matrix @ [10, 10, 1], [25, 5, 1])


def test_a_fitted_view_repeats_after_where_it_shows_nothing():
    before, after = np.zeros((40, 40, 3), np.uint8), np.full((20, 60, 3), 90, np.uint8)
    framed, _ = in_one_frame(Pair("square", before, after), "fit")
    np.testing.assert_array_equal(framed.before[..., 0], np.where(framed.overlap, 0, 90))
    assert (framed.after == 90).all()


@pytest.mark.parametrize("method", ["resize", "fit"])
def test_views_of_one_shape_share_the_whole_frame(method):
    before, after = np.zeros((40, 80, 3), np.uint8), np.zeros((20, 40, 3), np.uint8)
    framed, matrix = in_one_frame(Pair("half", before, after), method)
    assert framed.overlap is None
    np.testing.assert_allclose(matrix, np.diag([0.5, 0.5, 1]))


def test_a_sliver_fits_with_a_pixel_to_show():
    before, after = np.zeros((500, 1, 3), np.uint8), np.zeros((20, 60, 3), np.uint8)
    framed, matrix = in_one_frame(Pair("sliver", before, after), "fit")
    assert mask_box(framed.overlap) == (29, 0, 30, 20)
    np.testing.assert_allclose(matrix @ [1, 500, 1], [30, 20, 1])
