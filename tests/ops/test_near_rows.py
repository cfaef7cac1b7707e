"""Rows of several codes: none of the near pairs is missed, and nothing else is joined."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.ops import near_rows as place
from spotdiff.ops.hamming import components
from spotdiff.ops.near_rows import labelled, near_rows


def brute(codes, keys, distance, real):
    """All pairs that are near, one by one."""
    near = (np.bitwise_count(codes[:, None] ^ codes[None]) <= distance).all(axis=2)
    near &= (keys[:, None] == keys) & (real[:, None] | real)
    return np.argwhere(np.triu(near, 1))


def drawn(seed, count, positions, bits, keys, share=1.0):
    """Rows of which no two are equal; few bits make them meet at each position."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 2**bits, (count, positions), dtype=np.uint64)
    labels = rng.integers(0, keys, count)
    rows = np.unique(np.column_stack([codes, labels.astype(np.uint64)]), axis=0)
    rows = rng.permutation(rows)
    real = rng.random(len(rows)) < share
    return rows[:, :-1], rows[:, -1].astype(np.int64), real


def check(codes, keys, distance, real):
    found, wanted = near_rows(codes, keys, distance, real), brute(codes, keys, distance, real)
    count = len(codes)
    assert components(found, count).tolist() == components(wanted, count).tolist()
    assert set(found.ravel().tolist()) == set(wanted.ravel().tolist())


@pytest.mark.parametrize("few", [1, 4, 32])
@pytest.mark.parametrize("share", [1.0, 0.4])
@pytest.mark.parametrize(
    ("count", "positions", "bits", "keys"),
    [(200, 1, 10, 1), (200, 2, 5, 1), (300, 3, 4, 2), (300, 2, 64, 1), (90, 4, 3, 20)],
)
def test_the_pairs_join_what_all_near_pairs_join(
    monkeypatch, few, share, count, positions, bits, keys
):
    monkeypatch.setattr(place, "_FEW", few)
    for seed in range(4):
        codes, labels, real = drawn(seed, count, positions, bits, keys, share)
        for distance in (0, 1, 2, 5):
            check(codes, labels, distance, real)


@settings(max_examples=60)
@given(
    st.integers(0, 2**32),
    st.integers(2, 80),
    st.integers(1, 3),
    st.integers(1, 8),
    st.integers(0, 4),
)
def test_drawn_rows_are_joined_as_one_by_one(seed, count, positions, bits, distance):
    codes, labels, real = drawn(seed, count, positions, bits, 3, 0.7)
    check(codes, labels, distance, real)


def test_a_grid_of_repeated_codes_is_searched_without_comparing_all(monkeypatch):
    """Every code comes a hundred times at each position; by chains no two rows are near."""
    compared = []
    known = place.blocks
    monkeypatch.setattr(place, "blocks", lambda c: compared.append(int(c.sum())) or known(c))
    axis = np.random.default_rng(0).integers(0, 2**64, 100, dtype=np.uint64)
    codes = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    assert len(near_rows(codes, np.zeros(len(codes), np.int64), 3)) == 0
    assert sum(compared) == 0


def test_many_pairs_are_reduced_to_what_joins_the_same_rows(monkeypatch):
    monkeypatch.setattr(place, "_HELD", 50)
    codes, labels, real = drawn(0, 400, 2, 4, 1)
    found = near_rows(codes, labels, 8, real)
    assert len(found) < 2 * len(codes)
    check(codes, labels, 8, real)


def test_labels_are_equal_where_rows_are():
    assert labelled([], 3).tolist() == [0, 0, 0]
    assert labelled([np.zeros(0)], 0).tolist() == []
    table = np.random.default_rng(0).integers(0, 3, (200, 3))
    _, wanted = np.unique(table, axis=0, return_inverse=True)
    assert labelled(list(table.T), 200).tolist() == wanted.ravel().tolist()
