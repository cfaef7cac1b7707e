"""Boxes: numbers by hand, and the laws that hold for any boxes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.ops.boxes import (
    area,
    centres_inside,
    clip,
    expand,
    iou,
    mask_box,
    mirror,
    transform,
)

WIDTH, HEIGHT = 64, 48


@st.composite
def some_boxes(draw):
    count = draw(st.integers(0, 5))
    corners = [
        [draw(st.integers(0, WIDTH - 1)), draw(st.integers(0, HEIGHT - 1))] for _ in range(count)
    ]
    sides = [[draw(st.integers(1, 20)), draw(st.integers(1, 20))] for _ in range(count)]
    first = np.array(corners, np.float32).reshape(-1, 2)
    return np.concatenate([first, first + np.array(sides, np.float32).reshape(-1, 2)], axis=1)


def test_overlap_of_half_shifted_squares_is_a_third():
    squares = np.array([[0, 0, 2, 2], [1, 0, 3, 2]], np.float32)
    np.testing.assert_allclose(iou(squares, squares), [[1, 1 / 3], [1 / 3, 1]])


def test_empty_boxes_overlap_nothing_not_even_themselves():
    point = np.array([[3, 3, 3, 3]], np.float32)
    assert iou(point, point).tolist() == [[0]]


@given(some_boxes(), some_boxes())
def test_overlap_is_symmetric_and_survives_the_mirror(boxes, others):
    overlap = iou(boxes, others)
    assert overlap.shape == (len(boxes), len(others))
    np.testing.assert_array_equal(overlap, iou(others, boxes).T)
    np.testing.assert_allclose(overlap, iou(mirror(boxes, WIDTH), mirror(others, WIDTH)))
    np.testing.assert_array_equal(
        centres_inside(boxes, others), centres_inside(mirror(boxes, WIDTH), mirror(others, WIDTH))
    )


@given(some_boxes())
def test_every_box_overlaps_itself_fully_and_holds_its_own_centre(boxes):
    np.testing.assert_array_equal(iou(boxes, boxes).diagonal(), np.ones(len(boxes)))
    assert centres_inside(boxes, boxes).diagonal().all()


@given(some_boxes())
def test_mirror_twice_and_expand_back_change_nothing(boxes):
    np.testing.assert_array_equal(mirror(mirror(boxes, WIDTH), WIDTH), boxes)
    np.testing.assert_array_equal(expand(expand(boxes, 3), -3), boxes)


@given(some_boxes())
def test_clipping_is_idempotent_and_never_adds_area(boxes):
    inside = clip(boxes, (HEIGHT, WIDTH))
    np.testing.assert_array_equal(clip(inside, (HEIGHT, WIDTH)), inside)
    assert (area(inside) <= area(boxes)).all()


@given(some_boxes())
def test_a_scaling_scales_the_corners_and_its_inverse_undoes_it(boxes):
    matrix = np.diag([2.0, 0.5, 1.0])
    np.testing.assert_allclose(transform(boxes, matrix), boxes * [2, 0.5, 2, 0.5])
    np.testing.assert_allclose(transform(transform(boxes, matrix), np.linalg.inv(matrix)), boxes)


def test_a_quarter_turn_gives_the_upright_hull():
    turn = np.array([[0.0, -1.0, 10.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    turned = transform(np.array([[1, 2, 4, 3]], np.float32), turn)
    np.testing.assert_array_equal(turned, [[7, 1, 8, 4]])


def test_a_map_that_sends_a_corner_behind_the_plane_is_refused():
    with pytest.raises(ValueError, match="finite plane"):
        transform(
            np.array([[0, 0, 20, 1]], np.float32),
            np.array([[1.0, 0, 0], [0, 1.0, 0], [-0.1, 0, 1]]),
        )


def test_the_box_of_a_mask_is_tight_and_exclusive():
    mask = np.zeros((10, 12), np.uint8)
    mask[3:5, 2] = 4
    mask[4, 7] = 1
    assert mask_box(mask) == (2, 3, 8, 5)
    assert mask_box(np.zeros((3, 3), bool)) is None
