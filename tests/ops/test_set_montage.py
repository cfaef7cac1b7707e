from __future__ import annotations

import numpy as np
import pytest

from spotdiff.ops.set_montage import letterboxed, set_montage, sheet


@pytest.mark.parametrize("counts", [(1, 1), (1, 40), (20, 20), (7, 3), (50, 50)])
@pytest.mark.parametrize("side", [512, 1024])
def test_any_counts_fit_within_the_limit_and_nothing_is_left_out(counts, side):
    plan = sheet(counts, side)
    assert max(plan.size) <= side
    assert all(plan.columns * rows >= count for rows, count in zip(plan.rows, counts, strict=True))
    assert 16 <= plan.cell <= 256


def test_the_first_set_is_above_the_second_one():
    first = [np.full((30, 40, 3), 10, np.uint8)] * 5
    second = [np.full((40, 30, 3), 220, np.uint8)] * 2
    drawn = set_montage(first, second, 300, 64)
    rows = {value: np.flatnonzero((drawn == value).all(axis=2).any(axis=1)) for value in (10, 220)}
    line = np.flatnonzero((drawn == 0).all(axis=(1, 2)))
    assert rows[10].max() < line.min() <= line.max() < rows[220].min()


def test_pictures_keep_their_aspect():
    drawn = letterboxed(np.full((100, 400, 3), 255, np.uint8), 80)
    shown = (drawn == 255).all(axis=2)
    assert (np.flatnonzero(shown.any(axis=1)).size, np.flatnonzero(shown.any(axis=0)).size) == (
        20,
        80,
    )


def test_one_pixel_wide_pictures_are_shown():
    assert letterboxed(np.zeros((400, 1, 3), np.uint8), 16).shape == (16, 16, 3)


def test_too_many_pictures_or_none_are_one_sentence():
    with pytest.raises(ValueError, match="Expected pictures of both sets"):
        set_montage([], [np.zeros((9, 9, 3), np.uint8)])
    with pytest.raises(ValueError, match="show fewer pictures, or allow more pixels"):
        sheet((400, 400), 256)
