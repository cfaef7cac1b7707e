"""Ranges of numbers with their ends in or out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.ops.intervals import Interval

NUMBERS = st.floats(-1, 1, allow_nan=False)


@pytest.mark.parametrize(
    ("closed", "expected"), [(True, [False, True, True, True, False]), (False, [False] * 5)]
)
def test_the_ends_belong_to_it_only_where_it_is_closed(closed, expected):
    expected[2] = True
    values = np.float32([0.25, 0.5, 0.625, 0.75, 1])  # all of them exact in half the bits
    assert Interval(0.5, 0.75, closed).holds(values).tolist() == expected


def test_what_is_no_number_lies_in_no_interval():
    assert not Interval(-np.inf, np.inf).holds(np.array([np.nan])).any()


def test_an_end_at_infinity_is_no_limit():
    assert Interval(0.1, np.inf, closed=False).holds(np.array([5.0, np.inf])).tolist() == [1, 0]


def test_an_interval_of_one_number_holds_it_if_closed():
    assert Interval(0.5, 0.5).holds(np.array([0.5])).all()
    assert not Interval(0.5, 0.5, closed=False).holds(np.array([0.5])).any()


def test_no_values_are_held_by_shape():
    assert Interval(0, 1).holds(np.zeros(0)).shape == (0,)


@pytest.mark.parametrize(("low", "high"), [(0.6, 0.5), (np.nan, 1), (0, np.nan)])
def test_an_interval_that_ends_before_it_begins_is_refused(low, high):
    with pytest.raises(ValueError, match="ends after it begins"):
        Interval(low, high)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_the_open_one_lies_inside_the_closed_one(first, second, value):
    low, high = sorted((first, second))
    inside = Interval(low, high, closed=False).holds(np.array([value]))
    assert not (inside & ~Interval(low, high).holds(np.array([value]))).any()
