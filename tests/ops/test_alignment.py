"""Comparing views that lie a little apart, and telling what no camera does."""

import cv2
import numpy as np
import pytest

from spotdiff.ops.alignment import (
    correlation,
    distance,
    greatest_move,
    implausible,
    likeness,
    mutual_matches,
    overlaps,
    refined,
    rescaled,
    structure,
)
from spotdiff.ops.coverage import coverage, warped
from tests.fakes import noise

SIZE = (96, 128)
MOVE = np.array([[1, 0, 4], [0, 1, -2], [0, 0, 1.0]])
TILT = np.array([[1.01, 0.01, -1.5], [-0.01, 0.99, 2], [1e-5, -2e-5, 1.0]])


def test_light_hardly_changes_the_structure():
    place = noise(0, *SIZE)
    ramp = np.linspace(0.6, 1.2, SIZE[1], dtype=np.float32)[None, :, None]
    lit = (place * ramp).clip(0, 255).astype(np.uint8)
    everywhere = np.ones(SIZE, bool)
    assert correlation(structure(place), structure(lit), everywhere) > 0.97
    assert correlation(structure(place), structure(noise(1, *SIZE)), everywhere) < 0.3


def test_what_does_not_vary_correlates_with_nothing():
    flat = structure(np.full((*SIZE, 3), 90, np.uint8))
    assert correlation(flat, structure(noise(0, *SIZE)), np.ones(SIZE, bool)) == 0


def test_the_right_move_makes_views_alike():
    place = noise(0, *SIZE)
    moved = warped(place, MOVE, SIZE)
    before, after = likeness(place, moved, MOVE, coverage(MOVE, SIZE, SIZE))
    assert before < 0.6
    assert after > 0.99


def test_no_overlap_is_no_likeness():
    place = noise(0, *SIZE)
    assert likeness(place, place, MOVE, np.zeros(SIZE, bool)) == (0.0, 0.0)


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


def test_rows_without_a_clear_partner_match_nothing():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(6, 16)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    twice = np.concatenate([rows[::-1], rows[:1]])  # the first row has two equal partners
    found = mutual_matches(rows, twice, 0.8)
    assert sorted(map(tuple, found.tolist())) == [(i, 5 - i) for i in range(1, 6)]
