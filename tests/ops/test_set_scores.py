"""Scores of two sets: rows with gaps are as rows without them, and bins hold every score."""

import numpy as np
import pytest

from spotdiff.ops.set_scores import compared, corrected, histogram


def test_gaps_are_left_out_row_by_row():
    rng = np.random.default_rng(0)
    first, second = rng.normal(0.5, 1, (3, 20)), rng.normal(0, 1, (3, 30))
    whole = compared(first, second)
    gaps = np.hstack([first, np.full((3, 5), np.nan)])
    gaps[1, -1] = 0.3
    told = compared(gaps, second)
    for field, other in zip(whole, told, strict=True):
        np.testing.assert_allclose(field[[0, 2]], other[[0, 2]])
    assert told.area[1] != whole.area[1]


def test_swapped_sets_give_the_rest_to_one():
    rng = np.random.default_rng(0)
    first, second = rng.normal(0.5, 1, (3, 20)), rng.normal(0, 1, (3, 30))
    there, back = compared(first, second), compared(second, first)
    np.testing.assert_allclose(there.area, 1 - back.area)
    np.testing.assert_allclose(there.low, 1 - back.high)
    np.testing.assert_allclose(there.effect, -back.effect)
    np.testing.assert_allclose(there.p, 1 - back.p)


def test_nothing_known_is_not_a_number_and_no_hypotheses_are_no_rows():
    told = compared(np.full((1, 3), np.nan), np.zeros((1, 3)))
    assert np.isnan(told.area).all()
    assert compared(np.zeros((0, 3)), np.zeros((0, 3))).area.shape == (0,)
    assert corrected(np.zeros(0)).shape == (0,)


def test_bins_hold_every_score_and_no_stray_one_widens_them():
    rng = np.random.default_rng(0)
    first, second = rng.uniform(size=500), rng.uniform(size=300)
    first[0] = 1e6
    told = histogram(first, second, bins=10)
    assert told is not None
    assert (sum(told.first), sum(told.second)) == (500, 300)
    assert told.high < 2
    constant = histogram(np.ones(3), np.ones(2))
    assert constant is not None
    assert constant.low == pytest.approx(0.5)
    assert sum(constant.second) == 2
    assert histogram(np.zeros(0), np.ones(2)) is None
