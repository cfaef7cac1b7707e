"""Every way to look for near codes finds each pair once."""

from __future__ import annotations

import numpy as np
import pytest

from spotdiff.ops import pigeonholes
from spotdiff.ops.pigeonholes import near_pairs


def clustered(seed, count=150):
    """Different codes around four centres, up to 12 bits from them, in no order."""
    rng = np.random.default_rng(seed)
    near = rng.integers(0, 2**64, 4, dtype=np.uint64)[rng.integers(0, 4, count)]
    for _ in range(12):
        flips = rng.integers(0, 2, count, dtype=np.uint64)
        near ^= flips << rng.integers(0, 64, count, dtype=np.uint64)
    return rng.permutation(np.unique(near))


def assert_found_once(own, others, max_distance):
    left, right, distances = near_pairs(own, others, max_distance)
    if others is None:
        left, right = np.minimum(left, right), np.maximum(left, right)
    apart = np.bitwise_count(own[:, None] ^ (own if others is None else others))
    near = apart <= max_distance
    wanted = np.argwhere(np.triu(near, 1) if others is None else near)
    assert sorted(zip(left.tolist(), right.tolist(), strict=True)) == list(map(tuple, wanted))
    np.testing.assert_array_equal(distances, apart[left, right])


CUTS = [(distance, spare) for distance in range(21) for spare in (1, 2)]


@pytest.mark.parametrize(("max_distance", "spare"), [*CUTS, (0, 3), (2, 3), (4, 3), (2, 5)])
def test_every_way_to_cut_finds_each_pair_once(monkeypatch, max_distance, spare):
    monkeypatch.setattr(pigeonholes, "_plan", lambda *_: (max_distance + spare, spare))
    monkeypatch.setattr(pigeonholes, "_BLOCK", 50)
    own = clustered(max_distance)
    assert_found_once(own, None, max_distance)
    assert_found_once(own[:60], own[60:], max_distance)


@pytest.mark.parametrize("max_distance", [0, 7, 32, 63, 64])
def test_tables_in_blocks_find_each_pair_once(monkeypatch, max_distance):
    monkeypatch.setattr(pigeonholes, "_BLOCK", 400)
    own = clustered(0)
    assert_found_once(own, None, max_distance)
    assert_found_once(own[:60], own[60:], max_distance)


def test_codes_that_agree_in_most_bits_are_compared_in_a_table():
    # 5000 codes of 13 bits: any choice of chunks would pick most of them with most.
    few = np.arange(5000, dtype=np.uint64)
    assert pigeonholes._plan(few, None, 8) == (1, 0)
    spread = np.random.default_rng(0).integers(0, 2**64, 5000, dtype=np.uint64)
    assert pigeonholes._plan(spread, None, 8)[1] > 0
    assert pigeonholes._plan(spread, None, 64) == (1, 0)


def test_all_bits_are_in_one_chunk_each():
    for chunks in (1, 5, 64):
        masks = pigeonholes._masks(chunks)
        assert np.bitwise_or.reduce(masks) == 2**64 - 1
        assert sum(int(np.bitwise_count(mask)) for mask in masks) == 64
