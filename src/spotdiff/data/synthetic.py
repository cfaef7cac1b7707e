"""Pairs of one place with known changes, each drawn from its seed alone.

Things are cut out and pasted into one view (added, removed), at two places (moved), over one
another (replaced) or in other colours (recoloured); objects that a photograph shows already are
filled in. What both views share is no change, nor is anything of `spotdiff.data.nuisance`. A
thing that another one replaces keeps its label only if both have the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from spotdiff.data import nuisance
from spotdiff.data.boards import board_pair, scanner
from spotdiff.data.cutouts import Cutout, PhotoLibrary
from spotdiff.data.layers import Composition, Frame, Layer, Sprite, compose, settled, truth
from spotdiff.data.sprites import erased, met, moved, recoloured, replaced, sprite
from spotdiff.types import ChangeKind, Image, Pair

_COUNTS = (0.34, 0.26, 0.16, 0.1, 0.07, 0.07)
_FAR_RATE = 0.35  # of shifted views: by any length alike, and not mostly by a pixel or two
_KINDS = ("added", "removed", "moved", "replaced", "recoloured", "erased")


@dataclass(frozen=True)
class SyntheticPairs:
    """Draws a pair, with all its truth, from a seed.

    Args:
        library: Where grounds and cut-outs come from.
        size: Height and width of both views, in pixels.
        min_object: Long side of the smallest thing, in pixels.
        max_object: Long side of the largest thing, as a fraction of the shorter side of the view.
        giant_rate: Fraction of things that are larger than that, up to the whole view.
        max_objects: The most changes in a pair.
        unchanged_rate: Fraction of pairs without any change.
        board_rate: Fraction of line drawings and boards.
        kind_rates: Weights of added, removed, moved, replaced, recoloured and erased.
        distractor_rate: Chance of each of three things that both views show.
        crowd_rate: Fraction of photographs in which things stand together and hide each other.
        warp_rate: Fraction of pairs whose views are not taken from quite the same place.
        max_shift: The largest such shift, in pixels.
        nuisance: Strength of what is no change, 1 as documented there, 0 for none.
        named_only: Every change carries a label, so that the words tell of all of them.
        min_visible: A change that shows fewer pixels is not counted.
        min_contrast: A change of fewer grey levels on average is not counted.
    """

    library: PhotoLibrary
    size: tuple[int, int] = (256, 256)
    min_object: float = 6.0
    max_object: float = 0.7
    giant_rate: float = 0.08
    max_objects: int = 6
    unchanged_rate: float = 0.2
    board_rate: float = 0.15
    kind_rates: tuple[float, float, float, float, float, float] = (4, 4, 2.5, 1.5, 2, 1.5)
    distractor_rate: float = 0.25
    crowd_rate: float = 0.25
    warp_rate: float = 0.4
    max_shift: float = 12.0
    nuisance: float = 1.0
    named_only: bool = False
    min_visible: int = 12
    min_contrast: float = 6.0

    def __call__(self, seed: int) -> Pair:
        """The pair of this seed, always the same; `pair_id` is the seed in eight digits."""
        rng = np.random.default_rng(seed)
        changed = rng.random() >= self.unchanged_rate
        board = rng.random() < self.board_rate
        frames = self._frames(rng, 3.0 if board else self.max_shift)
        margin = frames[0].margin
        canvas = (self.size[0] + 2 * margin, self.size[1] + 2 * margin)
        draw = self._board if board else self._scene
        scene, views = draw(rng, canvas, self._count(rng) if changed else 0, frames)
        known = truth(scene, *frames, self.min_visible)
        return Pair(f"{seed:08d}", views[0], views[1], known)

    def _count(self, rng: np.random.Generator) -> int:
        weights = np.array(_COUNTS)[: self.max_objects]
        return 1 + int(rng.choice(len(weights), p=weights / weights.sum()))

    def _frames(self, rng: np.random.Generator, max_shift: float) -> tuple[Frame, Frame]:
        """Both views' frames; one of them is shifted, turned and scaled a little at `warp_rate`."""
        if rng.random() >= self.warp_rate:
            return Frame(self.size), Frame(self.size)
        height, width = self.size
        far = rng.random() < _FAR_RATE
        length = rng.uniform(0, max_shift) if far else min(rng.exponential(1.4), max_shift)
        shift = length * _direction(rng)
        turned = rng.random() < 0.4
        angle, scale = (rng.uniform(-0.5, 0.5), rng.uniform(0.99, 1.01)) if turned else (0.0, 1.0)
        reach = max(height, width) * (0.0044 + 0.005) * turned + float(np.abs(shift).max())
        margin = int(np.ceil(reach)) + 1
        centre = ((width - 1) / 2 + margin, (height - 1) / 2 + margin)
        matrix = cv2.getRotationMatrix2D(centre, angle, scale)
        matrix[:, 2] = matrix[:, 2] + shift - margin
        frames = (Frame(self.size, margin), Frame(self.size, margin, matrix))
        return frames if rng.random() < 0.5 else (frames[1], frames[0])

    def _scene(
        self,
        rng: np.random.Generator,
        canvas: tuple[int, int],
        count: int,
        frames: tuple[Frame, Frame],
    ) -> tuple[Composition, tuple[Image, Image]]:
        """A photograph with things on it."""
        backdrop = self.library.backdrop(rng, canvas)
        rates = np.array(self.kind_rates) / sum(self.kind_rates)
        kinds = [_KINDS[i] for i in rng.choice(len(_KINDS), count, p=rates)]
        ground, layers = erased(rng, backdrop, kinds.count("erased"))
        same_size = self._long_side(rng) if rng.random() < 0.25 else None
        # A ground may show fewer objects than should go: cut-outs take their place.
        things = [kind for kind in kinds if kind != "erased"]
        things += rng.choice(("added", "removed"), count - len(things) - len(layers)).tolist()
        things += ["shared"] * int(rng.binomial(3, self.distractor_rate))
        crowd = rng.uniform(0.2, 0.8, 2) * ground.shape[1::-1]
        point = (float(crowd[0]), float(crowd[1])) if rng.random() < self.crowd_rate else None
        for kind in rng.permutation(things).tolist():
            long_side = same_size or self._long_side(rng)
            layers.append(self._layer(rng, ground, kind, long_side, point))
        scene = compose(
            ground, settled(layers, ground.shape[:2], self.min_visible), self.min_contrast
        )
        views = (frames[0].image(scene.before), frames[1].image(scene.after))
        return scene, self._nuisances(rng, views)

    def _board(
        self,
        rng: np.random.Generator,
        canvas: tuple[int, int],
        count: int,
        frames: tuple[Frame, Frame],
    ) -> tuple[Composition, tuple[Image, Image]]:
        """A drawing with defects; most scans are clean but for their edges."""
        label = "mark" if self.named_only or not self.library.photos else None
        scene = board_pair(rng, canvas, count, label)
        scan = scanner(rng)
        views = (
            scan(frames[0].image(scene.before), rng),
            scan(frames[1].image(scene.after), rng),
        )
        return scene, views if rng.random() < 0.6 else self._nuisances(rng, views, 0.6)

    def _layer(
        self,
        rng: np.random.Generator,
        ground: Image,
        kind: str,
        long_side: float,
        crowd: tuple[float, float] | None,
    ) -> Layer:
        cutout = self.library.cutout(rng, self.named_only)
        thing = sprite(rng, cutout, ground, long_side)
        if crowd is not None:
            thing = met(rng, thing, crowd)
        if kind == "added":
            return Layer(ChangeKind.ADDED, cutout.label, None, thing)
        if kind == "removed":
            return Layer(ChangeKind.REMOVED, cutout.label, thing, None)
        if kind == "shared":
            return Layer(None, cutout.label, thing, thing)
        views: tuple[Sprite, Sprite] = (thing, thing)
        label = cutout.label
        if kind == "moved":
            views = (thing, moved(rng, thing, ground.shape[:2]))
        elif kind == "recoloured":
            views = (thing, recoloured(rng, thing))
        else:
            other = self._other(rng, label)
            label = label if other.label == label else None
            views = (thing, replaced(rng, other, thing, ground))
        if rng.random() < 0.5:
            views = (views[1], views[0])
        return Layer(ChangeKind.CHANGED, label, *views, moves=kind == "moved")

    def _other(self, rng: np.random.Generator, label: str | None) -> Cutout:
        """What takes a thing's place: half of the time, or if all must be named, of its name."""
        named = self.named_only or not self.library.photos
        alike = named or rng.random() < 0.5
        return self.library.cutout(rng, named, label if alike else None)

    def _long_side(self, rng: np.random.Generator) -> float:
        """Log-uniform between the limits; a few things nearly fill the view."""
        if rng.random() < self.giant_rate:
            return min(self.size) * float(rng.uniform(self.max_object, max(1, self.max_object)))
        largest = max(self.min_object, self.max_object * min(self.size))
        return float(np.exp(rng.uniform(np.log(self.min_object), np.log(largest))))

    def _nuisances(
        self, rng: np.random.Generator, views: tuple[Image, Image], strength: float = 1.0
    ) -> tuple[Image, Image]:
        """Both views degraded, each on its own; some pairs hardly, some with the same panes."""
        if self.nuisance <= 0 or rng.random() < 0.05:
            return views
        before, after = views
        if rng.random() < 0.1:
            panes = int(rng.integers(2**32))
            before, after = (
                nuisance.tinted_rectangles(view, np.random.default_rng(panes))
                for view in (before, after)
            )
        if rng.random() < 0.04:
            before, after = nuisance.grey(before, rng), nuisance.grey(after, rng)
        strength *= self.nuisance * float(rng.choice((0.15, 0.4, 0.7, 1), p=(0.2, 0.3, 0.3, 0.2)))
        return nuisance.degrade(before, rng, strength), nuisance.degrade(after, rng, strength)


def _direction(rng: np.random.Generator) -> np.ndarray:
    angle = rng.uniform(0, 2 * np.pi)
    return np.array((np.cos(angle), np.sin(angle)))
