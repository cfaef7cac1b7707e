"""Suppression that asks late gives what suppression that asks first gives."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.ops.selection import LazySelection


def eager(overlaps, good, limit):
    kept = []
    for index in range(len(good)):
        if good[index] and not overlaps[index, kept].any() and len(kept) < limit:
            kept.append(index)
    return kept


def run(overlaps, good, limit):
    selection, asked = LazySelection(overlaps, limit), []
    while pending := selection.pending():
        asked += pending
        selection.tell({index: bool(good[index]) for index in pending})
    return selection.kept, asked


@given(
    st.integers(0, 14),
    st.integers(0, 2**32 - 1),
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(0, 9),
)
def test_the_kept_are_those_of_the_eager_procedure(count, seed, density, share, limit):
    rng = np.random.default_rng(seed)
    overlaps = np.triu(rng.random((count, count)) < density, 1)
    overlaps |= overlaps.T
    good = rng.random(count) < share
    kept, asked = run(overlaps, good, limit)
    assert kept == eager(overlaps, good, limit)
    assert len(asked) == len(set(asked))


def test_nobody_is_asked_about_what_a_kept_one_overlaps():
    kept, asked = run(np.ones((5, 5), bool), np.ones(5, bool), 5)
    assert (kept, asked) == ([0], [0])


def test_nobody_is_asked_after_the_last_free_place():
    kept, asked = run(np.eye(9, dtype=bool), np.ones(9, bool), 3)
    assert (kept, asked) == ([0, 1, 2], [0, 1, 2])


def test_independent_candidates_are_asked_in_one_round():
    assert LazySelection(np.eye(4, dtype=bool)).pending() == [0, 1, 2, 3]
