"""Comparing views that lie a little apart, and telling what no camera does."""

import cv2
import numpy as np
import pytest

from spotdiff.ops.alignment import (
    correlations,
    distance,
    greatest_move,
    implausible,
    likeness,
    overlaps,
    refined,
    rescaled,
    structure,
)
from spotdiff.ops.coverage import coverage, warped
from tests.fakes import blocks, noise

SIZE = (96, 128)
MOVE = np.array([[1, 0, 4], [0, 1, -2], [0, 0, 1.0]])
TILT = np.array([[1.01, 0.01, -1.5], [-0.01, 0.99, 2], [1e-5, -2e-5, 1.0]])


def test_light_hardly_changes_the_structure():
    place = blocks(0, *SIZE)
    ramp = np.linspace(0.6, 1.2, SIZE[1], dtype=np.float32)[None, :, None]
    lit = (place * ramp).clip(0, 255).astype(np.uint8)
    everywhere = np.ones(SIZE, bool)
    same = correlations(structure(place), structure(lit), everywhere)
    other = correlations(structure(place), structure(blocks(1, *SIZE)), everywhere)
    assert np.median(same) > 0.97
    assert abs(np.median(other)) < 0.2


def test_correlations_are_those_of_each_cell():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 36, 48)).astype(np.float32)
    where = np.ones((36, 48), bool)
    where[:3] = False  # half of the first row of cells
    found = correlations(first, second, where)
    for row, column in ((0, 0), (2, 4), (5, 5)):
        cell = (slice(6 * row, 6 * row + 6), slice(8 * column, 8 * column + 8))
        seen = where[cell]
        expected = np.corrcoef(first[cell][seen], second[cell][seen])[0, 1]
        assert found[row, column] == pytest.approx(expected, abs=1e-4)


def test_cells_that_one_view_hardly_shows_tell_nothing():
    first = np.random.default_rng(0).normal(size=(36, 36)).astype(np.float32)
    where = np.zeros((36, 36), bool)
    where[:, 10:] = True  # a third of the second column of cells, and all to the right of it
    found = correlations(first, first, where)
    assert np.isnan(found[:, 0]).all()
    np.testing.assert_allclose(found[:, 1:], 1, atol=1e-4)


def test_what_does_not_vary_correlates_with_nothing():
    flat = structure(np.full((*SIZE, 3), 90, np.uint8))
    place = structure(noise(0, *SIZE))
    assert (correlations(flat, place, np.ones(SIZE, bool)) == 0).all()
    assert np.isnan(correlations(place, flat, np.ones(SIZE, bool))).all()


def test_the_right_move_makes_views_alike():
    place = blocks(0, *SIZE)
    seen = likeness(place, warped(place, MOVE, SIZE), MOVE, coverage(MOVE, SIZE, SIZE))
    assert seen.before < 0.6
    assert seen.after > 0.99
    assert seen.gain > 0.4


def test_a_large_thing_that_moved_does_not_vouch_for_its_move():
    place = blocks(0, *SIZE)
    before, after = place.copy(), place.copy()
    before[20:60, 20:70] = after[22:62, 16:66] = 4 * (noise(3, 40, 50) // 4)
    back = np.array([[1, 0, -4], [0, 1, 2], [0, 0, 1.0]])
    assert likeness(before, after, back, coverage(back, SIZE, SIZE)).gain < 0


def test_no_overlap_is_no_likeness():
    place = noise(0, *SIZE)
    assert likeness(place, place, MOVE, np.zeros(SIZE, bool)) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("pixels", [0, 1, 3])
def test_the_distance_of_moved_views_is_the_move(pixels):
    place = noise(0, *SIZE)
    right = np.array([[1, 0, pixels], [0, 1, 0], [0, 0, 1.0]])
    found = distance(place, warped(place, right, SIZE), coverage(right, SIZE, SIZE))
    assert found == pytest.approx(pixels, abs=0.25)


@pytest.mark.parametrize("levels", [1, 2])
def test_the_refinement_finds_a_homography_near_its_start(levels):
    place = noise(0, *SIZE)
    there = warped(place, TILT, SIZE)
    edges = structure(place), structure(there)
    found, fit = refined(*edges, np.eye(3), cv2.MOTION_HOMOGRAPHY, levels)
    assert fit > 0.95
    assert greatest_move(np.linalg.inv(TILT) @ found, SIZE) < 0.5


def test_the_refinement_of_nothing_is_refused():
    flat = structure(np.full((*SIZE, 3), 90, np.uint8))
    with pytest.raises(ValueError, match="does not converge"):
        refined(flat, flat, np.eye(3), cv2.MOTION_AFFINE, 1)


def test_a_map_of_smaller_copies_is_the_map_of_the_large_ones():
    point = np.array([40, 30, 1.0])
    large, small = TILT @ point, rescaled(TILT, 0.5) @ [20, 15, 1]
    np.testing.assert_allclose(large[:2] / large[2], 2 * small[:2] / small[2])


def test_the_farthest_corner_counts():
    assert greatest_move(np.diag([1.1, 1.0, 1.0]), (50, 100)) == pytest.approx(10)


def turn(degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])


@pytest.mark.parametrize(
    ("matrix", "reason"),
    [
        (np.eye(3), ""),
        (TILT, ""),
        (turn(30), ""),
        (turn(60), "turns by 60 degrees"),
        (turn(-60), "turns by 60 degrees"),
        (np.diag([1.0, -1, 1]), "mirrors"),
        (np.diag([0.4, 0.4, 1]), "scales by 0.40"),
        (np.diag([1.0, 2.5, 1]), "scales by 2.50"),
        (np.array([[1, 0, 0], [0, 1, 0], [-0.02, 0, 1.0]]), "folds"),
        (np.full((3, 3), np.nan), "nothing to hold on to"),
    ],
)
def test_what_no_camera_does_is_told(matrix, reason):
    found = implausible(matrix, SIZE, max_scale=2, max_turn=45)
    assert reason in found
    assert bool(found) == bool(reason)


def test_the_shares_of_the_views_change_places_with_them():
    zoomed = np.array([[1.5, 0, -20], [0, 1.5, -10], [0, 0, 1.0]])
    assert overlaps(zoomed, SIZE)[0] < 1
    there, back = overlaps(zoomed, SIZE), overlaps(np.linalg.inv(zoomed), SIZE)
    np.testing.assert_allclose(there, back[::-1], atol=1e-9)
