"""Shares and means of heat in boxes."""

import numpy as np
import pytest

from spotdiff.ops.box_heat import heat_in_boxes, shares_in_boxes
from spotdiff.ops.heatmap import any_kind
from spotdiff.types import HEAT_LEVELS

RNG = np.random.default_rng(0)
HEAT = (RNG.integers(0, 256, (3, 18, 32)) / 255).astype(np.float32)


def test_shares_and_means_are_those_of_the_pixels_inside():
    boxes = np.float32([[0, 0, 32, 18], [3, 4, 9, 11], [30.5, 2.2, 40, 9.7]])
    shares, means = shares_in_boxes(HEAT, boxes, HEAT_LEVELS), heat_in_boxes(HEAT, boxes)
    windows = [np.s_[:, 0:18, 0:32], np.s_[:, 4:11, 3:9], np.s_[:, 2:10, 30:32]]
    for row, window in enumerate(windows):
        inside = HEAT[window]
        np.testing.assert_allclose(means[row], inside.mean(axis=(1, 2)), rtol=1e-5)
        hot = any_kind(inside)
        expected = [(hot >= level - 1e-6).mean() for level in HEAT_LEVELS]
        np.testing.assert_allclose(shares[row], expected, atol=1e-6)


@pytest.mark.parametrize(
    "box", [(5, 5, 6, 6), (5, 5, 5, 5), (31.9, 17.9, 99, 99), (-9, -9, -3, -2)]
)
def test_boxes_of_a_pixel_or_none_count_one(box):
    assert np.isfinite(shares_in_boxes(HEAT, np.float32([box]), HEAT_LEVELS)).all()
    assert (heat_in_boxes(HEAT, np.float32([box])) <= 1).all()


def test_a_map_that_is_a_pixel_high_is_read():
    assert heat_in_boxes(HEAT[:, :1], np.float32([[0, 0, 32, 3]])).shape == (1, 3)


def test_no_boxes_have_no_shares():
    nothing = np.zeros((0, 4), np.float32)
    assert shares_in_boxes(HEAT, nothing, HEAT_LEVELS).shape == (0, len(HEAT_LEVELS))
    assert heat_in_boxes(HEAT, nothing).shape == (0, 3)
