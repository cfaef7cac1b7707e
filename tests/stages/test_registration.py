"""Three ways to find what moved the camera."""

import cv2
import numpy as np
import pytest

from spotdiff.ops.alignment import greatest_move
from spotdiff.ops.coverage import warped
from spotdiff.stages.registration import Ecc, Homography, Shift
from tests.fakes import noise

SIZE = (160, 208)


def place(seed: int = 0) -> np.ndarray:
    """A room of smooth walls and things with corners."""
    rng = np.random.default_rng(seed)
    image = noise(seed, *SIZE) // 2 + 60
    for _ in range(60):
        x, y = (rng.uniform(0, 0.95, 2) * SIZE[::-1]).astype(int)
        wide, tall = rng.integers(6, 30, 2)
        image[y : y + tall, x : x + wide] = rng.integers(0, 256, 3)
    return cv2.GaussianBlur(image, (0, 0), 0.7)


SHIFT = np.array([[1, 0, 6.4], [0, 1, -3.7], [0, 0, 1.0]])
TURN = np.array([[0.9998, -0.0175, 3], [0.0175, 0.9998, -1], [0, 0, 1.0]])
AFFINE = np.array([[1.02, 0.01, 2], [-0.015, 0.99, -4], [0, 0, 1.0]])
TILT = np.array([[1.03, 0.01, -2.5], [-0.02, 0.98, 3], [1.5e-4, -1e-4, 1.0]])


@pytest.mark.parametrize(
    ("estimator", "matrix", "error"),
    [
        (Shift(), SHIFT, 0.2),
        (Ecc("euclidean"), SHIFT, 0.2),
        (Ecc("euclidean"), TURN, 0.2),
        (Ecc(), AFFINE, 0.3),
        (Homography(), SHIFT, 0.3),
        (Homography(), AFFINE, 0.3),
        (Homography(), TILT, 0.3),
    ],
)
def test_the_motion_is_found_to_a_fraction_of_a_pixel(estimator, matrix, error):
    view = place()
    found = estimator(view, warped(view, matrix, SIZE))
    assert found.reason is None
    assert greatest_move(np.linalg.inv(matrix) @ found.matrix, SIZE) < error


def test_twenty_pixels_are_found_by_the_correlation_of_edges():
    far = np.array([[1, 0, 20], [0, 1, 0], [0, 0, 1.0]])
    view = place()
    found = Ecc()(view, warped(view, far, SIZE))
    assert greatest_move(np.linalg.inv(far) @ found.matrix, SIZE) < 0.3


@pytest.mark.parametrize("estimator", [Shift(), Ecc(), Homography()])
def test_two_places_are_refused_with_a_reason(estimator):
    assert estimator(place(0), place(1)).reason


@pytest.mark.parametrize("estimator", [Shift(), Ecc(), Homography()])
def test_walls_without_anything_on_them_are_refused(estimator):
    flat = np.full((*SIZE, 3), 90, np.uint8)
    assert estimator(flat, flat + 1).reason


def test_points_are_counted_where_there_are_any():
    view = place()
    assert Homography()(view, warped(view, TILT, SIZE)).inliers > 30
    assert Shift()(view, view).inliers is None


def test_a_motion_that_nobody_knows_is_refused():
    with pytest.raises(ValueError, match="euclidean, affine, got 'spiral'"):
        Ecc("spiral")
