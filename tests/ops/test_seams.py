"""Tiles cover everything, and putting identical pieces together changes nothing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.ops.seams import Tile, blend, tiles


def test_tiles_are_spread_evenly_and_end_at_the_border():
    layout = tiles(100, 256, size=100, overlap=20)
    assert [tile.left for tile in layout] == [0, 78, 156]
    assert layout[-1] == Tile(0, 156, 100, 256)


def test_an_image_smaller_than_a_tile_is_one_tile():
    assert tiles(30, 20, size=64, overlap=8) == [(0, 0, 30, 20)]


@settings(max_examples=60)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(2, 40), st.data())
def test_tiles_cover_everything_share_the_overlap_and_have_one_size(height, width, size, data):
    overlap = data.draw(st.integers(0, size - 1))
    layout = tiles(height, width, size, overlap)
    seen = np.zeros((height, width), int)
    for tile in layout:
        assert tile.bottom - tile.top == min(size, height)
        assert tile.right - tile.left == min(size, width)
        seen[tile.window] += 1
    assert seen.min() >= 1
    lefts = sorted({tile.left for tile in layout})
    assert all(b - a <= size - overlap for a, b in pairwise(lefts))


@settings(max_examples=60)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(2, 30), st.data())
def test_blending_the_crops_of_a_map_gives_the_map(height, width, size, data):
    layout = tiles(height, width, size, data.draw(st.integers(0, size - 1)))
    whole = np.random.default_rng(height * width).random((3, height, width)).astype(np.float32)
    pieces = (whole[(..., *tile.window)] for tile in layout)
    np.testing.assert_allclose(blend(layout, pieces, (height, width)), whole, rtol=1e-5)


def test_where_tiles_disagree_the_middle_of_each_has_the_say():
    layout = tiles(1, 12, size=8, overlap=4)
    both = blend(layout, [np.zeros((1, 8), np.float32), np.ones((1, 8), np.float32)], (1, 12))[0]
    assert both[:4].tolist() == [0, 0, 0, 0]
    assert both[8:].tolist() == [1, 1, 1, 1]
    assert (np.diff(both[3:9]) > 0).all()
    np.testing.assert_allclose(both + both[::-1], 1, rtol=1e-5)


def test_an_overlap_as_large_as_the_tile_is_refused():
    with pytest.raises(ValueError, match="Expected an overlap"):
        tiles(10, 10, size=4, overlap=4)


def test_a_piece_of_the_wrong_size_and_a_hole_are_refused():
    with pytest.raises(ValueError, match=r"Expected a map of \(4, 4\)"):
        blend([Tile(0, 0, 4, 4)], [np.zeros((3, 4), np.float32)], (4, 4))
    with pytest.raises(ValueError, match="cover all"):
        blend([Tile(0, 0, 4, 4)], [np.zeros((4, 4), np.float32)], (4, 5))
