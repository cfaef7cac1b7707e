"""Drawn shapes, textures and grounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.data.shapes import SHAPE_NAMES, ground, shape, stretched, stripes, texture


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(8, 60), st.integers(8, 60))
def test_a_shape_is_an_alpha_of_the_asked_size_with_something_solid_in_it(seed, height, width):
    alpha, name = shape(np.random.default_rng(seed), height, width)
    assert alpha.shape == (height, width)
    assert alpha.dtype == np.uint8
    assert name in SHAPE_NAMES
    assert alpha.max() > 127


def test_every_shape_is_drawn_sooner_or_later():
    rng = np.random.default_rng(0)
    assert {shape(rng, 24, 24)[1] for _ in range(200)} == set(SHAPE_NAMES)


def test_shapes_neither_fill_nor_empty_their_window_on_average():
    rng = np.random.default_rng(0)
    shares = [(shape(rng, 40, 40)[0] > 127).mean() for _ in range(100)]
    assert 0.25 < np.mean(shares) < 0.7


@pytest.mark.parametrize("draw", [texture, ground])
def test_surfaces_have_the_asked_size_and_repeat_with_their_seed(draw):
    for seed in range(12):
        image = draw(np.random.default_rng(seed), 33, 47)
        assert image.shape == (33, 47, 3)
        assert image.dtype == np.uint8
        np.testing.assert_array_equal(image, draw(np.random.default_rng(seed), 33, 47))


def test_stripes_hold_both_values():
    bands = stripes(np.random.default_rng(1), 64, 64)
    assert set(np.unique(bands)) == {0, 1}


def test_a_grid_of_one_colour_stretches_to_that_colour():
    image = stretched(np.full((2, 2, 3), 7), 5, 9)
    np.testing.assert_array_equal(image, np.full((5, 9, 3), 7, np.uint8))
