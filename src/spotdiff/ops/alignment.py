"""How two views of one place lie to each other: what to compare, and which transforms to believe.

Matrices map homogeneous pixel coordinates in which pixel column i covers [i, i + 1].
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64

from spotdiff.ops.coverage import coverage, of_centres, of_corners, warped
from spotdiff.types import Image, Matrix

Structure = Float32[np.ndarray, "h w"]

_FINE = 1.0  # pixels of blur, against grain
_COARSE = 41  # pixels of a side of the neighbourhood whose contrast is levelled
_CELLS = 6  # of the grid along each side
_MIN_SEEN = 0.3  # share of a cell that both views show
_STRONGEST = 4.0  # times the mean of the neighbourhood, so that no single edge decides
_RIM = 4  # pixels beside the border of a warped view, where its edge is repeated
_STEPS = np.array([[1e-5, 1e-5, 1e-3], [1e-5, 1e-5, 1e-3], [1e-8, 1e-8, 1]])
_ENOUGH = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-4)


def structure(image: Image) -> Structure:
    """The strength of edges beside that of their neighbourhood, 0 to 4; light hardly matters.

    Example:
        >>> step = np.repeat(np.uint8([[[40]] * 8 + [[90]] * 8]), 3, axis=2).repeat(8, axis=0)
        >>> structure(step)[4].argmax() in (7, 8)
        True
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    soft = cv2.GaussianBlur(grey, (0, 0), _FINE)
    across, down = (cv2.Scharr(soft, cv2.CV_32F, *axis) / 16 for axis in ((1, 0), (0, 1)))
    edges = cv2.magnitude(across, down)
    around = cv2.blur(edges, (_COARSE, _COARSE))
    return np.asarray(np.minimum(edges / (around + 1), _STRONGEST), np.float32)


class Likeness(NamedTuple):
    """How alike the edges of two views are, medians over the cells of a grid, each in [-1, 1].

    Attributes:
        before: As the views lie.
        after: Once a matrix has moved the first.
        gain: What that gives a cell. Most of a view stays where it is even if large things come
            and go, and a median asks most of the view.
    """

    before: float
    after: float
    gain: float


def correlations(
    first: Structure, second: Structure, where: Bool[np.ndarray, "h w"]
) -> Float32[np.ndarray, "n n"]:
    """Pearson's correlation in the cells of a grid over a mask; nan where little is to be seen.

    Example:
        >>> ramp = np.arange(144, dtype=np.float32).reshape(12, 12)
        >>> np.unique(correlations(ramp, 1 - 2 * ramp, ramp >= 0).round(3))
        array([-1.], dtype=float32)
    """
    counts = _in_cells(where.astype(np.float32))
    means = [_in_cells(np.where(where, v, 0)) for v in (first, second)]
    squares = [_in_cells(np.where(where, v * v, 0)) for v in (first, second)]
    product = _in_cells(np.where(where, first * second, 0))
    seen = counts >= _MIN_SEEN
    safe = np.where(seen, counts, 1)
    one, other = (mean / safe for mean in means)
    spreads = [(s / safe - m * m).clip(0) for s, m in zip(squares, (one, other), strict=True)]
    size = np.sqrt(spreads[0] * spreads[1])
    seen &= spreads[1] > 0
    told = (product / safe - one * other) / np.where(size > 0, size, 1)
    return np.where(seen, told, np.nan).astype(np.float32)


def _in_cells(values: Float32[np.ndarray, "h w"]) -> Float64[np.ndarray, "n n"]:
    """The mean of every cell."""
    return np.asarray(cv2.resize(values, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA), float)


def likeness(
    first: Image, second: Image, matrix: Matrix, mask: Bool[np.ndarray, "h w"]
) -> Likeness:
    """How alike the edges of two views are as they lie, and once a matrix has moved the first.

    Args:
        first: A view.
        second: Another one of the same size.
        matrix: Maps first to second.
        mask: The pixels of second that first covers then; those beside its border are left out.
    """
    inner = cv2.erode(mask.astype(np.uint8), np.ones((2 * _RIM + 1,) * 2, np.uint8)) > 0
    laid = structure(warped(first, matrix, (second.shape[0], second.shape[1])))
    there = structure(second)
    still, moved = (correlations(edges, there, inner) for edges in (structure(first), laid))
    if np.isnan(still).all():
        return Likeness(0.0, 0.0, 0.0)
    medians = (float(np.nanmedian(values)) for values in (still, moved, moved - still))
    return Likeness(*medians)


def distance(first: Image, second: Image, mask: Bool[np.ndarray, "h w"]) -> float:
    """By how many pixels things of two views lie apart: median optical flow over their edges.

    Half of what `mask` shows is looked at, the half with the stronger edges. Large objects that
    are in one view only leave a median alone.

    Kroeger et al. 2016, Fast Optical Flow using Dense Inverse Search: https://arxiv.org/abs/1603.03590
    """
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    levelled = [cv2.equalizeHist(cv2.cvtColor(v, cv2.COLOR_RGB2GRAY)) for v in (first, second)]
    still = np.zeros((*mask.shape, 2), np.float32)
    steps = np.linalg.norm(flow.calc(levelled[0], levelled[1], still), axis=2)
    edges = structure(second)
    strong = mask & (edges >= np.median(edges[mask])) if mask.any() else mask
    return float(np.median(steps[strong])) if strong.any() else 0.0


def refined(
    first: Structure, second: Structure, start: Matrix, motion: int, levels: int
) -> tuple[Matrix, float]:
    """The transform near `start` that lays first onto second best, and how well: in [-1, 1].

    Enhanced correlation coefficient over a Gaussian pyramid, coarse to fine.

    Evangelidis and Psarakis 2008, equations 6 and 19: https://doi.org/10.1109/TPAMI.2008.113

    Args:
        first: Edges of one view.
        second: Edges of the other.
        start: Where the search begins.
        motion: A `cv2.MOTION_` of translation, euclidean, affine or homography.
        levels: Of the pyramid, the full size included.

    Raises:
        ValueError: If the search does not converge.
    """
    pyramid = [(first, second)]
    for _ in range(levels - 1):
        pyramid.append((cv2.pyrDown(pyramid[-1][0]), cv2.pyrDown(pyramid[-1][1])))
    # OpenCV's matrix goes from the template, which stays, to the view that is laid on it.
    warp, found = np.linalg.inv(of_centres(start)), -1.0
    rows = 3 if motion == cv2.MOTION_HOMOGRAPHY else 2
    for level, (moving, fixed) in reversed(list(enumerate(pyramid))):
        near = rescaled(warp, 0.5**level)  # `pyrDown` keeps the centre of the first pixel
        part = (near / near[2, 2])[:rows].astype(np.float32)
        try:
            found, part = cv2.findTransformECC(fixed, moving, part, motion, _ENOUGH)
        except cv2.error as error:
            raise ValueError("the search for the best fit does not converge") from error
        warp = rescaled(np.concatenate([part, np.eye(3)[rows:]]), 2.0**level)
    forward = of_corners(np.linalg.inv(warp))
    return forward / forward[2, 2], float(found)


def rescaled(matrix: Matrix, factor: float) -> Matrix:
    """The same map between images that are both `factor` times as large.

    Example:
        >>> rescaled(np.array([[1, 0, 3], [0, 1, 4], [0, 0, 1.0]]), 2)[:2, 2]
        array([6., 8.])
    """
    size = np.diag([factor, factor, 1.0])
    return np.asarray(size @ matrix @ np.linalg.inv(size))


def rounded(matrix: Matrix) -> Matrix:
    """The matrix to a hundredth of a pixel in a view of a thousand, so that runs repeat.

    Sums of floats depend on where in memory an image lies.

    Example:
        >>> rounded(np.array([[1.0000001, 0, 3.0000002], [0, 1, 4], [0, 0, 1.0]])).tolist()[0]
        [1.0, 0.0, 3.0]
    """
    return np.asarray(np.rint(matrix / _STEPS) * _STEPS)


def greatest_move(matrix: Matrix, size: tuple[int, int]) -> float:
    """How far the corner that moves most goes, in pixels, in an image of `size` (h, w).

    Example:
        >>> greatest_move(np.array([[1, 0, 3], [0, 1, 4], [0, 0, 1.0]]), (10, 20))
        5.0
    """
    corners = _corners(size)
    mapped = corners @ matrix.T
    return float(np.linalg.norm(mapped[:, :2] / mapped[:, 2:] - corners[:, :2], axis=1).max())


def implausible(matrix: Matrix, size: tuple[int, int], max_scale: float, max_turn: float) -> str:
    """Why no camera of the same place moves so, in words; empty where one may.

    Args:
        matrix: Maps one view of `size` (h, w) to the other.
        size: Of both.
        max_scale: How many times larger or smaller things may get, at any corner in any direction.
        max_turn: Degrees that any corner may turn.

    Example:
        >>> implausible(np.diag([-1.0, 1.0, 1.0]), (10, 20), 2, 45)
        'it mirrors the view'
        >>> implausible(np.diag([3.0, 3.0, 1.0]), (10, 20), 2, 45)
        'it scales by 3.00, at most 2.00 asked'
        >>> implausible(np.diag([1.1, 1.1, 1.0]), (10, 20), 2, 45)
        ''
    """
    if not np.isfinite(matrix).all():
        return "the views have nothing to hold on to"
    corners = _corners(size)
    mapped = corners @ matrix.T
    if (mapped[:, 2] <= 0).any():
        return "it folds the view"
    places = mapped[:, :2] / mapped[:, 2:]
    bent = matrix[None, :2, :2] - places[:, :, None] * matrix[None, 2:, :2]
    local = bent / mapped[:, 2, None, None]  # how the surroundings of each corner are mapped
    if (np.linalg.det(local) <= 0).any():
        return "it mirrors the view"
    scales = np.linalg.svd(local, compute_uv=False)
    scale = scales.max() if scales.max() * scales.min() >= 1 else scales.min()
    if not 1 / max_scale <= scale <= max_scale:
        return f"it scales by {scale:.2f}, at most {max_scale:.2f} asked"
    turns = np.arctan2(local[:, 1, 0] - local[:, 0, 1], local[:, 0, 0] + local[:, 1, 1])
    turn = float(np.degrees(np.abs(turns).max()))
    return (
        f"it turns by {turn:.0f} degrees, at most {max_turn:.0f} asked" if turn > max_turn else ""
    )


def overlaps(matrix: Matrix, size: tuple[int, int]) -> tuple[float, float]:
    """Share of each of two views of `size` (h, w) that the other one covers: of first, of second.

    Example:
        >>> overlaps(np.diag([2.0, 2.0, 1.0]), (10, 20))
        (0.25, 1.0)
    """
    backward = coverage(np.linalg.inv(matrix), size, size)
    return float(backward.mean()), float(coverage(matrix, size, size).mean())


def _corners(size: tuple[int, int]) -> Float64[np.ndarray, "4 3"]:
    height, width = size
    return np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1.0]])
