"""Holes that are painted over."""

import numpy as np

from spotdiff.ops.filling import filled_in, grown
from tests.fakes import noise


def test_a_hole_takes_the_colours_around_it_whatever_was_in_it():
    window, hole = noise(1, 60, 90) // 4 + 100, np.zeros((60, 90), np.uint8)
    hole[20:40, 30:60] = 255
    for colour in (0, 255):
        painted = window.copy()
        painted[hole > 0] = colour
        clean = painted.copy()
        # the second time nothing of the old colour is left beside the hole
        clean[hole > 0] = filled_in(painted, hole, 20, 30)[hole > 0]
        inside = filled_in(clean, hole, 20, 30)[hole > 0].astype(int)
        assert abs(inside.mean() - window.mean()) < 12
        assert 60 < inside.min() <= inside.max() < 200


def test_nothing_is_nearer_to_a_mask_than_its_growth():
    mask = np.zeros((9, 9), np.uint8)
    mask[4, 4] = 7
    assert grown(mask, 0).sum() == 1
    assert grown(mask, 2).sum() == 25
    assert not grown(np.zeros((3, 3), np.uint8), 2).any()
