"""What moved the camera, estimated from two views of one place in three ways.

Every way takes two views of one size and answers a transform that maps the first to the second,
or says why it knows none. Whether the transform is to be believed is decided elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import cv2
import numpy as np
from jaxtyping import Float32

from spotdiff.ops.alignment import Structure, greatest_move, refined, structure
from spotdiff.ops.coverage import of_corners
from spotdiff.ops.matching import mutual_matches
from spotdiff.types import Image, Matrix, Registering

Motion: TypeAlias = Literal["euclidean", "affine"]

_MOTIONS = {"euclidean": cv2.MOTION_EUCLIDEAN, "affine": cv2.MOTION_AFFINE}
_LEVELS = 3  # of the pyramid that the correlation is maximised on
_MAX_REFINEMENT = 3.0  # pixels that a refinement may move a corner
_MIN_POINTS = 8  # twice what a homography needs
_ROUNDS = 2000  # of drawing points at random, at most
_SURENESS = 0.999  # that one of the rounds drew only right ones


@dataclass(frozen=True, slots=True)
class Estimate:
    """A transform that maps the first view to the second, in their pixels.

    Attributes:
        matrix: Of homogeneous pixel coordinates.
        inliers: Points that agree on it; None for methods without points.
        reason: Why it is not to be trusted; None if nothing speaks against it.
    """

    matrix: Matrix
    inliers: int | None = None
    reason: str | None = None


class Shift:
    """A translation, by the phase of what both views show, refined by the correlation of edges.

    Alba et al. 2015, section 2: https://doi.org/10.1007/s11554-012-0292-1

    Args:
        min_response: Share of the energy that must lie around the peak, 0 to 1.
    """

    method: Registering = "shift"

    def __init__(self, min_response: float = 0.2) -> None:
        self.min_response = min_response

    def __call__(self, first: Image, second: Image) -> Estimate:
        """The translation, to a fraction of a pixel."""
        edges = structure(first), structure(second)
        matrix, response = _shift(*edges)
        if not response >= self.min_response:  # NaN where nothing varies
            reason = f"the peak holds {response:.2f}, at least {self.min_response:.2f} asked"
            return Estimate(matrix, reason=reason)
        return Estimate(_nearby(*edges, matrix, cv2.MOTION_TRANSLATION))


class Ecc:
    """A rigid or an affine motion, by the correlation of edges, from the best translation on.

    Args:
        motion: `euclidean` turns and moves; `affine` scales and shears too.
        min_correlation: Of the edges once they lie on one another, -1 to 1.

    Raises:
        ValueError: If there is no such motion.
    """

    method: Registering = "ecc"

    def __init__(self, motion: Motion = "affine", min_correlation: float = 0.4) -> None:
        if motion not in get_args(Motion):
            known = ", ".join(get_args(Motion))
            raise ValueError(f"Expected motion to be one of {known}, got {motion!r}.")
        self.motion = motion
        self.min_correlation = min_correlation

    def __call__(self, first: Image, second: Image) -> Estimate:
        """The motion, to a fraction of a pixel."""
        edges = structure(first), structure(second)
        start, _ = _shift(*edges)
        try:
            matrix, found = refined(*edges, start, _MOTIONS[self.motion], _LEVELS)
        except ValueError as error:
            return Estimate(np.eye(3), reason=str(error))
        if not found >= self.min_correlation:
            reason = f"edges correlate by {found:.2f}, at least {self.min_correlation:.2f} asked"
            return Estimate(matrix, reason=reason)
        return Estimate(matrix)


class Homography:
    """The view of a plane from another place, by points that both views show.

    SIFT points, mutual nearest neighbours that pass the ratio test, MAGSAC++, then a refinement by
    the correlation of edges.

    Lowe 2004: https://doi.org/10.1023/B:VISI.0000029664.99615.94
    Barath et al. 2020, MAGSAC++: https://arxiv.org/abs/1912.05909

    Args:
        min_inliers: Points that must agree.
        max_ratio: Of the distances to the nearest and to the second nearest descriptor.
        max_error: Pixels between a point and where the transform puts it.
        max_points: The strongest that are looked at in each view.
    """

    method: Registering = "homography"

    def __init__(
        self,
        min_inliers: int = 15,
        max_ratio: float = 0.8,
        max_error: float = 2.0,
        max_points: int = 1000,
    ) -> None:
        self.min_inliers = min_inliers
        self.max_ratio = max_ratio
        self.max_error = max_error
        self.max_points = max_points

    def __call__(self, first: Image, second: Image) -> Estimate:
        """The homography, to a fraction of a pixel."""
        found = [self._points(view) for view in (first, second)]
        if min(len(points) for points, _ in found) < _MIN_POINTS:
            return Estimate(np.eye(3), 0, "too few points stand out")
        matches = mutual_matches(found[0][1], found[1][1], self.max_ratio)
        points, there = found[0][0][matches[:, 0]], found[1][0][matches[:, 1]]
        matrix, inliers = self._agreed(points, there)
        if inliers < self.min_inliers:
            reason = f"{inliers} points agree, at least {self.min_inliers} asked"
            return Estimate(matrix, inliers, reason)
        edges = structure(first), structure(second)
        return Estimate(_nearby(*edges, matrix, cv2.MOTION_HOMOGRAPHY), inliers)

    def _points(self, view: Image) -> tuple[Float32[np.ndarray, "n 2"], Float32[np.ndarray, "n d"]]:
        """Where points are, as OpenCV counts, and unit vectors that describe them (RootSIFT)."""
        levelled = cv2.createCLAHE(3.0, (8, 8)).apply(cv2.cvtColor(view, cv2.COLOR_RGB2GRAY))
        sift = cv2.SIFT.create(self.max_points, contrastThreshold=0.02)
        keypoints, found = sift.detectAndCompute(levelled, None)
        if not len(keypoints):
            return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32)
        vectors = np.sqrt(found / np.maximum(found.sum(axis=1, keepdims=True), 1e-9))
        return np.array([point.pt for point in keypoints], np.float32), vectors.astype(np.float32)

    def _agreed(
        self, points: Float32[np.ndarray, "n 2"], there: Float32[np.ndarray, "n 2"]
    ) -> tuple[Matrix, int]:
        """The homography that most points agree on, and how many those are."""
        if len(points) < _MIN_POINTS:
            return np.eye(3), len(points)
        rules = (cv2.USAC_MAGSAC, self.max_error, None, _ROUNDS, _SURENESS)
        found: tuple[Any, Any] = cv2.findHomography(points, there, *rules)  # two None where none is
        matrix, kept = found
        if matrix is None:
            return np.eye(3), 0
        inlier = kept.ravel() > 0
        if inlier.sum() >= _MIN_POINTS:
            matrix, _ = cv2.findHomography(points[inlier], there[inlier])
        return of_corners(matrix), int(inlier.sum())


def _nearby(first: Structure, second: Structure, matrix: Matrix, motion: int) -> Matrix:
    """The matrix refined by the edges, or as it is where they lead elsewhere."""
    try:
        better, _ = refined(first, second, matrix, motion, levels=1)
    except ValueError:
        return matrix
    step = np.linalg.inv(matrix) @ better
    near = greatest_move(step, first.shape) <= _MAX_REFINEMENT
    return better if near else matrix


def _shift(first: Structure, second: Structure) -> tuple[Matrix, float]:
    """The translation of first onto second and the share of the energy around its peak.

    The second look is at what both views show after the first, so that most of it agrees.
    """
    height, width = first.shape
    (right, down), response = _peak(first, second)
    x, y = round(right), round(down)
    if np.isfinite(response) and max(abs(x) / width, abs(y) / height) < 0.5:
        here = first[max(0, -y) : height - max(0, y), max(0, -x) : width - max(0, x)]
        there = second[max(0, y) : height - max(0, -y), max(0, x) : width - max(0, -x)]
        (further, deeper), response = _peak(here, there)
        right, down = x + further, y + deeper
    return np.array([[1, 0, right], [0, 1, down], [0, 0, 1.0]]), response


def _peak(first: Structure, second: Structure) -> tuple[tuple[float, float], float]:
    window = cv2.createHanningWindow(first.shape[::-1], cv2.CV_32F)
    here, there = np.ascontiguousarray(first), np.ascontiguousarray(second)
    (right, down), response = cv2.phaseCorrelate(here, there, window)
    return (right, down), response
