"""Red frames and montages, pixel by pixel."""

import numpy as np
import pytest

from spotdiff.ops.montage import RED, framed, framed_pair, grown, side_by_side
from tests.fakes import noise


def _red(image: np.ndarray) -> np.ndarray:
    return (image == RED).all(axis=2)


def test_a_frame_lies_around_its_box_and_leaves_the_thing_alone():
    image = noise(0, 64, 96)
    drawn = framed(image, (20, 15, 60, 40))
    red = _red(drawn) & ~_red(image)
    rows, columns = np.nonzero(red)
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (15, 64, 10, 44)
    assert red.sum() == 50 * 35 - 44 * 29  # three pixels on each side
    np.testing.assert_array_equal(drawn[15:40, 20:60], image[15:40, 20:60])
    np.testing.assert_array_equal(drawn[~red], image[~red])
    assert not _red(image).any()  # a copy was drawn on


@pytest.mark.parametrize("box", [(-9, -9, 12, 12), (90, 60, 200, 99), (0, 0, 96, 64)])
def test_a_frame_at_the_border_is_closed_on_all_sides(box):
    red = _red(framed(noise(1, 64, 96), box))
    rows, columns = np.nonzero(red)
    for line in (red[rows.min()], red[rows.max()]):
        assert line[columns.min() : columns.max() + 1].all()
    for line in (red[:, columns.min()], red[:, columns.max()]):
        assert line[rows.min() : rows.max() + 1].all()


@pytest.mark.parametrize(
    "box", [(0, 0, 0, 0), (96, 64, 96, 64), (40, 30, 40, 30), (95.9, 3, 97, 4)]
)
def test_a_box_without_room_has_a_frame_in_which_something_is_left(box):
    image = np.zeros((64, 96, 3), np.uint8)
    red = _red(framed(image, box))
    rows, columns = np.nonzero(red)
    whole = (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
    assert 0 < red.sum() < whole


def test_a_view_of_one_pixel_can_be_framed():
    assert framed(np.zeros((1, 1, 3), np.uint8), (0, 0, 1, 1)).shape == (1, 1, 3)


def test_mirrored_views_have_mirrored_frames():
    image = noise(2, 60, 80)
    box, mirrored = (10, 20, 31, 44), (80 - 31, 20, 80 - 10, 44)
    np.testing.assert_array_equal(framed(image, box)[:, ::-1], framed(image[:, ::-1], mirrored))


def test_views_of_unequal_height_stand_on_one_line_with_black_below():
    before, after = noise(3, 40, 30), noise(4, 64, 50)
    both = side_by_side(before, after)
    assert both.shape == (64, 100, 3)
    np.testing.assert_array_equal(both[:40, :30], before)
    np.testing.assert_array_equal(both[:, 50:], after)
    assert not both[40:, :30].any()
    assert not both[:, 30:50].any()


def test_a_pair_shows_both_frames_each_around_its_own_box():
    before, after = noise(5, 64, 96), noise(6, 64, 96)
    boxes = ((10, 10, 30, 30), (50, 20, 80, 50))
    both = framed_pair(before, after, boxes)
    np.testing.assert_array_equal(both[:, :96], framed(before, boxes[0]))
    np.testing.assert_array_equal(both[:, 116:], framed(after, boxes[1]))


def test_a_box_grows_no_further_than_the_view():
    assert grown((2, 3, 60, 90), 5, (91, 62)) == (0, 0, 62, 91)
