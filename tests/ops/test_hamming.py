"""Pairs of near codes: none is missed, none comes twice, and equal codes do not multiply."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from spotdiff.ops.hamming import components, neighbours


def codes(*numbers):
    return np.array(numbers, np.uint64)


def clustered(rng, count, centres, max_flips):
    """Codes around a few centres, with repeats; each bit of a flip is drawn anew."""
    near = rng.integers(0, 2**64, centres, dtype=np.uint64)[rng.integers(0, centres, count)]
    for _ in range(max_flips):
        flips = rng.integers(0, 2, count, dtype=np.uint64)
        near ^= flips << rng.integers(0, 64, count, dtype=np.uint64)
    return near


def as_asked(own, max_distance, others=None):
    """What `neighbours` promises, by comparing everything."""
    against = own if others is None else others
    apart = np.bitwise_count(own[:, None] ^ against)
    stands = np.zeros(len(against), bool)
    stands[np.unique(against, return_index=True)[1]] = True
    wanted = (apart <= max_distance) & stands
    if others is None:
        rows = np.arange(len(own))
        repeats = (apart == 0) & stands[:, None]
        wanted = ((wanted & stands[:, None]) | repeats) & (rows[:, None] < rows)
    return np.argwhere(wanted), apart[wanted]


def assert_as_asked(own, max_distance, others=None):
    near = neighbours(own, max_distance, others)
    pairs, distances = as_asked(own, max_distance, others)
    np.testing.assert_array_equal(near.pairs, pairs)
    np.testing.assert_array_equal(near.distances, distances)
    assert (near.pairs.dtype, near.distances.dtype) == (np.int64, np.uint8)


@pytest.mark.parametrize("max_distance", range(21))
@settings(max_examples=10)
@given(seed=st.integers(0, 10**6), count=st.integers(0, 150), centres=st.integers(1, 20))
def test_all_near_pairs_are_found(max_distance, seed, count, centres):
    rng = np.random.default_rng(seed)
    assert_as_asked(clustered(rng, count, centres, 12), max_distance)


@pytest.mark.parametrize("max_distance", range(21))
@settings(max_examples=10)
@given(seed=st.integers(0, 10**6), counts=st.tuples(st.integers(0, 120), st.integers(0, 120)))
def test_all_near_pairs_between_two_sets_are_found(max_distance, seed, counts):
    both = clustered(np.random.default_rng(seed), sum(counts), 9, 12)
    assert_as_asked(both[: counts[0]], max_distance, both[counts[0] :])


def test_the_planted_neighbours_of_many_codes_are_all_found():
    rng = np.random.default_rng(1)
    first = rng.integers(0, 2**64, 30_000, dtype=np.uint64)
    flips = np.bitwise_or.reduce(np.uint64(1) << rng.integers(0, 64, (4, 300), dtype=np.uint64))
    near = neighbours(np.concatenate([first, first[:300] ^ flips]), 4)
    assert near.pairs.tolist() == [[row, 30_000 + row] for row in range(300)]
    assert near.distances.tolist() == np.bitwise_count(flips).tolist()
    between = neighbours(first, 4, first[:300] ^ flips)
    assert between.pairs.tolist() == [[row, row] for row in range(300)]


def test_a_distance_at_the_limit_is_near_and_one_beyond_is_not():
    assert neighbours(codes(0, 0b111), 3).distances.tolist() == [3]
    assert neighbours(codes(0, 0b111), 2).pairs.shape == (0, 2)
    assert neighbours(codes(0, 2**64 - 1), 64).distances.tolist() == [64]
    assert neighbours(codes(0, 2**64 - 1), 63).pairs.shape == (0, 2)


@pytest.mark.parametrize("max_distance", [0, 4, 64])
def test_a_hundred_thousand_equal_codes_are_as_many_pairs(max_distance):
    near = neighbours(np.full(100_000, 5, np.uint64), max_distance)
    np.testing.assert_array_equal(near.pairs[:, 0], 0)
    np.testing.assert_array_equal(near.pairs[:, 1], np.arange(1, 100_000))


def test_no_codes_have_no_neighbours():
    assert neighbours(codes(), 3).pairs.shape == (0, 2)
    assert neighbours(codes(), 3, codes(1)).pairs.shape == (0, 2)
    assert neighbours(codes(1), 3, codes()).pairs.shape == (0, 2)


def test_what_is_no_code_and_no_number_of_bits_is_told():
    with pytest.raises(ValueError, match="type uint64, got int64"):
        neighbours(np.array([1, 2]), 3)
    with pytest.raises(ValueError, match=r"uint64, got uint64 \(1, 2\)"):
        neighbours(codes(1), 3, codes([1, 2]))
    for wrong in (-1, 65):
        with pytest.raises(ValueError, match=f"from 0 to 64, got {wrong}"):
            neighbours(codes(1), wrong)


@given(st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=30))
def test_rows_are_called_after_the_smallest_that_a_chain_joins_them_with(links):
    pairs = np.array(links, np.int64).reshape(-1, 2)
    expected = list(range(20))
    for _ in range(20):
        for i, j in links:
            expected[i] = expected[j] = min(expected[i], expected[j])
    assert components(pairs, 20).tolist() == expected


@given(st.integers(0, 1000), st.integers(0, 8))
def test_pairs_of_repeats_join_the_groups_that_all_pairs_join(seed, max_distance):
    own = clustered(np.random.default_rng(seed), 60, 10, 6)
    joined = components(neighbours(own, max_distance).pairs, 60)
    near = coo_array(np.bitwise_count(own[:, None] ^ own) <= max_distance)
    everything = connected_components(near, directed=False)[1]
    for row in range(60):
        assert joined[row] == np.flatnonzero(everything == everything[row])[0]


def test_rows_without_pairs_are_groups_of_their_own():
    assert components(np.zeros((0, 2), np.int64), 3).tolist() == [0, 1, 2]
    assert components(np.zeros((0, 2), np.int64), 0).shape == (0,)
