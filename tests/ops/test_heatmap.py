"""Regions from heat: a few drawn by hand, and the laws of a pair on random maps."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.ops.boxes import mirror
from spotdiff.ops.heatmap import UNTYPED, components, mean_in_boxes, untyped_components

ADDED, REMOVED, CHANGED = 0, 1, 2


def blocks(*painted: tuple[int, slice, slice, float], size: tuple[int, int] = (40, 60)):
    """Heat that is zero but for (kind, rows, columns, value)."""
    heat = np.zeros((3, *size), np.float32)
    for kind, rows, columns, value in painted:
        heat[kind, rows, columns] = value
    return heat


def random_heat(seed: int, size: tuple[int, int] = (32, 48)):
    noise = np.random.default_rng(seed).random((3, *size)).astype(np.float32)
    smooth = np.stack([cv2.GaussianBlur(one, (0, 0), 2.0) for one in noise])
    return ((smooth - smooth.min()) / np.ptp(smooth)).astype(np.float32)


def test_each_block_is_a_region_with_its_box_area_score_and_kind():
    heat = blocks(
        (REMOVED, slice(2, 8), slice(30, 40), 0.9),
        (ADDED, slice(10, 20), slice(5, 9), 0.7),
        (CHANGED, slice(30, 35), slice(50, 60), 0.6),
    )
    found = components(heat, min_heat=0.5, min_area=10)
    np.testing.assert_array_equal(found.boxes, [[30, 2, 40, 8], [5, 10, 9, 20], [50, 30, 60, 35]])
    assert found.areas.tolist() == [60, 40, 50]
    assert found.kinds.tolist() == [REMOVED, ADDED, CHANGED]
    np.testing.assert_allclose(found.scores, [0.9, 0.7, 0.6], rtol=1e-6)


def test_nothing_hot_gives_no_regions_of_the_right_shapes():
    found = components(blocks(), min_heat=0.5, min_area=1)
    assert len(found) == 0
    assert found.boxes.shape == (0, 4)
    assert len(untyped_components(blocks()[0], min_heat=0.5, min_area=1)) == 0


def test_heat_at_the_threshold_counts_and_just_below_does_not():
    heat = blocks((ADDED, slice(0, 4), slice(0, 4), 0.5))
    assert len(components(heat, min_heat=0.5, min_area=16)) == 1
    assert len(components(heat, min_heat=0.5001, min_area=16)) == 0
    assert len(components(heat, min_heat=0.5, min_area=17)) == 0


def test_a_region_needs_one_pixel_as_hot_as_the_peak():
    heat = blocks((ADDED, slice(0, 8), slice(0, 8), 0.4), (ADDED, slice(20, 28), slice(0, 8), 0.4))
    heat[ADDED, 22, 3] = 0.8
    found = components(heat, min_heat=0.3, min_area=4, min_peak=0.7)
    np.testing.assert_array_equal(found.boxes, [[0, 20, 8, 28]])


def test_the_score_is_the_mean_of_the_hotter_half_and_stays_in_range():
    heat = blocks((ADDED, slice(0, 4), slice(0, 4), 0.5))
    heat[ADDED, 0:2, 0:4] = 1.0
    assert components(heat, min_heat=0.4, min_area=4).scores.tolist() == [1.0]
    heat[ADDED, 0, 0] = 0.2
    # 7 pixels of 1 and 8 of 0.5 remain: the hotter half of 15 is 7 x 1 and 0.5.
    np.testing.assert_allclose(
        components(heat, min_heat=0.4, min_area=4).scores, [7.5 / 8], rtol=1e-6
    )


def test_pixels_that_touch_at_a_corner_are_one_region():
    heat = blocks((ADDED, slice(0, 4), slice(0, 4), 0.9), (ADDED, slice(4, 8), slice(4, 8), 0.9))
    assert components(heat, min_heat=0.5, min_area=4).areas.tolist() == [32]


def test_speckle_of_another_kind_does_not_tear_an_object_apart():
    heat = blocks((ADDED, slice(5, 25), slice(5, 25), 0.7))
    heat[REMOVED, 5:25:4, 5:25:3] = 0.8
    found = components(heat, min_heat=0.5, min_area=4)
    np.testing.assert_array_equal(found.boxes, [[5, 5, 25, 25]])
    assert found.kinds.tolist() == [ADDED]


def test_a_small_piece_of_another_kind_joins_the_large_one_that_it_touches():
    heat = blocks(
        (ADDED, slice(5, 25), slice(5, 25), 0.9), (REMOVED, slice(8, 20), slice(25, 29), 0.9)
    )
    found = components(heat, min_heat=0.5, min_area=4)
    np.testing.assert_array_equal(found.boxes, [[5, 5, 29, 25]])
    assert found.areas.tolist() == [20 * 20 + 12 * 4]


def test_neighbours_of_like_size_and_different_kind_stay_apart():
    heat = blocks(
        (ADDED, slice(5, 25), slice(5, 25), 0.9), (REMOVED, slice(5, 25), slice(25, 45), 0.9)
    )
    found = components(heat, min_heat=0.5, min_area=4)
    assert found.kinds.tolist() == [ADDED, REMOVED]
    np.testing.assert_allclose(found.boxes, [[5, 5, 25, 25], [25, 5, 45, 25]], atol=1)


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.sampled_from([0.4, 0.5, 0.6, 0.7]))
def test_exchanging_added_and_removed_exchanges_the_kinds_and_nothing_else(seed, min_heat):
    heat = random_heat(seed)
    found = components(heat, min_heat, min_area=3)
    swapped = components(heat[[REMOVED, ADDED, CHANGED]], min_heat, min_area=3)
    np.testing.assert_array_equal(swapped.boxes, found.boxes)
    np.testing.assert_array_equal(swapped.areas, found.areas)
    np.testing.assert_array_equal(swapped.scores, found.scores)
    np.testing.assert_array_equal(swapped.kinds, np.array([REMOVED, ADDED, CHANGED])[found.kinds])


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.sampled_from([0.4, 0.5, 0.6, 0.7]))
def test_mirrored_heat_gives_mirrored_regions(seed, min_heat):
    heat = random_heat(seed)
    found = components(heat, min_heat, min_area=3)
    flipped = components(np.ascontiguousarray(heat[..., ::-1]), min_heat, min_area=3)
    ours = sorted(zip(found.boxes.tolist(), found.kinds.tolist(), strict=True))
    theirs = sorted(
        zip(mirror(flipped.boxes, heat.shape[2]).tolist(), flipped.kinds.tolist(), strict=True)
    )
    assert ours == theirs


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_untyped_regions_are_those_of_opencv(seed):
    heat = random_heat(seed)[0]
    found = untyped_components(heat, min_heat=0.6, min_area=1)
    stats = cv2.connectedComponentsWithStats((heat >= 0.6).astype(np.uint8), connectivity=8)[2][1:]
    boxes = np.concatenate([stats[:, :2], stats[:, :2] + stats[:, 2:4]], axis=1)
    assert sorted(found.boxes.tolist()) == sorted(boxes.astype(float).tolist())
    assert sorted(found.areas.tolist()) == sorted(stats[:, 4].tolist())
    assert (found.kinds == UNTYPED).all()


def test_coarse_cells_are_weighted_by_what_the_box_covers_of_them():
    maps = np.array([[[0, 4], [8, 12]]], np.float32)
    boxes = np.array([[0, 0, 20, 20], [0, 0, 15, 10], [12, 12, 13, 13], [30, 0, 40, 9]], np.float32)
    means = mean_in_boxes(maps, boxes, (20, 20))
    np.testing.assert_allclose(means[:, 0], [6, 4 / 3, 12, 0], rtol=1e-6)


def test_coarse_maps_of_no_labels_or_no_boxes_give_empty_means():
    none = np.zeros((0, 4), np.float32)
    assert mean_in_boxes(np.zeros((0, 2, 2), np.float32), none, (8, 8)).shape == (0, 0)
    assert mean_in_boxes(np.zeros((3, 2, 2), np.float32), none, (8, 8)).shape == (0, 3)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 1)])
def test_the_smallest_maps_are_cut_like_any_other(size):
    found = components(np.ones((3, *size), np.float32), min_heat=0.5, min_area=1)
    np.testing.assert_array_equal(found.boxes, [[0, 0, size[1], size[0]]])
    assert found.kinds.tolist() == [CHANGED]


def test_a_small_spot_whose_parts_waver_between_kinds_is_one_thing():
    heat = np.zeros((3, 40, 60), np.float32)
    heat[0, 10:20, 10:18] = 0.9
    heat[1, 10:20, 18:25] = 0.9
    found = components(heat, min_heat=0.5, min_area=4, blur=0.5)
    np.testing.assert_array_equal(found.boxes, [[10, 10, 25, 20]])
    assert found.kinds.tolist() == [0]


def test_large_neighbours_of_two_kinds_stay_two_things():
    heat = np.zeros((3, 60, 80), np.float32)
    heat[0, 10:50, 10:30] = 0.9
    heat[1, 10:50, 30:52] = 0.9
    found = components(heat, min_heat=0.5, min_area=4, blur=0.5)
    assert sorted(found.kinds.tolist()) == [0, 1]
