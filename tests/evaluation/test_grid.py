"""The grid of thresholds and areas at which boxes are cut."""

import math

import numpy as np
import pytest

from spotdiff.evaluation.grid import Grid, box_score
from spotdiff.types import ChangeKind, TrueChange


def heat_of(*blocks, size=(40, 60)):
    heat = np.zeros((3, *size), np.float32)
    for (x0, y0, x1, y1), value in blocks:
        heat[2, y0:y1, x0:x1] = value
    return heat


def true(*boxes):
    return tuple(TrueChange(None, None, box, box) for box in boxes)


def test_the_best_point_leaves_out_what_is_cold_or_small():
    heat = heat_of(((4, 4, 14, 14), 0.6), ((20, 20, 23, 23), 0.9), ((40, 5, 50, 15), 0.3))
    grid = Grid((0.2, 0.5), areas=(4, 16))
    grid.take(heat, true((4, 4, 14, 14)))
    best = grid.best("ap50")
    assert best.point == (0.2, 16)  # the first that ranks the true one on top
    assert best.value == pytest.approx(1)
    assert grid.best("deeppcb_f").point == (0.5, 16)
    assert [len(e[0].places.boxes) for e in grid.points.values()] == [3, 2, 2, 1]


def test_a_margin_grows_every_box():
    grid = Grid((0.5,), margin=3, areas=(4,))
    grid.take(heat_of(((10, 10, 20, 20), 0.8)), true((7, 7, 23, 23)))
    assert grid.best("ap50").value == pytest.approx(1)
    assert grid.points[0.5, 4][0].places.boxes.tolist() == [[7, 7, 23, 23]]


def test_without_true_boxes_the_best_point_has_no_value():
    grid = Grid((0.5,), areas=(4,))
    grid.take(heat_of(), ())
    assert math.isnan(grid.best("ap50").value)


def test_a_kind_of_its_own_cuts_touching_regions():
    heat = heat_of(((4, 4, 34, 34), 0.8))
    heat[2, :, 19:], heat[list(ChangeKind).index(ChangeKind.ADDED), 4:34, 19:34] = 0, 0.8
    grid = Grid((0.5,), areas=(4,))
    grid.take(heat, true((4, 4, 19, 34), (19, 4, 34, 34)))
    assert grid.best("ap50").value == pytest.approx(1)


@pytest.mark.parametrize("min_area", [1, 9, 100])
def test_the_box_score_is_the_last_threshold_with_a_region(min_area):
    rng = np.random.default_rng(min_area)
    heat = rng.random((3, 24, 24)).astype(np.float32) * 0.5
    score = box_score(heat, min_area)
    grid = Grid((score, score + 1 / 256), areas=(1,))
    hot = 1 - (1 - heat).prod(axis=0)
    assert score > 0
    assert (hot >= score).sum() >= min_area
    grid.take(heat, ())
    assert box_score(heat * 0, min_area) == 0


def test_mirrored_heat_has_the_same_box_score():
    heat = np.random.default_rng(0).random((3, 20, 30)).astype(np.float32)
    assert box_score(heat, 5) == box_score(np.ascontiguousarray(heat[..., ::-1]), 5)
