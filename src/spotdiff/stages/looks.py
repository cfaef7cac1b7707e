"""The ways in which a detector looks at an image: as it is, mirrored, at other sizes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeAlias

import numpy as np

from spotdiff.ops.boxes import clip, mirror
from spotdiff.ops.frames import resize
from spotdiff.types import Detections, Image

Tta: TypeAlias = Literal["none", "flip", "flip+scales"]


@dataclass(frozen=True, slots=True)
class Look:
    """One way to look.

    Attributes:
        name: Of this way, with all that decides what is seen.
        shown: What the detector is given of an image.
        back: Boxes of what it was given as boxes of the image.
    """

    name: str
    shown: Callable[[Image], Image]
    back: Callable[[Detections, Image], Detections]


def looks(tta: Tta, scales: tuple[float, ...] = (0.75, 1.5)) -> tuple[Look, ...]:
    """The ways that a setting of test-time augmentation asks for.

    Args:
        tta: `flip` looks at the mirrored image too, `flip+scales` also at smaller and larger ones.
        scales: Factors of the sides.

    Raises:
        ValueError: If there is no such setting, or a factor is not positive.

    Example:
        >>> [look.name for look in looks("flip+scales")]
        ['plain', 'mirrored', 'scaled 0.75', 'scaled 1.5']
    """
    if tta not in ("none", "flip", "flip+scales"):
        raise ValueError(f"Expected tta to be none, flip or flip+scales, got {tta!r}.")
    if any(factor <= 0 for factor in scales):
        raise ValueError(f"Expected scales to be positive factors, got {scales}.")
    found = [Look("plain", lambda image: image, lambda seen, _: seen)]
    if tta != "none":
        found.append(Look("mirrored", _mirrored, _mirrored_back))
    if tta == "flip+scales":
        found += [
            Look(f"scaled {factor:g}", partial(_scaled, factor=factor), _scaled_back(factor))
            for factor in scales
        ]
    return tuple(found)


def _mirrored(image: Image) -> Image:
    return np.ascontiguousarray(image[:, ::-1])


def _mirrored_back(seen: Detections, image: Image) -> Detections:
    return replace(seen, boxes=mirror(seen.boxes, image.shape[1]))


def _scaled(image: Image, factor: float) -> Image:
    return resize(image, _scaled_size(image, factor))


def _scaled_size(image: Image, factor: float) -> tuple[int, int]:
    height, width = image.shape[:2]
    return max(1, round(height * factor)), max(1, round(width * factor))


def _scaled_back(factor: float) -> Callable[[Detections, Image], Detections]:
    def back(seen: Detections, image: Image) -> Detections:
        height, width = _scaled_size(image, factor)
        sides = np.array([image.shape[1] / width, image.shape[0] / height] * 2, np.float32)
        return replace(seen, boxes=clip(seen.boxes * sides, image.shape[:2]))

    return back
