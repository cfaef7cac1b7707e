"""Rows of evidence: what comes back as it was, what is rounded, and what no row can be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.data.evidence_codecs import DETECTIONS, EMBEDDINGS, MAPS, PAIRS
from spotdiff.types import Detections, ObjectEvidence, SeenObjects, WholePair
from tests.data.evidence_fakes import assert_equal, change_map, detections, evidence, vectors

SEEDS = st.integers(0, 2**32 - 1).map(np.random.default_rng)


@given(SEEDS, st.integers(0, 5), st.booleans())
def test_detections_come_back_as_they_were_but_for_their_masks(rng, count, labelled):
    found = detections(rng, count, labelled)
    assert_equal(DETECTIONS.rounded(found), found)
    masked = replace(found, masks=np.ones((count, 4, 4), bool))
    assert_equal(DETECTIONS.rounded(masked), found)


@given(SEEDS, st.integers(0, 5), st.integers(0, 40))
def test_embeddings_keep_three_digits_and_their_length(rng, count, width):
    before = vectors(rng, count, width)
    after = EMBEDDINGS.rounded(before)
    assert after.shape == before.shape
    assert after.dtype == np.float32
    np.testing.assert_allclose(after, before, atol=1e-3)
    if width:
        np.testing.assert_allclose(np.linalg.norm(after, axis=1), 1, atol=1e-6)


def test_a_vector_of_zeros_stays_one():
    assert_equal(EMBEDDINGS.rounded(np.zeros((2, 3), np.float32)), np.zeros((2, 3), np.float32))


@given(SEEDS, st.integers(0, 9), st.integers(0, 9), st.integers(0, 6))
def test_the_heat_of_a_map_comes_back_as_a_byte_and_all_else_as_it_was(rng, height, width, words):
    seen = change_map(rng, height, width, words)
    back = MAPS.rounded(seen)
    assert_equal(replace(back, heat=seen.heat), seen)
    np.testing.assert_array_equal(back.heat, np.rint(seen.heat * 255) / np.float32(255))
    assert_equal(MAPS.rounded(back), back)


@given(SEEDS, st.integers(0, 4), st.integers(0, 4), st.booleans(), st.booleans())
def test_pairs_come_back_whole(rng, before, after, whole, compared):
    said = evidence(rng, before, after, whole, compared)
    back = PAIRS.rounded(said)
    assert_equal(replace(back, cosines=said.cosines), said)
    if compared:
        np.testing.assert_allclose(back.cosines, said.cosines, atol=1e-3)
    else:
        assert back.cosines is None


@pytest.mark.parametrize(
    "said",
    [
        ObjectEvidence(),
        ObjectEvidence(identical=True),
        ObjectEvidence(whole=WholePair(np.zeros(3, np.float32), np.zeros((3, 0), np.float32))),
        ObjectEvidence(SeenObjects.none(), SeenObjects.none(), identical=True),
    ],
)
def test_pairs_of_nothing_come_back_as_nothing(said):
    assert_equal(PAIRS.rounded(said), said)


def test_what_comes_back_shares_no_memory():
    found = detections(np.random.default_rng(0), 3)
    row = DETECTIONS.to_row(found)
    once = DETECTIONS.to_item(row)
    found.boxes[:] = once.boxes[:] = 7
    assert not (DETECTIONS.to_item(row).boxes == 7).any()


@pytest.mark.parametrize(
    ("codec", "item", "damage"),
    [
        (DETECTIONS, detections(np.random.default_rng(0), 3), {"labels": ["cup"]}),
        (DETECTIONS, Detections.none(), {"boxes": np.zeros(4, np.float32)}),
        (EMBEDDINGS, np.eye(3, dtype=np.float32), {"width": -3}),
        (EMBEDDINGS, np.eye(3, dtype=np.float32), {"count": -3, "width": -3}),
        (EMBEDDINGS, np.eye(3, dtype=np.float32), {"vectors": b"odd"}),
        (EMBEDDINGS, np.zeros((0, 0), np.float32), {"count": 2**31 - 1}),
        (MAPS, change_map(np.random.default_rng(0)), {"height": 2**31 - 1, "width": 2**31 - 1}),
        (MAPS, change_map(np.random.default_rng(0)), {"gates": np.zeros(2, np.float32)}),
        (MAPS, change_map(np.random.default_rng(0)), {"label_scores": np.zeros(4, np.float32)}),
        (MAPS, change_map(np.random.default_rng(0)), {"vocabulary": ["one"]}),
        (PAIRS, evidence(np.random.default_rng(0)), {"before_levels": 19}),
        (PAIRS, evidence(np.random.default_rng(0)), {"words": ["one"]}),
        (PAIRS, evidence(np.random.default_rng(0), whole=False), {"whole": True}),
    ],
)
def test_a_row_whose_numbers_do_not_fit_is_an_error(codec, item, damage):
    row = codec.to_row(item)
    assert damage.keys() <= codec.columns.keys()
    with pytest.raises(ValueError, match=r"expected|multiple"):
        codec.to_item(row | damage)


@pytest.mark.parametrize(
    ("codec", "item"),
    [
        (DETECTIONS, Detections.none()),
        (EMBEDDINGS, np.eye(3, dtype=np.float32)),
        (MAPS, change_map(np.random.default_rng(0))),
        (PAIRS, ObjectEvidence()),
    ],
)
def test_rows_have_the_columns_that_tables_have(codec, item):
    assert codec.to_row(item).keys() == codec.columns.keys()
