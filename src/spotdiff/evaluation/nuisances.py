"""Photographs beside themselves under one nuisance at a time, with nothing changed or something.

Nothing but the nuisance differs between the views of an unchanged pair. Its changed partner has
the same photograph, the same draw of the nuisance, and one thing pasted into one of the views; that
may be as pale as those of `spotdiff.data.synthetic`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from spotdiff.data import nuisance
from spotdiff.data.cutouts import PhotoLibrary
from spotdiff.data.layers import Frame, Layer, compose, settled, truth
from spotdiff.data.photos import decoded, resized
from spotdiff.data.sprites import sprite
from spotdiff.types import ChangeKind, Image, Pair, Truth

_MIN_VISIBLE = 64  # pixels that a pasted thing shows at least
_MIN_CONTRAST = 6.0  # grey levels on average
_ATTEMPTS = 20
_SIDES = (0.06, 0.4)  # long side of a pasted thing, as a fraction of the shorter side of the view

Views = tuple[Image, Image]


class Nuisance(Protocol):
    """Makes two views differ in something that is no change."""

    def __call__(self, views: Views, rng: np.random.Generator) -> Views:
        """Views of one size; how they are made depends on their size and on `rng` alone."""
        ...


@dataclass(frozen=True)
class Nothing:
    """Both views as they are."""

    def __call__(self, views: Views, rng: np.random.Generator) -> Views:  # noqa: ARG002
        """The same views."""
        return views


@dataclass(frozen=True)
class Degraded:
    """One of the views, drawn by lot, under one of `spotdiff.data.nuisance`, in its whole range.

    Attributes:
        name: Of the function.
        strength: 1 for the documented range.

    Raises:
        ValueError: If there is no nuisance of that name.
    """

    name: str
    strength: float = 1.0

    def __post_init__(self) -> None:
        known = [function.__name__ for function in nuisance.RATES]
        if self.name not in known:
            msg = f"Expected a nuisance, one of {', '.join(known)}, got {self.name!r}."
            raise ValueError(msg)

    def __call__(self, views: Views, rng: np.random.Generator) -> Views:
        """The views, one of them degraded."""
        before, after = views
        function = getattr(nuisance, self.name)
        if rng.random() < 0.5:
            return function(before, rng, self.strength), after
        return before, function(after, rng, self.strength)


@dataclass(frozen=True)
class Shifted:
    """Two windows of the place, so many pixels apart along a drawn axis or diagonal."""

    pixels: int

    def __call__(self, views: Views, rng: np.random.Generator) -> Views:
        """The windows; both are smaller than the views by the shift."""
        height, width = views[0].shape[:2]
        down, right = ((1, 0), (0, 1), (1, 1), (1, -1))[int(rng.integers(4))]
        step = self.pixels
        rows = (slice(0, height - step * down), slice(step * down, height))
        columns = (slice(0, width - step * abs(right)), slice(step * abs(right), width))
        if right < 0:
            columns = columns[::-1]
        before, after = views
        return before[rows[0], columns[0]].copy(), after[rows[1], columns[1]].copy()


@dataclass(frozen=True)
class Turned:
    """The after view turned about its centre and scaled, sampled cubically.

    A rim that it would not show is cut off both views.

    Attributes:
        degrees: Either way, drawn.
        scale: Larger or smaller by this factor, drawn.
    """

    degrees: float = 0.0
    scale: float = 1.0

    def __call__(self, views: Views, rng: np.random.Generator) -> Views:
        """The views without their rim."""
        before, after = views
        height, width = after.shape[:2]
        angle = self.degrees if rng.random() < 0.5 else -self.degrees
        scale = self.scale if rng.random() < 0.5 else 1 / self.scale
        matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, scale)
        turned = cv2.warpAffine(
            after, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
        )
        reach = math.radians(self.degrees) + abs(self.scale - 1)
        rim = math.ceil(reach * math.hypot(height, width) / 2) + 1
        inside = (slice(rim, height - rim), slice(rim, width - rim))
        return before[inside].copy(), np.ascontiguousarray(turned[inside], np.uint8)


@dataclass(frozen=True)
class NuisancePairs:
    """Draws pairs of photographs under nuisances.

    Args:
        library: Photographs to stand on, and what is pasted.
        limit: At most so many photographs, evenly spread; None takes all.
        max_side: Photographs are reduced to this long side, in pixels; at most 640.
    """

    library: PhotoLibrary
    limit: int | None = None
    max_side: int = 320

    def __len__(self) -> int:
        found = len(self.library.photos)
        return found if self.limit is None else min(found, self.limit)

    def pairs(
        self, number: int, seed: int, nuisances: Mapping[str, Nuisance]
    ) -> Iterator[tuple[str, Pair, Pair]]:
        """For every nuisance its name, the unchanged and the changed pair of one photograph.

        What is pasted depends on the photograph and the seed, not on the nuisance. Views of changed
        pairs carry no boxes and no mask: they only count as changed.

        Raises:
            ValueError: If the photograph cannot be decoded, or nothing visible can be pasted on it.
        """
        photo = self._photo(number)
        changed = self._changed(photo, np.random.default_rng([seed, number]))
        for place, (name, applied) in enumerate(nuisances.items()):
            drawn = [seed, number, place]
            still = applied((photo, photo), np.random.default_rng(drawn))
            moved = applied(changed, np.random.default_rng(drawn))
            title = f"{name}-{number}-{seed}"
            yield name, Pair(title, *still, Truth(changes=())), Pair(title, *moved)

    def _photo(self, number: int) -> Image:
        photos = self.library.photos
        image, _ = decoded(photos[number * len(photos) // len(self)].path)
        scale = min(1.0, self.max_side / max(image.shape[:2]))
        return resized(image, *(max(32, round(side * scale)) for side in image.shape[:2]))

    def _changed(self, photo: Image, rng: np.random.Generator) -> Views:
        """One thing pasted into one view, so that it can be seen."""
        size = photo.shape[:2]
        frame = Frame((size[0], size[1]))
        for _ in range(_ATTEMPTS):
            layers = settled([self._layer(photo, rng)], size, _MIN_VISIBLE)
            scene = compose(photo, layers, _MIN_CONTRAST)
            if truth(scene, frame, frame, _MIN_VISIBLE).changes:
                return scene.before, scene.after
        msg = (
            f"Expected a thing to paste that can be seen, got none in {_ATTEMPTS} attempts: bring "
            "photographs with more contrast."
        )
        raise ValueError(msg)

    def _layer(self, photo: Image, rng: np.random.Generator) -> Layer:
        low, high = (share * min(photo.shape[:2]) for share in _SIDES)
        side = float(np.exp(rng.uniform(np.log(low), np.log(high))))
        cutout = self.library.cutout(rng)
        thing = sprite(rng, cutout, photo, side)
        if rng.random() < 0.5:
            return Layer(ChangeKind.ADDED, cutout.label, None, thing)
        return Layer(ChangeKind.REMOVED, cutout.label, thing, None)
