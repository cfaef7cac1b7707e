"""Pairing what went away with what came."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.ops.boxes import mirror
from spotdiff.ops.matching import crop_similarity, match_moved, mutual_matches

NONE = np.zeros((0, 4), np.float32)


def scene(seed: int = 0):
    """A ground of weak noise, and two things of strong noise to put on it."""
    rng = np.random.default_rng(seed)
    ground = rng.integers(110, 130, (80, 120, 3)).astype(np.uint8)
    things = rng.integers(0, 255, (2, 5, 4, 3)).astype(np.uint8)
    return ground, things.repeat(4, axis=1).repeat(4, axis=2)


def boxes(*rows):
    return np.array(rows, np.float32)


def test_hopeless_pairs_never_take_a_partner_away():
    # Without the gate the assignment would take 0.9 alone or the two of the other diagonal.
    similarity = np.array([[0.55, 0.9], [0.1, 0.56]], np.float32)
    assert match_moved(similarity, 0.5).tolist() == [[0, 1]]
    similarity = np.array([[0.8, 0.9], [0.1, 0.85]], np.float32)
    assert match_moved(similarity, 0.5).tolist() == [[0, 0], [1, 1]]


def test_a_pair_exactly_at_the_limit_is_kept():
    assert match_moved(np.array([[0.5]], np.float32), 0.5).tolist() == [[0, 0]]
    assert match_moved(np.array([[0.49]], np.float32), 0.5).shape == (0, 2)


def test_no_rows_or_no_columns_match_nothing():
    assert match_moved(np.zeros((0, 3), np.float32), 0.5).shape == (0, 2)
    assert match_moved(np.zeros((3, 0), np.float32), 0.5).shape == (0, 2)


@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 1000))
def test_nobody_is_matched_twice_and_all_pairs_reach_the_limit(rows, columns, seed):
    similarity = np.random.default_rng(seed).random((rows, columns)).astype(np.float32)
    pairs = match_moved(similarity, 0.5)
    assert len(set(pairs[:, 0])) == len(set(pairs[:, 1])) == len(pairs)
    assert (similarity[pairs[:, 0], pairs[:, 1]] >= 0.5).all()
    assert sorted(match_moved(similarity.T, 0.5)[:, ::-1].tolist()) == pairs.tolist()


def test_the_same_thing_elsewhere_is_alike_and_another_thing_is_not():
    ground, (thing, other) = scene()
    before, after = ground.copy(), ground.copy()
    before[10:30, 10:26] = thing
    after[40:60, 70:86] = thing
    after[10:30, 90:106] = other
    similarity = crop_similarity(
        before, boxes([10, 10, 26, 30]), after, boxes([70, 40, 86, 60], [90, 10, 106, 30])
    )
    assert similarity[0, 0] > 0.9
    assert similarity[0, 1] < 0.4


def test_a_box_that_is_a_pixel_off_and_another_light_still_match():
    ground, (thing, _) = scene(1)
    before, after = ground.copy(), ground.copy()
    before[10:30, 10:26] = thing
    after[40:60, 70:86] = thing
    after = (after * 0.7 + 20).astype(np.uint8)
    similarity = crop_similarity(before, boxes([10, 10, 26, 30]), after, boxes([69, 41, 86, 60]))
    assert similarity[0, 0] > 0.7


def test_flat_things_are_told_apart_by_their_colour():
    ground, _ = scene()
    before, after = ground.copy(), ground.copy()
    before[10:20, 10:20] = (200, 30, 30)
    after[40:50, 40:50] = (200, 30, 30)
    after[40:50, 80:90] = (30, 30, 200)
    similarity = crop_similarity(
        before, boxes([10, 10, 20, 20]), after, boxes([40, 40, 50, 50], [80, 40, 90, 50])
    )
    assert similarity[0, 0] > 0.9
    assert similarity[0, 1] < 0.5


def test_things_of_very_different_size_are_never_the_same():
    ground, _ = scene()
    similarity = crop_similarity(
        ground, boxes([10, 10, 30, 30]), ground, boxes([10, 10, 30, 40], [10, 10, 40, 30])
    )
    assert similarity.tolist() == [[-1, -1]]


def test_crops_of_one_pixel_and_crops_beyond_the_border_are_handled():
    ground, _ = scene()
    tiny = boxes([5, 5, 6, 6], [119, 79, 121, 81], [-3, -3, 1, 1], [5.2, 5.2, 5.6, 5.6])
    similarity = crop_similarity(ground, tiny, ground, tiny)
    assert np.isfinite(similarity).all()
    np.testing.assert_allclose(similarity.diagonal(), 1, atol=1e-5)


def test_no_boxes_give_an_empty_matrix():
    ground, _ = scene()
    assert crop_similarity(ground, NONE, ground, boxes([0, 0, 5, 5])).shape == (0, 1)
    assert crop_similarity(ground, boxes([0, 0, 5, 5]), ground, NONE).shape == (1, 0)


@given(st.integers(0, 100))
def test_likeness_favours_neither_view_and_survives_the_mirror(seed):
    rng = np.random.default_rng(seed)
    before, after = rng.integers(0, 255, (2, 40, 60, 3)).astype(np.uint8)
    first = rng.integers(0, 25, (2, 3, 2))
    ours, theirs = np.concatenate([first, first + np.array((14, 12))], axis=-1).astype(np.float32)
    similarity = crop_similarity(before, ours, after, theirs)
    np.testing.assert_allclose(
        crop_similarity(after, theirs, before, ours).T, similarity, atol=1e-5
    )
    flipped = crop_similarity(
        before[:, ::-1].copy(), mirror(ours, 60), after[:, ::-1].copy(), mirror(theirs, 60)
    )
    np.testing.assert_allclose(flipped, similarity, atol=0.02)


def test_rows_without_a_clear_partner_match_nothing():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(6, 16)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    twice = np.concatenate([rows[::-1], rows[:1]])  # the first row has two equal partners
    found = mutual_matches(rows, twice, 0.8)
    assert sorted(map(tuple, found.tolist())) == [(i, 5 - i) for i in range(1, 6)]
