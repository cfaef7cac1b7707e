"""Pairs in which one sort of thing became another one, as two captions tell it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from spotdiff.data import nuisance
from spotdiff.data.cutouts import Backdrop, Cutout, PhotoLibrary
from spotdiff.data.layers import SOLID, Frame, Layer, Sprite, compose, truth
from spotdiff.data.photos import resized
from spotdiff.data.sprites import MIN_ERASED, lifted, sprite
from spotdiff.types import ChangeKind, Image, Pair

MAX_LIFTED = 0.35  # share of a photograph: what is larger leaves no ground to fill it in from
_CHOICES = 12  # cut-outs of which the one that fits best is taken
_GROWTH = 1.5  # what grows more looks blurred
_GREY = 12  # levels between the channels of a picture without colours


class SwapError(ValueError):
    """The pair cannot be drawn; the message says why, in one clause."""


@dataclass(frozen=True)
class SwappedPairs:
    """Draws pairs of a photograph and the same one with other things in the place of some.

    Where the photograph shows the things, all of them are lifted out, the ground is filled in, and
    cut-outs of the other sort take their places. Where it does not, or there is none, both views
    get a cut-out.

    Args:
        library: Where photographs and cut-outs come from.
        size: Height and width of views that are of no photograph.
        nuisance: Strength of what is no change, as in `SyntheticPairs`; 0 leaves the views alike.
        min_contrast: A change of fewer grey levels on average is no change.
    """

    library: PhotoLibrary
    size: tuple[int, int] = (512, 512)
    nuisance: float = 0.0
    min_contrast: float = 6.0

    def __call__(
        self, pair_id: str, seed: int, before: str, after: str, photo: Path | None = None
    ) -> Pair:
        """The pair of a seed, always the same, with its truth.

        Args:
            pair_id: Its name.
            seed: Of what is drawn.
            before: What is there, as the library calls it.
            after: What takes its place.
            photo: A photograph of the library; None draws a ground.

        Raises:
            SwapError: The library has no such things, the photograph shows them too small or too
                large, or what came out looks like no change.
        """
        missing = [name for name in (before, after) if name not in self.library.labels]
        if missing:
            raise SwapError(f"there is no cut-out of {' and of '.join(map(repr, missing))}")
        rng = np.random.default_rng(seed)
        backdrop = self._backdrop(rng, photo)
        ground, things = self._things(rng, backdrop, before)
        layers = [self._layer(rng, ground, thing, after) for thing in things]
        scene = compose(ground, layers, self.min_contrast)
        frame = Frame((ground.shape[0], ground.shape[1]))
        known = truth(scene, frame, frame, MIN_ERASED)
        if len(known.changes or ()) < len(layers):
            raise SwapError(f"{before!r} hardly differs from {after!r} there, or hides behind it")
        views = (scene.before, scene.after)
        if self.nuisance > 0:
            views = (
                nuisance.degrade(views[0], rng, self.nuisance),
                nuisance.degrade(views[1], rng, self.nuisance),
            )
        return Pair(pair_id, *views, truth=known)

    def _backdrop(self, rng: np.random.Generator, photo: Path | None) -> Backdrop:
        if photo is None:
            return Backdrop(self.library.background(rng, self.size))
        return self.library.whole(photo)

    def _things(
        self, rng: np.random.Generator, backdrop: Backdrop, label: str
    ) -> tuple[Image, list[Sprite]]:
        """The ground without the things that will change, and these as they lay on it."""
        ground = backdrop.image.copy()
        outlines = [outline for outline in backdrop.outlines if outline.label == label]
        if not outlines:
            long_side = min(ground.shape[:2]) * rng.uniform(0.2, 0.5)
            cutout = self.library.cutout(rng, named=True, label=label)
            thing = sprite(rng, cutout, ground, long_side)
            return ground, [_inside(replace(thing, shadow=None), ground)]
        largest = MAX_LIFTED * ground.shape[0] * ground.shape[1]
        if any(not MIN_ERASED <= outline.area <= largest for outline in outlines):
            raise SwapError(f"one of {len(outlines)} of {label!r} is too small or too large to go")
        return ground, [lifted(rng, backdrop.image, ground, outline) for outline in outlines]

    def _layer(self, rng: np.random.Generator, ground: Image, thing: Sprite, after: str) -> Layer:
        old = _tight(thing)
        choices = [self.library.cutout(rng, named=True, label=after) for _ in range(_CHOICES)]
        cutout = min(choices, key=lambda choice: _strain(choice, old))
        return Layer(ChangeKind.CHANGED, after, thing, _inside(_standing(cutout, old), ground))


def _strain(cutout: Cutout, old: Sprite) -> float:
    """How badly a cut-out fits into the place of a thing: by its shape, and by its growth."""
    height, width = old.alpha.shape
    tall, wide = cutout.alpha.shape
    shape = abs(float(np.log((tall / wide) / (height / width))))
    return shape + max(0.0, float(np.log(_scale(cutout, old) / _GROWTH)))


def _scale(cutout: Cutout, old: Sprite) -> float:
    """What makes the cut-out as large as the thing, by area."""
    return float(np.sqrt(old.alpha.size / cutout.alpha.size))


def _standing(cutout: Cutout, old: Sprite) -> Sprite:
    """The cut-out where the thing was: as large, with its foot at the same place."""
    scale = _scale(cutout, old)
    tall, wide = (max(2, round(side * scale)) for side in cutout.alpha.shape)
    image, alpha = (resized(part, tall, wide) for part in (cutout.image, cutout.alpha))
    if _is_grey(old.image):
        image = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    x = old.x + (old.alpha.shape[1] - wide) // 2
    y = old.y + old.alpha.shape[0] - tall
    return Sprite(image, cv2.GaussianBlur(alpha, (0, 0), 0.6), x, y)


def _is_grey(image: Image) -> bool:
    return int(np.ptp(image.reshape(-1, 3).astype(np.int16), axis=1).max()) < _GREY


def _tight(thing: Sprite) -> Sprite:
    """The thing without the clear border around it."""
    x, y, width, height = cv2.boundingRect((thing.alpha > SOLID).astype(np.uint8))
    rows, columns = slice(y, y + height), slice(x, x + width)
    return Sprite(thing.image[rows, columns], thing.alpha[rows, columns], thing.x + x, thing.y + y)


def _inside(thing: Sprite, ground: Image) -> Sprite:
    """The thing moved so that all of it is seen, if it is not too large for that."""
    height, width = thing.alpha.shape
    x = min(max(thing.x, 0), max(ground.shape[1] - width, 0))
    y = min(max(thing.y, 0), max(ground.shape[0] - height, 0))
    return replace(thing, x=x, y=y)
