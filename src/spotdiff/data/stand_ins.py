"""Cut-outs in the places of things: which one fits best, how large it is, and where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from spotdiff.data.cutouts import Cutout
from spotdiff.data.layers import SOLID, Sprite
from spotdiff.data.photos import resized
from spotdiff.types import Image, Mask

_GROWTH = 1.5  # what grows more looks blurred
_SMALL = 48  # pixels: outlines are compared at that size
_GREY = 12  # levels between the channels of a picture without colours


def best_fitting(choices: Sequence[Cutout], old: Sprite) -> Cutout:
    """Of cut-outs the one that covers most of a thing, and little else, without growing much."""
    tight = tightened(old)
    return min(choices, key=lambda choice: _strain(choice, tight))


def likeness(cutout: Cutout, old: Sprite) -> float:
    """How much outlines of both share, standing on the same foot: their IoU."""
    return _shared(cutout, tightened(old))


def standing(cutout: Cutout, old: Sprite, ground: Image) -> Sprite:
    """The cut-out where a thing was: as large, with its foot at the same place, all of it seen."""
    thing = tightened(old)
    scale = _scale(cutout, thing)
    tall, wide = (max(2, round(side * scale)) for side in cutout.alpha.shape)
    image, alpha = (resized(part, tall, wide) for part in (cutout.image, cutout.alpha))
    if _is_grey(thing.image):
        image = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    x = thing.x + (thing.alpha.shape[1] - wide) // 2
    y = thing.y + thing.alpha.shape[0] - tall
    return inside(Sprite(image, cv2.GaussianBlur(alpha, (0, 0), 0.6), x, y), ground)


def inside(thing: Sprite, ground: Image) -> Sprite:
    """The thing moved so that all of it is seen, if it is not too large for that."""
    height, width = thing.alpha.shape
    x = min(max(thing.x, 0), max(ground.shape[1] - width, 0))
    y = min(max(thing.y, 0), max(ground.shape[0] - height, 0))
    return replace(thing, x=x, y=y)


def tightened(thing: Sprite) -> Sprite:
    """The thing without the clear border around it."""
    x, y, width, height = cv2.boundingRect((thing.alpha > SOLID).astype(np.uint8))
    rows, columns = slice(y, y + height), slice(x, x + width)
    return Sprite(thing.image[rows, columns], thing.alpha[rows, columns], thing.x + x, thing.y + y)


def _strain(cutout: Cutout, old: Sprite) -> float:
    """How badly a cut-out fits into the place of a thing: by its outline, and by its growth."""
    growth = max(0.0, float(np.log(_scale(cutout, old) / _GROWTH)))
    return 1.0 - _shared(cutout, old) + growth


def _shared(cutout: Cutout, old: Sprite) -> float:
    """IoU of the outlines of both, foot on foot; the thing has no clear border."""
    shrink = _SMALL / max(old.alpha.shape)
    parts = [
        _shrunk(old.alpha, shrink),
        _shrunk(cutout.alpha, shrink * _scale(cutout, old)),
    ]
    tall, wide = (max(part.shape[axis] for part in parts) for axis in (0, 1))
    placed = np.zeros((2, tall, wide), bool)
    for canvas, part in zip(placed, parts, strict=True):
        left = (wide - part.shape[1]) // 2
        canvas[tall - part.shape[0] :, left : left + part.shape[1]] = part > SOLID
    return float(placed.all(axis=0).sum() / max(1, placed.any(axis=0).sum()))


def _shrunk(alpha: Mask, scale: float) -> Mask:
    tall, wide = (max(2, round(side * scale)) for side in alpha.shape)
    return resized(alpha, tall, wide)


def _scale(cutout: Cutout, old: Sprite) -> float:
    """What makes the cut-out as large as the thing, by area."""
    return float(np.sqrt(old.alpha.size / cutout.alpha.size))


def _is_grey(image: Image) -> bool:
    return int(np.ptp(image.reshape(-1, 3).astype(np.int16), axis=1).max()) < _GREY
