"""Cut-outs made ready to paste, and their second looks: moved, exchanged, recoloured, erased."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from spotdiff.data.cutouts import Backdrop, Cutout
from spotdiff.data.layers import Layer, Sprite, paste
from spotdiff.data.photos import Outline
from spotdiff.data.shapes import texture
from spotdiff.ops.filling import filled_in
from spotdiff.types import ChangeKind, Image, Mask

MAX_GROWTH = 2.5
# An object to be filled in: least pixels, largest share of the ground; ground taken around it.
MIN_ERASED, MAX_ERASED, PAD = 60, 0.07, 12
CAST_RATE = 0.55


def sprite(rng: np.random.Generator, cutout: Cutout, ground: Image, long_side: float) -> Sprite:
    """A cut-out of `long_side` px at a random place of the ground, at most a third outside.

    Photographic ones are sometimes lit like their place, nearly its colour, translucent, throw a
    shadow or are mirrored by the floor; drawn ones stay solid, so that no pane of coloured glass
    looks like them.
    """
    image, alpha = _fitted(rng, cutout, long_side)
    height, width = alpha.shape
    x = int(rng.integers(-width // 3, max(1, ground.shape[1] - width * 2 // 3)))
    y = int(rng.integers(-height // 3, max(1, ground.shape[0] - height * 2 // 3)))
    opacity = 1.0
    blends = rng.random()
    if blends < 0.3:
        image = _toward(image, _colour_at(ground, x, y, alpha.shape), rng.uniform(0.2, 0.6))
    elif blends < 0.4:
        image = _toward(image, _colour_at(ground, x, y, alpha.shape), rng.uniform(0.6, 0.9))
    elif blends < 0.5 and cutout.photographic:
        opacity = rng.uniform(0.4, 0.9)
    thing = Sprite(image, alpha, x, y, opacity)
    return replace(thing, shadow=_cast(rng, thing)) if rng.random() < CAST_RATE else thing


def met(rng: np.random.Generator, thing: Sprite, point: tuple[float, float]) -> Sprite:
    """The thing standing about a point (x, y), within its own size, its shadow with it."""
    height, width = thing.alpha.shape
    across, down = rng.normal(0, 0.6, 2) * (width, height)
    x, y = round(point[0] + across - width / 2), round(point[1] + down * 0.5 - height / 2)
    cast = thing.shadow
    if cast is not None:
        cast = replace(cast, x=cast.x + x - thing.x, y=cast.y + y - thing.y)
    return replace(thing, x=x, y=y, shadow=cast)


def moved(rng: np.random.Generator, thing: Sprite, size: tuple[int, ...]) -> Sprite:
    """The same thing elsewhere: by at least 6 px and 0.3 of its size, seldom a little larger."""
    long_side = max(thing.alpha.shape)
    least = max(6.0, 0.3 * long_side)
    distance = float(np.exp(rng.uniform(np.log(least), np.log(max(least + 1, max(size) / 2)))))
    angle = rng.uniform(0, 2 * np.pi)
    x = thing.x + distance * np.cos(angle)
    y = thing.y + distance * np.sin(angle)
    image, alpha = thing.image, thing.alpha
    if rng.random() < 0.2:
        scale = rng.uniform(0.8, 1.25)
        image, alpha = _scaled(image, scale, scale), _scaled(alpha, scale, scale)
    there = replace(thing, image=image, alpha=alpha, x=round(x), y=round(y), shadow=None)
    return there if thing.shadow is None else replace(there, shadow=_cast(rng, there))


def replaced(rng: np.random.Generator, other: Cutout, thing: Sprite, ground: Image) -> Sprite:
    """Another cut-out around the same centre, 0.8 to 1.25 times as long."""
    new = sprite(rng, other, ground, max(thing.alpha.shape) * rng.uniform(0.8, 1.25))
    x = thing.x + (thing.alpha.shape[1] - new.alpha.shape[1]) // 2
    y = thing.y + (thing.alpha.shape[0] - new.alpha.shape[0]) // 2
    return replace(new, x=x, y=y, shadow=None)


def recoloured(rng: np.random.Generator, thing: Sprite) -> Sprite:
    """The same outline at the same place in other colours, another surface, or mirrored."""
    kind = rng.random()
    if kind < 0.4:
        image = _hue_turned(rng, thing.image)
    elif kind < 0.65:
        sign = 1 if thing.image.mean() < 128 else -1
        image = cv2.add(thing.image, np.full(4, sign * rng.uniform(50, 110)))
    elif kind < 0.85:
        image = _toward(thing.image, texture(rng, *thing.alpha.shape), rng.uniform(0.6, 1))
    else:
        image = np.ascontiguousarray(thing.image[:, ::-1])
    if cv2.mean(cv2.absdiff(image, thing.image), thing.alpha)[0] < 20:
        image = 255 - thing.image
    return replace(thing, image=image, opacity=max(thing.opacity, 0.8))


def erased(rng: np.random.Generator, backdrop: Backdrop, count: int) -> tuple[Image, list[Layer]]:
    """The ground with up to `count` of its own objects filled in, and these objects as layers."""
    ground = backdrop.image.copy()
    layers: list[Layer] = []
    for index in rng.permutation(len(backdrop.outlines)) if count else ():
        outline = backdrop.outlines[int(index)]
        mask = outline.mask(ground.shape)
        area = cv2.countNonZero(mask)
        if len(layers) == count or not MIN_ERASED <= area <= MAX_ERASED * mask.size:
            continue
        thing = lifted(rng, backdrop.image, ground, outline)
        if rng.random() < 0.5:
            layers.append(Layer(ChangeKind.REMOVED, outline.label, thing, None))
        else:
            layers.append(Layer(ChangeKind.ADDED, outline.label, None, thing))
    return ground, layers


def lifted(rng: np.random.Generator, image: Image, ground: Image, outline: Outline) -> Sprite:
    """An object of a photograph as a sprite; in the ground, which changes, its place is filled in.

    Args:
        rng: Draws where the filling comes from.
        image: The photograph, uint8 RGB.
        ground: The same with what was lifted before.
        outline: The object, in pixels of both.
    """
    mask = outline.mask(ground.shape)
    x, y, width, height = cv2.boundingRect(mask)
    x, y, x1, y1 = max(0, x - PAD), max(0, y - PAD), x + width + PAD, y + height + PAD
    hole = cv2.dilate(mask[y:y1, x:x1], np.ones((5, 5), np.uint8))
    thing = Sprite(image[y:y1, x:x1], cv2.GaussianBlur(hole, (0, 0), 0.8), x, y)
    down, across = rng.choice((-1, 1), 2) * (hole.shape[0] // 3, hole.shape[1] // 3)
    filling = filled_in(ground[y:y1, x:x1], hole, int(down), int(across))
    paste(ground, Sprite(filling, thing.alpha, x, y))
    return thing


def _fitted(rng: np.random.Generator, cutout: Cutout, long_side: float) -> tuple[Image, Mask]:
    """Pixels and alpha at their final size: scaled, mirrored, turned, relit, with a soft edge."""
    image, alpha = cutout.image, cutout.alpha
    scale = min(long_side / max(alpha.shape), MAX_GROWTH)
    squeeze = np.exp(rng.uniform(-0.12, 0.12))
    if cutout.photographic and scale < 0.7 and rng.random() < 0.5:
        alpha = cv2.erode(alpha, np.ones((3, 3), np.uint8))
    image, alpha = _scaled(image, scale, scale * squeeze), _scaled(alpha, scale, scale * squeeze)
    if rng.random() < 0.5:
        image, alpha = cv2.flip(image, 1), cv2.flip(alpha, 1)
    if rng.random() < 0.25:
        image, alpha = _rotated(image, alpha, rng.uniform(-25, 25))
    if cutout.photographic and rng.random() < 0.4:
        image = cv2.convertScaleAbs(image, alpha=rng.uniform(0.7, 1.3))
    if cutout.photographic and rng.random() < 0.1:
        image, alpha = _smeared(image, alpha, int(rng.integers(2, 3 + max(alpha.shape) // 8)))
    # Small things would lose their solid core to a wide edge.
    edge = rng.uniform(0.4, 1.0) if min(alpha.shape) > 10 else 0.4
    return image, cv2.GaussianBlur(alpha, (0, 0), edge)


def _scaled(array: np.ndarray, across: float, down: float) -> np.ndarray:
    width = max(2, round(array.shape[1] * across))
    height = max(2, round(array.shape[0] * down))
    how = cv2.INTER_AREA if across < 1 else cv2.INTER_LINEAR
    return cv2.resize(array, (width, height), interpolation=how)


def _smeared(image: Image, alpha: Mask, length: int) -> tuple[Image, Mask]:
    """The thing in sideways motion over `length` px while the shutter was open."""
    pads = (0, 0, length, length)
    wide = cv2.copyMakeBorder(image, *pads, cv2.BORDER_REPLICATE)
    wide_alpha = cv2.copyMakeBorder(alpha, *pads, cv2.BORDER_CONSTANT, value=0)
    return cv2.blur(wide, (length, 1)), cv2.blur(wide_alpha, (length, 1))


def _rotated(image: Image, alpha: Mask, angle: float) -> tuple[Image, Mask]:
    height, width = alpha.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    cosine, sine = abs(matrix[0, 0]), abs(matrix[0, 1])
    wide, tall = int(height * sine + width * cosine) + 1, int(height * cosine + width * sine) + 1
    matrix[:, 2] += ((wide - width) / 2, (tall - height) / 2)
    turned = cv2.warpAffine(image, matrix, (wide, tall), borderMode=cv2.BORDER_REPLICATE)
    return turned, cv2.warpAffine(alpha, matrix, (wide, tall))


def _colour_at(ground: Image, x: int, y: int, size: tuple[int, ...]) -> np.ndarray:
    there = ground[max(0, y) : max(1, y + size[0]), max(0, x) : max(1, x + size[1])]
    return np.array(cv2.mean(there)[:3])


def _toward(image: Image, colour: np.ndarray, share: float) -> Image:
    """The image mixed with a colour, or with another image of its shape."""
    other = np.broadcast_to(colour.astype(np.uint8), image.shape)
    return cv2.addWeighted(image, 1 - share, np.ascontiguousarray(other), share, 0)


def _hue_turned(rng: np.random.Generator, image: Image) -> Image:
    """Hue turned by 60 to 300 degrees, with colour enough to show it."""
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(np.int16) + int(rng.integers(30, 151))) % 180
    hsv[..., 1] = np.minimum(hsv[..., 1] + rng.uniform(40, 150), 255)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)


def _cast(rng: np.random.Generator, thing: Sprite) -> Sprite:
    """What a thing does to the ground around it without being there: mostly a shadow."""
    return _reflection(rng, thing) if rng.random() < 0.3 else _shadow(rng, thing)


def _shadow(rng: np.random.Generator, thing: Sprite) -> Sprite:
    """The dark double of a thing, sheared and squashed about its foot.

    Under a low sun it is three times as long as the thing is tall and nearly black.
    """
    height, width = thing.alpha.shape
    low_sun = rng.random() < 0.5
    shear = rng.uniform(1.2, 3.2) * rng.choice((-1, 1)) if low_sun else rng.uniform(-1.2, 1.2)
    squash = rng.uniform(0.1, 0.5 if low_sun else 0.9) * rng.choice((-1, 1))
    reach = int(abs(shear) * height) + 4
    matrix = np.array(
        ((1, shear, reach - shear * height), (0, squash, height - squash * height)), np.float32
    )
    tall = height + 4 if squash > 0 else int(height + abs(squash) * height) + 4
    cast = cv2.warpAffine(thing.alpha, matrix, (width + 2 * reach, tall))
    soft = cv2.GaussianBlur(cast, (0, 0), rng.uniform(0.6, 3))
    dark = np.zeros((*soft.shape, 3), np.uint8)
    opacity = rng.uniform(0.15, 0.8 if low_sun else 0.65)
    return Sprite(dark, soft, thing.x - reach, thing.y, opacity)


def _reflection(rng: np.random.Generator, thing: Sprite) -> Sprite:
    """The thing upside down below its foot, pale and blurred, as a polished floor shows it."""
    height = thing.alpha.shape[0]
    length = max(2, round(height * rng.uniform(0.3, 1)))
    sigma = rng.uniform(0.5, 2.5)
    fade = np.linspace(1, rng.uniform(0, 0.7), length, dtype=np.float32)[:, None]
    image, alpha = (cv2.flip(part, 0)[:length] for part in (thing.image, thing.alpha))
    pale = (cv2.GaussianBlur(alpha, (0, 0), sigma) * fade).astype(np.uint8)
    image = cv2.GaussianBlur(image, (0, 0), sigma)
    return Sprite(image, pale, thing.x, thing.y + height, rng.uniform(0.08, 0.5))
