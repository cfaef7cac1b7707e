"""Ranges, and several scores of one row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.building.ranges import Range, chosen, reduced

SCORES = (-1.0, 0.1, 0.5, 0.9, 2.0)


@pytest.mark.parametrize(
    ("ends", "expected"),
    [("[]", (0.1, 0.5, 0.9)), ("()", (0.5,)), ("[)", (0.1, 0.5)), ("(]", (0.5, 0.9))],
)
def test_ends(ends, expected):
    assert tuple(s for s in SCORES if Range(0.1, 0.9, ends).holds(s)) == expected
    outside = tuple(s for s in SCORES if s not in expected)
    assert tuple(s for s in SCORES if Range(0.1, 0.9, ends, True).holds(s)) == outside


def test_open_sides_and_the_bound_that_was_missed():
    assert Range().holds(-1e9)
    assert not Range(reversed=True).holds(0)
    assert Range(reversed=True).missed(0) is None
    assert (Range(0.5).missed(0.4), Range(None, 0.5).missed(0.6)) == (0.5, 0.5)
    assert Range(0.2, 0.5, reversed=True).missed(0.4) == 0.5
    assert Range(0.2, 0.5, "(]").missed(0.2) == 0.2


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=4), st.sampled_from(("any", "all")))
def test_any_and_all(scores, over):
    found = Range(-0.5, 0.5)
    kept, score = found.decided(scores, over)
    assert kept == (any if over == "any" else all)(map(found.holds, scores))
    assert score in scores
    assert found.holds(score) == kept


def test_reduced():
    assert reduced([0.2, 0.4, 0.9], "avg") == pytest.approx(0.5)
    assert (reduced([0.2, 0.9], "max"), reduced([0.2, 0.9], "min")) == (0.9, 0.2)


def test_what_cannot_be_is_one_sentence():
    with pytest.raises(ValueError, match="min of at most max, got 1 and 0"):
        Range(1, 0)
    with pytest.raises(ValueError, match=r"ends to be one of .*, got 'x'"):
        Range(ends="x")
    with pytest.raises(ValueError, match="over to be one of any, all, got 'most'"):
        chosen("over", "most", ("any", "all"))
