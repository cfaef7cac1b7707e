"""Evidence in memory: the latest things, rounded as those of a folder are."""

from __future__ import annotations

import numpy as np
import pytest

from spotdiff.data.evidence import ParquetEvidence
from spotdiff.data.evidence_memory import RecentEvidence
from spotdiff.types import ObjectEvidence
from tests.data.evidence_fakes import assert_equal, change_map, detections, evidence, vectors


def test_things_come_back_as_they_do_from_a_folder(tmp_path):
    rng = np.random.default_rng(0)
    recent, kept = RecentEvidence(), ParquetEvidence(tmp_path)
    things = {
        "detections": detections(rng, 3),
        "embeddings": vectors(rng, 3, 8),
        "maps": change_map(rng),
        "pairs": evidence(rng),
    }
    for name, thing in things.items():
        for store in (recent, kept):
            getattr(store, name).put("key", thing)
        assert_equal(getattr(recent, name).get("key"), getattr(kept, name).get("key"))


def test_what_was_not_asked_for_the_longest_is_forgotten_first():
    shelf = RecentEvidence(capacity=2).detections
    found = [detections(np.random.default_rng(i), i) for i in range(4)]
    shelf.put("0", found[0])
    shelf.put("1", found[1])
    assert_equal(shelf.get("0"), found[0])
    shelf.put("2", found[2])
    assert [shelf.get(key) is None for key in ("0", "1", "2")] == [False, True, False]
    shelf.put("0", found[3])
    assert_equal(shelf.get("0"), found[0])
    assert len(shelf) == 2


def test_a_capacity_for_nothing_is_refused():
    with pytest.raises(ValueError, match="capacity of at least 1, got 0"):
        RecentEvidence(capacity=0)


def test_pairs_may_be_more_than_the_rest():
    store = RecentEvidence(capacity=2, pairs=5)
    for i in range(5):
        store.pairs.put(f"p{i}", ObjectEvidence())
        store.embeddings.put(f"e{i}", np.eye(1, 2, dtype=np.float32))
    assert all(f"p{i}" in store.pairs for i in range(5))
    assert [f"e{i}" in store.embeddings for i in range(5)] == [False, False, False, True, True]
