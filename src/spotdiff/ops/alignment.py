"""How two views of one place lie to each other: what to compare, and which transforms to believe.

Matrices map homogeneous pixel coordinates in which pixel column i covers [i, i + 1].
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from spotdiff.ops.coverage import coverage, of_centres, of_corners, warped
from spotdiff.types import Image, Matrix

Structure = Float32[np.ndarray, "h w"]

_FINE, _COARSE = 1.0, 12.0  # pixels: blur against grain, neighbourhood whose contrast is levelled
_STRONGEST = 4.0  # times the mean of the neighbourhood, so that no single edge decides
_RIM = 4  # pixels beside the border of a warped view, where its edge is repeated
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
    around = cv2.GaussianBlur(edges, (0, 0), _COARSE)
    return np.asarray(np.minimum(edges / (around + 1), _STRONGEST), np.float32)


def correlation(first: Structure, second: Structure, where: Bool[np.ndarray, "h w"]) -> float:
    """Pearson's correlation over the pixels of a mask; 0 where either does not vary.

    Example:
        >>> ramp = np.arange(6, dtype=np.float32).reshape(2, 3)
        >>> round(correlation(ramp, 1 - 2 * ramp, ramp > 1), 6)
        -1.0
    """
    one, other = (values[where] - values[where].mean() for values in (first, second))
    size = float(np.sqrt((one * one).sum() * (other * other).sum()))
    return float((one * other).sum()) / size if size > 0 else 0.0


def likeness(
    first: Image, second: Image, matrix: Matrix, mask: Bool[np.ndarray, "h w"]
) -> tuple[float, float]:
    """How alike the edges of two views are as they lie, and once a matrix has moved the first.

    Args:
        first: A view.
        second: Another one of the same size.
        matrix: Maps first to second.
        mask: The pixels of second that first covers then; those beside its border are left out.

    Returns:
        Two correlations in [-1, 1], both over the same pixels of second.
    """
    laid = warped(first, matrix, (second.shape[0], second.shape[1]))
    inner = cv2.erode(mask.astype(np.uint8), np.ones((2 * _RIM + 1,) * 2, np.uint8)) > 0
    if not inner.any():
        return 0.0, 0.0
    edges, there = structure(laid), structure(second)
    return correlation(structure(first), there, inner), correlation(edges, there, inner)


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


def mutual_matches(
    first: Float32[np.ndarray, "n d"], second: Float32[np.ndarray, "m d"], max_ratio: float
) -> Int64[np.ndarray, "k 2"]:
    """Pairs of rows that are each other's nearest, and clearly nearer than the second nearest.

    Lowe 2004, section 7.1: https://doi.org/10.1023/B:VISI.0000029664.99615.94

    Args:
        first: Unit vectors.
        second: Unit vectors, two at least.
        max_ratio: Of the distance of the nearest to that of the second nearest, either way.

    Example:
        >>> mutual_matches(np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32)[[1, 0]], 0.8)
        array([[0, 1],
               [1, 0]])
    """
    nearness = first @ second.T
    there = _clear_nearest(nearness, max_ratio)
    back = _clear_nearest(nearness.T, max_ratio)
    rows = np.flatnonzero(there >= 0)
    rows = rows[back[there[rows]] == rows]
    return np.stack([rows, there[rows]], axis=1)


def _clear_nearest(
    nearness: Float32[np.ndarray, "n m"], max_ratio: float
) -> Int64[np.ndarray, " n"]:
    """The nearest column of every row, -1 where it is not clear which one that is."""
    best = nearness.argmax(axis=1)
    top = -np.partition(-nearness, 1, axis=1)[:, :2]
    # Of distances between unit vectors; what rounding leaves of none must not tell twins apart.
    squares = (2 - 2 * top).clip(1e-6)
    return np.where(squares[:, 0] <= max_ratio**2 * squares[:, 1], best, -1)


def _corners(size: tuple[int, int]) -> Float64[np.ndarray, "4 3"]:
    height, width = size
    return np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1.0]])
