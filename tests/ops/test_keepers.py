"""Who stays of a group."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.ops.keepers import kept_of


@pytest.mark.parametrize("keep", ["first", "largest", "sharpest"])
def test_of_equal_rows_the_first_stays(keep):
    groups = np.array([7, 3, 7, 3])
    assert kept_of(groups, keep, np.ones(4, np.int64), np.ones(4)).tolist() == [0, 1, 0, 1]


def test_a_row_of_unknown_sharpness_stays_only_where_all_are_unknown():
    sharpness = np.array([np.nan, -1.0, np.nan, np.nan])
    kept = kept_of(np.array([0, 0, 1, 1]), "sharpest", np.ones(4, np.int64), sharpness)
    assert kept.tolist() == [1, 1, 2, 2]


def test_areas_that_single_precision_cannot_tell_apart_are_told_apart():
    areas = np.array([2**40, 2**40 + 1])
    assert kept_of(np.zeros(2, np.int64), "largest", areas, np.ones(2)).tolist() == [1, 1]


def test_no_rows_keep_nobody():
    nobody = np.zeros(0, np.int64)
    assert kept_of(nobody, "largest", nobody, np.zeros(0)).shape == (0,)


def test_an_unknown_choice_and_columns_of_other_lengths_are_told():
    rows = np.zeros(2, np.int64)
    with pytest.raises(ValueError, match="one of first, largest, sharpest, got 'best'"):
        kept_of(rows, "best", rows, np.zeros(2))
    with pytest.raises(ValueError, match="each of 2 rows, got 2 and 3"):
        kept_of(rows, "first", rows, np.zeros(3))


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(0, 3)), max_size=20),
    st.sampled_from(["first", "largest", "sharpest"]),
)
def test_every_group_keeps_one_of_its_own_and_none_is_better(rows, keep):
    groups, areas, sharpness = np.array(rows, np.int64).reshape(-1, 3).T
    kept = kept_of(groups, keep, areas, sharpness.astype(np.float64))
    merit = {"first": areas * 0, "largest": areas, "sharpest": sharpness}[keep]
    for group in set(groups.tolist()):
        own = np.flatnonzero(groups == group)
        best = min(own.tolist(), key=lambda row: (-merit[row], row))
        assert kept[own].tolist() == [best] * len(own)
