"""Pairs are drawn from their seed alone, and their truth fits their pixels."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.data.cutouts import PhotoLibrary
from spotdiff.data.layers import box_of
from spotdiff.data.synthetic import SyntheticPairs
from spotdiff.types import IGNORE, ChangeKind, LabelSets

PAIRS = SyntheticPairs(PhotoLibrary.procedural(), (72, 96))
STILL = replace(PAIRS, nuisance=0.0, warp_rate=0.0, board_rate=0.0)
KINDS = {"added": 0, "removed": 1, "moved": 2, "replaced": 3, "recoloured": 4, "erased": 5}


def only(kind, **others):
    rates = tuple(float(i == KINDS[kind]) for i in range(6))
    return replace(STILL, kind_rates=rates, unchanged_rate=0.0, **others)


@settings(max_examples=25)
@given(st.integers(0, 2**40))
def test_a_seed_gives_the_same_pair_again(seed):
    first, second = PAIRS(seed), pickle.loads(pickle.dumps(PAIRS))(seed)
    assert first.pair_id == second.pair_id == f"{seed:08d}"
    np.testing.assert_array_equal(first.before, second.before)
    np.testing.assert_array_equal(first.after, second.after)
    np.testing.assert_array_equal(first.truth.mask, second.truth.mask)
    assert first.truth.changes == second.truth.changes


@settings(max_examples=60)
@given(st.integers(0, 2**40))
def test_the_truth_of_any_pair_is_consistent(seed):
    pair = PAIRS(seed)
    truth = pair.truth
    assert pair.before.shape == pair.after.shape == (72, 96, 3)
    assert pair.before.dtype == pair.after.dtype == truth.mask.dtype == np.uint8
    assert not (truth.mask & ~np.uint8(7 | IGNORE)).any()
    for change in truth.changes:
        assert (change.box_before is None) == (change.kind is ChangeKind.ADDED)
        assert (change.box_after is None) == (change.kind is ChangeKind.REMOVED)
        for box in filter(None, (change.box_before, change.box_after)):
            assert 0 <= box[0] < box[2] <= 96
            assert 0 <= box[1] < box[3] <= 72
    for kind in ChangeKind:
        labels = tuple(c.label for c in truth.changes if c.kind is kind)
        assert truth.labels.of(kind) == labels


def test_other_seeds_give_other_pairs():
    assert not np.array_equal(PAIRS(1).before, PAIRS(2).before)


def test_unchanged_pairs_say_so():
    unchanged = replace(PAIRS, unchanged_rate=1.0)
    for seed in range(12):
        pair = unchanged(seed)
        assert pair.truth.changes == ()
        assert pair.truth.labels == LabelSets()
        assert not pair.truth.mask.any()


def test_unchanged_pairs_without_nuisance_are_equal():
    unchanged = replace(STILL, unchanged_rate=1.0)
    for seed in range(12):
        pair = unchanged(seed)
        np.testing.assert_array_equal(pair.before, pair.after)


def test_the_rate_of_unchanged_pairs_is_kept():
    pairs = [replace(PAIRS, unchanged_rate=0.5)(seed) for seed in range(120)]
    share = np.mean([not (pair.truth.changes or pair.truth.mask.any()) for pair in pairs])
    assert 0.37 < share < 0.63


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("added", ChangeKind.ADDED),
        ("removed", ChangeKind.REMOVED),
        ("moved", ChangeKind.CHANGED),
        ("replaced", ChangeKind.CHANGED),
        ("recoloured", ChangeKind.CHANGED),
    ],
)
def test_each_way_of_changing_gives_its_kind(kind, change):
    found = [c.kind for seed in range(20) for c in only(kind)(seed).truth.changes]
    assert len(found) >= 15
    assert set(found) == {change}


def test_a_ground_without_objects_gets_cutouts_in_place_of_what_should_be_erased():
    found = [c.kind for seed in range(20) for c in only("erased")(seed).truth.changes]
    assert set(found) == {ChangeKind.ADDED, ChangeKind.REMOVED}


def test_one_added_thing_fills_its_box_and_nothing_far_from_it_differs():
    for seed in range(12):
        pair = only("added", max_objects=1)(seed)
        shown = (pair.truth.mask & ChangeKind.ADDED.bit) > 0
        boxes = [c.box_after for c in pair.truth.changes]
        assert boxes == ([] if not shown.any() else [box_of(shown)])
        if boxes:
            assert (pair.before != pair.after).any(axis=2)[shown].mean() > 0.5


def test_a_moved_thing_is_marked_where_it_was_and_where_it_is():
    for seed in range(12):
        pair = only("moved", max_objects=1, distractor_rate=0.0)(seed)
        for change in pair.truth.changes:
            shown = pair.truth.mask & 7
            assert box_of((shown & 6) > 0) == change.box_before
            assert box_of((shown & 5) > 0) == change.box_after


def test_what_takes_a_named_things_place_has_its_name():
    changes = [c for seed in range(12) for c in only("replaced")(seed).truth.changes]
    assert changes
    assert None not in {c.label for c in changes}


def test_recoloured_things_keep_their_box():
    for seed in range(12):
        for change in only("recoloured", max_objects=1)(seed).truth.changes:
            assert change.box_before == change.box_after


@pytest.mark.parametrize("seed", range(8))
def test_both_frames_look_at_the_same_centre_when_nothing_shifts(seed):
    frames = replace(PAIRS, warp_rate=1.0)._frames(np.random.default_rng(seed), 0.0)
    (warped,) = (frame for frame in frames if frame.matrix is not None)
    centre = np.array((95 / 2, 71 / 2))
    seen = warped.matrix @ np.append(centre + warped.margin, 1.0)
    np.testing.assert_allclose(seen, centre)
    assert frames[0].margin == frames[1].margin


def test_a_shift_moves_the_whole_view_by_at_most_its_limit():
    shifted = replace(STILL, unchanged_rate=1.0, warp_rate=1.0, max_shift=3.0, distractor_rate=0.0)
    for seed in range(20):
        frames = shifted._frames(np.random.default_rng(seed), 3.0)
        (warped,) = (frame for frame in frames if frame.matrix is not None)
        corners = np.array([(x, y, 1.0) for x in (0, 95) for y in (0, 71)])
        corners[:, :2] += warped.margin
        moved = corners @ warped.matrix.T - (corners[:, :2] - warped.margin)
        assert np.abs(moved).max() <= 3.0 + 96 * 0.0094


def test_the_number_of_changes_is_limited():
    pairs = replace(PAIRS, max_objects=2)
    assert max(len(pairs(seed).truth.changes) for seed in range(40)) == 2


def test_boards_are_drawn_at_their_rate():
    found = [c for s in range(12) for c in replace(PAIRS, board_rate=1.0)(s).truth.changes]
    assert found
    assert {c.label for c in found} == {"mark"}
    assert {c.kind for c in found} <= {ChangeKind.ADDED, ChangeKind.REMOVED}


def test_small_views_work_too():
    small = replace(PAIRS, size=(32, 32))
    assert all(small(seed).after.shape == (32, 32, 3) for seed in range(30))


def test_sizes_may_come_as_a_list_as_configurations_give_them():
    pair = replace(PAIRS, size=[48, 64])(3)
    assert pair.after.shape == (48, 64, 3)


@pytest.mark.data
def test_real_photographs_give_pairs_with_words(real_data):
    folder = real_data / "coco_subset"
    library = PhotoLibrary.from_folder(folder, folder / "instances.json", split="val")
    pairs = SyntheticPairs(library, (128, 128), named_only=True, unchanged_rate=0.0, board_rate=0.0)
    drawn = [pairs(seed) for seed in range(10)]
    changes = [c for pair in drawn for c in pair.truth.changes]
    assert changes
    assert {c.label for c in changes} <= set(library.labels)
