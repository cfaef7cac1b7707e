"""Pairs in which one sort of thing became another one, as two captions tell it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from spotdiff.data import nuisance
from spotdiff.data.cutouts import Backdrop, PhotoLibrary
from spotdiff.data.layers import SOLID, Composition, Frame, Layer, Sprite, compose, truth
from spotdiff.data.photos import Outline
from spotdiff.data.sprites import MIN_ERASED, lifted, sprite
from spotdiff.data.stand_ins import best_fitting, inside, likeness, standing
from spotdiff.types import Box, ChangeKind, Image, Pair

MAX_LIFTED = 0.25  # share of a photograph: what is larger leaves no ground to fill it in from
MIN_SEEN = 0.6  # share of a thing that is not hidden behind others
MIN_ALIKE = 0.3  # IoU of outlines: what has another shape covers its neighbours, and a hole shows
_CHOICES = 24  # cut-outs of which the one that fits best is taken
_HELD = 0.8  # share of a box: what holds so much of a thing lies under it or behind it
_MOST = 100  # layers: their numbers are bytes


class SwapError(ValueError):
    """The pair cannot be drawn; the message says why, in one clause."""


@dataclass(frozen=True)
class SwappedPairs:
    """Draws pairs of a photograph and the same one with other things in the place of some.

    Where the photograph shows the things, all of them are lifted out, the ground is filled in, and
    cut-outs of the other sort take their places, behind what stands in front of them. Where it does
    not, or there is none, both views get a cut-out.

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
            SwapError: The library has no such things, the photograph shows them too small, too
                large or in pieces, or what came out looks like no change.
        """
        rng = np.random.default_rng(seed)
        backdrop = self._backdrop(rng, photo)
        found = [outline for outline in backdrop.outlines if outline.label == before]
        shown = sorted(found, key=lambda outline: outline.box[3])  # what is nearer goes on top
        self._must_have(*([after] if shown else [before, after]))
        ground, things = self._things(rng, backdrop, before, shown)
        layers = [self._layer(rng, ground, thing, after) for thing in things]
        front = list(_in_front(backdrop, before, shown))
        scene = compose(ground, [*layers, *front][:_MOST], self.min_contrast)
        frame = Frame((ground.shape[0], ground.shape[1]))
        known = truth(scene, frame, frame, MIN_ERASED)
        if len(known.changes or ()) < len(layers) or not _are_seen(scene, layers):
            raise SwapError(f"{before!r} hardly differs from {after!r} there, or hides behind it")
        views = (scene.before, scene.after)
        if self.nuisance > 0:
            views = (
                nuisance.degrade(views[0], rng, self.nuisance),
                nuisance.degrade(views[1], rng, self.nuisance),
            )
        return Pair(pair_id, *views, truth=known)

    def _must_have(self, *names: str) -> None:
        missing = [name for name in names if name not in self.library.labels]
        if missing:
            raise SwapError(f"there is no cut-out of {' and of '.join(map(repr, missing))}")

    def _backdrop(self, rng: np.random.Generator, photo: Path | None) -> Backdrop:
        if photo is None:
            return Backdrop(self.library.background(rng, self.size))
        return self.library.whole(photo)

    def _things(
        self, rng: np.random.Generator, backdrop: Backdrop, label: str, shown: Sequence[Outline]
    ) -> tuple[Image, list[Sprite]]:
        """The ground without the things that will change, and these as they lay on it."""
        ground = backdrop.image.copy()
        if not shown:
            long_side = min(ground.shape[:2]) * rng.uniform(0.2, 0.5)
            cutout = self.library.cutout(rng, named=True, label=label)
            thing = sprite(rng, cutout, ground, long_side)
            return ground, [inside(replace(thing, shadow=None), ground)]
        largest = MAX_LIFTED * ground.shape[0] * ground.shape[1]
        if any(not MIN_ERASED <= outline.area <= largest for outline in shown):
            raise SwapError(f"one of {len(shown)} of {label!r} is too small or too large to go")
        if any(outline.is_in_pieces for outline in shown):
            raise SwapError(f"one of {len(shown)} of {label!r} is seen in pieces only")
        return ground, [lifted(rng, backdrop.image, ground, outline) for outline in shown]

    def _layer(self, rng: np.random.Generator, ground: Image, thing: Sprite, after: str) -> Layer:
        choices = [self.library.cutout(rng, named=True, label=after) for _ in range(_CHOICES)]
        cutout = best_fitting(choices, thing)
        if likeness(cutout, thing) < MIN_ALIKE:
            raise SwapError(f"no cut-out of {after!r} has nearly the outline of what was there")
        return Layer(ChangeKind.CHANGED, after, thing, standing(cutout, thing, ground))


def _in_front(backdrop: Backdrop, label: str, shown: Sequence[Outline]) -> Iterator[Layer]:
    """What stands in front of things that change, in both views as the photograph shows it.

    Of two things the one whose foot is lower is nearer, unless it holds the other one.
    """
    for other in backdrop.outlines:
        if other.label != label and any(_stands_before(other.box, one.box) for one in shown):
            x0, y0, x1, y1 = (int(edge) for edge in other.box)
            rows, columns = slice(max(y0 - 2, 0), y1 + 3), slice(max(x0 - 2, 0), x1 + 3)
            alpha = cv2.GaussianBlur(other.mask(backdrop.image.shape), (0, 0), 0.8)
            seen = Sprite(
                backdrop.image[rows, columns], alpha[rows, columns], columns.start, rows.start
            )
            yield Layer(None, other.label, seen, seen)


def _stands_before(other: Box, thing: Box) -> bool:
    width = min(other[2], thing[2]) - max(other[0], thing[0])
    height = min(other[3], thing[3]) - max(other[1], thing[1])
    area = (thing[2] - thing[0]) * (thing[3] - thing[1])
    holds = max(width, 0.0) * max(height, 0.0) >= _HELD * area
    return width > 0 and other[3] > thing[3] and not holds


def _are_seen(scene: Composition, layers: Sequence[Layer]) -> bool:
    """Whether enough of what came is not hidden."""
    return all(
        np.count_nonzero(scene.owners_after == number)
        >= MIN_SEEN * np.count_nonzero(layer.after.alpha > SOLID)
        for number, layer in enumerate(layers, start=1)
        if layer.after is not None
    )
