"""Rows that show the same meet in a shard, whatever the shards."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.ops import pigeonholes
from spotdiff.ops.hamming import components
from spotdiff.stages.bucketing import Sharding
from spotdiff.stages.deduplication import Sameness
from spotdiff.types import RowHashes
from tests.hash_parts import image, row_hashes


def sharded(rows: RowHashes, sameness: Sameness, in_shard: int, block: int) -> list[int]:
    """The groups by way of shards; each sees what was sent to it alone, and sees it twice."""
    sharding = Sharding.of(sameness, rows, in_shard, least=3)
    received = defaultdict(list)
    for start in range(0, len(rows), block):
        some = rows.taken(np.arange(start, min(start + block, len(rows))))
        for shard, looks in sharding.sent(some, start):
            received[shard].append(looks)
    assert set(received) <= set(range(sharding.shards))
    links = [sharding.links([*looks[::-1], *looks]) for looks in received.values()]
    return components(np.concatenate([np.zeros((0, 2), np.int64), *links]), len(rows)).tolist()


def drawn(seed: int, count: int, bits: int) -> RowHashes:
    rng = np.random.default_rng(seed)

    def one():
        code, other = rng.integers(0, 2**bits, 2, dtype=np.uint64).tolist()
        return image(
            code, flat=rng.random() < 0.1, colour=(int(rng.integers(2)),) * 3, mirrored=other
        )

    rows = [
        ([one() for _ in range(rng.integers(0, 3))], str(rng.integers(2))) for _ in range(count)
    ]
    return row_hashes(rows)


@settings(max_examples=40)
@given(
    st.integers(0, 2**32),
    st.sampled_from([0, 1, 3]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([1, 7, 1000]),
)
def test_shards_find_the_groups_that_one_look_at_all_finds(seed, distance, ordered, mirrored, size):
    rows = drawn(seed, 40, 6)
    sameness = Sameness(distance, ordered=ordered, mirrored=mirrored)
    assert sharded(rows, sameness, 20, size) == sameness.groups(rows).tolist()


@pytest.mark.parametrize("distance", [2, 4])
def test_near_codes_meet_by_choices_of_chunks(monkeypatch, distance):
    monkeypatch.setattr(pigeonholes, "_SAMPLE", 16)
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 2**64, 600, dtype=np.uint64).tolist()
    for number in range(300):
        codes[number] = codes[number + 300]
        for bit in rng.permutation(64)[: rng.integers(0, distance + 2)].tolist():
            codes[number] ^= 1 << bit
    rows = row_hashes([([image(code)], None) for code in codes])
    sameness = Sameness(distance)
    sharding = Sharding.of(sameness, rows, 100)
    assert len(sharding.buckets[1].keys) > distance
    assert sharding.shards > 5
    assert sharded(rows, sameness, 100, 50) == sameness.groups(rows).tolist()


def test_a_key_that_the_sample_did_not_meet_goes_to_one_bucket(monkeypatch):
    monkeypatch.setattr("spotdiff.stages.bucketing._SAMPLE", 2)
    rows = row_hashes([([image(1)], None)] * 8 + [([image(1), image(2)], None)] * 2)
    assert sharded(rows, Sameness(), 4, 3) == [0] * 8 + [8, 8]
