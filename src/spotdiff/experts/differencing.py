"""Localisers that only subtract: what a learnt one has to be better than.

Both are functions of pixels in place. They take light, noise and a shift of one pixel for change,
and tell nothing of kinds: their heat is all in the channel `changed`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np
from jaxtyping import Float32
from skimage.metrics import structural_similarity

from spotdiff.experts.untyped import check_frame, rule_info, untyped_map
from spotdiff.types import ChangeMap, Image, ModelInfo, Pair, Thresholds

_LEVELS = (6, 9, 12, 16, 20, 25, 32, 40, 55, 75)  # grey levels of 255
_REACH = 3.5  # standard deviations after which skimage cuts a Gaussian window


@dataclass(frozen=True)
class PixelDifference:
    """The mean absolute difference of the colours under a Gaussian blur; a `ChangeLocalizer`.

    heat = √(G_σ * mean_c |before_c − after_c| / 255). The root changes no rank; it spreads low
    values, where the interesting thresholds lie.

    Args:
        sigma: Standard deviation of the blur, in pixels.

    Raises:
        ValueError: If it is not above 0.
    """

    heats: ClassVar[tuple[float, ...]] = tuple(float(np.sqrt(v / 255)) for v in _LEVELS)
    """Thresholds of the heat worth trying: differences of 6 to 75 grey levels."""
    thresholds: ClassVar[Thresholds] = Thresholds(min_heat=heats[6], min_score=0.0)
    """Boxes around what differs by 32 grey levels or more."""

    sigma: float = 2.0

    def __post_init__(self) -> None:
        _check_sigma(self.sigma)

    @property
    def info(self) -> ModelInfo:
        """The rule and its settings; there are no weights."""
        return rule_info(self)

    def __call__(self, pairs: Sequence[Pair]) -> list[ChangeMap]:
        """One map a pair, in the frame of its views.

        Raises:
            ValueError: If the two views of a pair differ in size.
        """
        return [untyped_map(self._heat(pair)) for pair in pairs]

    def _heat(self, pair: Pair) -> Float32[np.ndarray, "h w"]:
        check_frame(pair)
        steps = cv2.absdiff(pair.before, pair.after).astype(np.float32).mean(axis=2)
        blurred = cv2.GaussianBlur(steps, (0, 0), self.sigma)
        # A kernel whose weights sum to a little more than 1 must not lift heat above it.
        return np.asarray(np.sqrt(np.clip(blurred / 255, 0, 1)), np.float32)


@dataclass(frozen=True)
class StructuralDissimilarity:
    """Half of one minus structural similarity of the grey images; a `ChangeLocalizer`.

    heat = (1 − SSIM) / 2 with Gaussian windows. Wang et al. 2004, eq. 13:
    https://doi.org/10.1109/TIP.2003.819861

    Args:
        sigma: Standard deviation of the windows, in pixels.

    Raises:
        ValueError: If it is not above 0.
    """

    heats: ClassVar[tuple[float, ...]] = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45)
    """Thresholds of the heat worth trying; 0.5 is no similarity at all."""
    thresholds: ClassVar[Thresholds] = Thresholds(min_heat=0.3, min_score=0.0)
    """Boxes around places whose similarity is below 0.4."""

    sigma: float = 1.5

    def __post_init__(self) -> None:
        _check_sigma(self.sigma)

    @property
    def info(self) -> ModelInfo:
        """The rule and its settings; there are no weights."""
        return rule_info(self)

    def __call__(self, pairs: Sequence[Pair]) -> list[ChangeMap]:
        """One map a pair, in the frame of its views.

        Raises:
            ValueError: If the two views of a pair differ in size, or are smaller than a window.
        """
        return [untyped_map(self._heat(pair)) for pair in pairs]

    def _heat(self, pair: Pair) -> Float32[np.ndarray, "h w"]:
        check_frame(pair)
        window = 2 * int(_REACH * self.sigma + 0.5) + 1
        if min(pair.after.shape[:2]) < window:
            raise ValueError(
                f"Expected views of at least {window} px a side for SSIM, got pair "
                f"{pair.pair_id!r} of {pair.after.shape[:2]}: enlarge them, or lower sigma."
            )
        before, after = _grey(pair.before), _grey(pair.after)
        _, similarity = structural_similarity(
            before, after, full=True, gaussian_weights=True, sigma=self.sigma
        )
        return np.asarray(np.clip((1 - similarity) / 2, 0, 1), np.float32)


def _grey(image: Image) -> np.ndarray:
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def _check_sigma(sigma: float) -> None:
    if not sigma > 0:
        raise ValueError(f"Expected sigma above 0 px, got {sigma}: try 1 to 3.")
