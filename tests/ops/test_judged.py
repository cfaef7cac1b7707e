from __future__ import annotations

import numpy as np
import pytest

from spotdiff.ops.judged import accuracy, best_of, mean_interval


def test_the_acceptance_grades_give_the_acceptance_values():
    told = accuracy([1, 0, 2, 0, 0])
    assert (told.at_1, told.at_5, told.at_n) == (0.5, 1.0, 1.0)


def test_fewer_than_five_are_allowed_and_none_is_nothing_found():
    assert accuracy([1])[:3] == (0.5, 0.5, 0.5)
    assert accuracy([])[:3] == (0, 0, 0)


def test_what_is_not_graded_is_told_and_never_counted_as_wrong():
    told = accuracy([None, None, None, None, None, 2])
    assert told == (None, None, 1.0, 5)
    assert best_of([None, 0], 2) == 0


def test_the_interval_is_that_of_the_mean_and_repeats():
    values = np.random.default_rng(0).choice([0, 0.5, 1], 50)
    mean, low, high = mean_interval(values)
    assert low < mean < high
    assert mean == pytest.approx(values.mean())
    half = 1.96 * values.std() / np.sqrt(50)
    assert (low, high) == pytest.approx((mean - half, mean + half), abs=0.02)
    assert mean_interval(values) == (mean, low, high)
    assert np.isnan(mean_interval(np.zeros(0))).all()
