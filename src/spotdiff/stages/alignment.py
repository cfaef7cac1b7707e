"""Laying before onto after where the camera moved between them, if that can be believed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np

from spotdiff.ops.alignment import (
    distance,
    greatest_move,
    implausible,
    likeness,
    overlaps,
    rounded,
)
from spotdiff.ops.boxes import mask_box
from spotdiff.ops.coverage import coverage, warped
from spotdiff.ops.frames import resize
from spotdiff.stages.registration import Estimate
from spotdiff.types import Image, Matrix, Pair, Registering, Registration

log = logging.getLogger("spotdiff")

_SMALLEST = 32  # pixels of a side in which something can be recognised
_MAX_WARNINGS = 10  # of one aligner; a camera that stands still before crowds refuses thousands


class Estimator(Protocol):
    """Finds the transform between two views of one size."""

    method: Registering

    def __call__(self, first: Image, second: Image) -> Estimate:
        """A transform that maps first to second."""
        ...


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What is believed of two views: a transform, or that they stay as they are and why."""

    matrix: Matrix | None = None
    inliers: int | None = None
    reason: str | None = None


class ViewAligner:
    """Aligns pairs, and says so where it does not; an `Aligner`.

    A transform is believed if its estimator trusts it, a camera can have moved so, the views still
    overlap, and their edges are more alike for it. Without one, views whose edges are alike where
    they lie are taken for those of a camera that stood still; others are refused. Two views are
    looked at in an order that their pixels decide, so exchanging them gives the inverse transform;
    equal views stay as they are.

    Args:
        estimator: Finds transforms.
        max_side: Longest side that is looked at, in pixels; larger views are reduced for it.
        min_move: Pixels of that copy; a transform that moves no corner so far leaves views alone.
        doubtful_move: The same for a transform that makes the views no more alike.
        min_still: Correlation of edges in most of the view from which on a camera stood still if no
            transform is believed: 9 of 10 photographs that moved by 4 pixels have less.
        min_gain: By how much the correlation of edges rises, at least.
        min_likeness: What it rises to, at least.
        min_overlap: Share of each view that the other one shows, at least.
        max_scale: How many times larger or smaller things may get.
        max_turn: Degrees.
    """

    def __init__(  # noqa: PLR0913 each is a threshold of its own
        self,
        estimator: Estimator,
        max_side: int = 640,
        min_move: float = 0.3,
        doubtful_move: float = 2.0,
        min_still: float = 0.3,
        min_gain: float = 0.02,
        min_likeness: float = 0.2,
        min_overlap: float = 0.3,
        max_scale: float = 2.0,
        max_turn: float = 45.0,
    ) -> None:
        self.estimator = estimator
        self.max_side = max_side
        self.min_move = min_move
        self.doubtful_move = doubtful_move
        self.min_still = min_still
        self.min_gain = min_gain
        self.min_likeness = min_likeness
        self.min_overlap = min_overlap
        self.max_scale = max_scale
        self.max_turn = max_turn
        self._refused = 0

    def __call__(self, pairs: Sequence[Pair]) -> list[tuple[Pair, Matrix, Registration]]:
        """Every pair with before laid onto after, the matrix for that, and how it came about.

        A pair that is refused comes back as it is, with the identity; a warning names it.

        Raises:
            ValueError: If the two views of a pair differ in size.
        """
        # As many at once as OpenCV may use cores: a card would wait for them one by one.
        with ThreadPoolExecutor(max(1, min(len(pairs), cv2.getNumThreads()))) as pool:
            aligned = list(pool.map(self._aligned, pairs))
        for pair, _, registration in aligned:
            if registration.reason:
                self._warn(pair.pair_id, registration.reason)
        return aligned

    def _aligned(self, pair: Pair) -> tuple[Pair, Matrix, Registration]:
        if pair.before.shape != pair.after.shape:
            sizes = f"{pair.before.shape[:2]} and {pair.after.shape[:2]}"
            raise ValueError(
                f"Expected both views of pair {pair.pair_id!r} in one frame, got {sizes}."
            )
        if np.array_equal(pair.before, pair.after):
            return pair, np.eye(3), self._told(pair, _Verdict(), 0.0)
        views = _Views.of(pair, self.max_side)
        verdict = self._judged(views)
        residual = views.distance(verdict.matrix)
        if verdict.matrix is None:
            return pair, np.eye(3), self._told(pair, verdict, residual)
        matrix = views.in_frame(verdict.matrix)
        laid = lay(pair, matrix)
        return laid, matrix, self._told(laid, verdict, residual)

    def _warn(self, pair_id: str, reason: str) -> None:
        self._refused += 1
        if self._refused <= _MAX_WARNINGS:
            log.warning("%s: compared without alignment: %s.", pair_id, reason)
        if self._refused == _MAX_WARNINGS:
            log.warning("Only records say so of further pairs: alignment.registration.reason.")

    def _judged(self, views: _Views) -> _Verdict:
        """The transform that maps first to second, if it can be believed."""
        first, second = views.first, views.second
        size = (first.shape[0], first.shape[1])
        if min(size) < _SMALLEST:
            return _Verdict(reason=f"a side has {min(size)} pixels, {_SMALLEST} are needed")
        found = self.estimator(first, second)
        matrix = rounded(found.matrix)
        reason = found.reason or implausible(matrix, size, self.max_scale, self.max_turn)
        reason = reason or self._apart(matrix, size)
        if reason:
            still = likeness(first, second, np.eye(3), np.ones(size, bool)).before
            return _Verdict(None, found.inliers, None if still >= self.min_still else reason)
        move = greatest_move(matrix, size)
        if move < self.min_move:
            return _Verdict(None, found.inliers)
        seen = likeness(first, second, matrix, coverage(matrix, size, size))
        if seen.gain >= self.min_gain and seen.after >= self.min_likeness:
            return _Verdict(matrix, found.inliers)
        least = self.min_likeness if move < self.doubtful_move else self.min_still
        if seen.before >= least:
            return _Verdict(None, found.inliers)
        reason = (
            f"edges correlate by {seen.after:.2f} with it, {seen.gain:+.2f} in most of the view"
        )
        return _Verdict(None, found.inliers, reason)

    def _apart(self, matrix: Matrix, size: tuple[int, int]) -> str:
        """Why the views show too little in common; empty where they do not."""
        share = min(overlaps(matrix, size))
        if share >= self.min_overlap:
            return ""
        return f"{share:.2f} of the views overlap, at least {self.min_overlap:.2f} asked"

    def _told(self, pair: Pair, verdict: _Verdict, residual: float | None) -> Registration:
        return Registration(
            method=self.estimator.method,
            accepted=verdict.reason is None,
            reason=verdict.reason,
            inliers=verdict.inliers,
            residual=residual,
            overlap=1.0 if pair.overlap is None else float(pair.overlap.mean()),
        )


@dataclass(frozen=True, slots=True)
class _Views:
    """Reduced copies of what both views of a pair show, in an order that their pixels decide.

    Attributes:
        first: One of the views.
        second: The other one.
        swapped: Whether first is after.
        reduction: Maps the pair's frame to that of the copies.
        factor: How much smaller the copies are, at most 1.
    """

    first: Image
    second: Image
    swapped: bool
    reduction: Matrix
    factor: float

    @classmethod
    def of(cls, pair: Pair, max_side: int) -> _Views:
        """Those of a pair; where the views overlap in part, copies of that part."""
        height, width = pair.after.shape[:2]
        box = (pair.overlap is not None and mask_box(pair.overlap)) or (0, 0, width, height)
        left, top, right, bottom = (int(edge) for edge in box)
        factor = min(1.0, max_side / max(right - left, bottom - top))
        size = (max(1, round((bottom - top) * factor)), max(1, round((right - left) * factor)))
        views = [resize(v[top:bottom, left:right], size) for v in (pair.before, pair.after)]
        swapped = views[0].tobytes() > views[1].tobytes()
        first, second = views[::-1] if swapped else views
        x, y = size[1] / (right - left), size[0] / (bottom - top)
        reduction = np.array([[x, 0, -left * x], [0, y, -top * y], [0, 0, 1.0]])
        return cls(first, second, swapped, reduction, factor)

    def in_frame(self, matrix: Matrix) -> Matrix:
        """A map of first to second as one of before to after in the frame of the pair."""
        forward = np.linalg.inv(matrix) if self.swapped else matrix
        whole = np.linalg.inv(self.reduction) @ forward @ self.reduction
        return np.asarray(whole / whole[2, 2])

    def distance(self, matrix: Matrix | None) -> float | None:
        """By how many pixels of the pair's frame things lie apart once a matrix moved first.

        None where the views are too small to tell.
        """
        size = (self.first.shape[0], self.first.shape[1])
        if min(size) < _SMALLEST:
            return None
        if matrix is None:
            return distance(self.first, self.second, np.ones(size, bool)) / self.factor
        laid = warped(self.first, matrix, size)
        return distance(laid, self.second, coverage(matrix, size, size)) / self.factor


def lay(pair: Pair, matrix: Matrix) -> Pair:
    """The pair with before moved by a matrix in its frame; elsewhere before repeats after."""
    size = (pair.after.shape[0], pair.after.shape[1])
    covered = coverage(matrix, size, size, pair.overlap)
    before = np.where(covered[..., None], warped(pair.before, matrix, size), pair.after)
    return replace(pair, before=before, overlap=None if covered.all() else covered)
