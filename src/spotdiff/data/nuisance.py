"""What differs between two photographs of an unchanged place: light, camera, shadows, coding.

Every nuisance takes a uint8 RGB image and a generator and gives a new image of the same shape;
`strength` scales its range: 0 is nothing, 1 the documented range.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np

from spotdiff.types import Image, Mask

_LEVELS = np.arange(256, dtype=np.float32)
_TILE = 512


def exposure(image: Image, rng: np.random.Generator, strength: float = 1.0) -> Image:
    """Gain 0.72 to 1.38 and offset -25 to 25 grey levels."""
    gain = np.exp(strength * rng.uniform(-0.32, 0.32))
    return _mapped(image, _LEVELS * gain + strength * rng.uniform(-25, 25))


def gamma(image: Image, rng: np.random.Generator, strength: float = 1.0) -> Image:
    """Exponent 0.7 to 1.45."""
    return _mapped(image, 255 * (_LEVELS / 255) ** np.exp(strength * rng.uniform(-0.36, 0.37)))


def white_balance(image: Image, rng: np.random.Generator, strength: float = 1.0) -> Image:
    """A gain of 0.86 to 1.16 for each colour."""
    gains = np.exp(strength * rng.uniform(-0.15, 0.15, 3)).astype(np.float32)
    return _mapped(image, _LEVELS[:, None] * gains)


def evening(image: Image, rng: np.random.Generator, strength: float = 1.0) -> Image:
    """Dimmer and warmer, or dimmer and bluer: down to 0.6 in the weakest colour."""
    gains = 1 - strength * np.sort(rng.uniform(0, 0.4, 3))
    return _mapped(image, _LEVELS[:, None] * (gains if rng.random() < 0.6 else gains[::-1]))


def saturation(image: Image, rng: np.random.Generator, strength: float = 1.0) -> Image:
    """Colourfulness 0.5 to 1.5."""
    colour = 1 + strength * rng.uniform(-0.5, 0.5)
    return cv2.transform(image, (1 - colour) * _LUMA + colour * np.eye(3, dtype=np.float32))


def season(image: Image, rng: np.random.Generator, strength: float = 1.0) -> Image:
    """All that is green, or of a near hue, in other colours, as fields from May to November.

    A band of hues 40 to 120 degrees wide turns by up to 40 degrees and gets 0.4 to 1.3 times its
    colour and 0.65 to 1.35 times its light, fading towards the ends of the band.
    """
    hues = 2 * np.arange(180)
    away = np.abs((hues - rng.uniform(20, 150) + 180) % 360 - 180)
    member = (1.5 - 1.5 * away / (0.5 * rng.uniform(40, 120))).clip(0, 1)
    turn = strength * rng.uniform(-40, 40) * member
    colour, light = strength * rng.uniform((-0.6, -0.35), (0.3, 0.35))
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    hue = hsv[..., 0]
    gains = np.stack((np.zeros(180), member * colour, member * light), 1).astype(np.float32)
    gain = cv2.LUT(cv2.merge((hue, hue, hue)), _to_bytes(gains))
    # Grey pixels have no hue worth the name: they stay as they are.
    coloured = np.minimum(hsv[..., 1], 64).astype(np.float32) / 64
    gain = 1 + gain * coloured[..., None]
    turned = cv2.LUT(hue, _to_bytes((turn / 2).astype(np.float32)))
    hsv[..., 0] = (hue + (turned * coloured).round()) % 180
    hsv[..., 1:] = (hsv[..., 1:] * gain[..., 1:]).clip(0, 255)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)


def shading(image: Image, rng: np.random.Generator, strength: float = 1.0) -> Image:
    """Light that varies smoothly over the picture by up to a factor of 1.35 either way."""
    side = int(rng.integers(2, 6))
    grid = np.exp(strength * rng.uniform(0.1, 0.3) * rng.uniform(-1, 1, (side, side)))
    return _lit(image, grid.astype(np.float32))


def soft_shadow(image: Image, rng: np.random.Generator, strength: float = 1.0) -> Image:
    """A shadow, seldom a patch of light, with a curved edge that is sharp to very soft.

    It leaves 0.35 to 0.9 of the light, or gives 1.1 to 1.4 of it.
    """
    shrink = 2 if max(image.shape) > 64 else 1
    region = _region(rng, image.shape[0] // shrink + 1, image.shape[1] // shrink + 1)
    depth = strength * (rng.uniform(0.1, 0.65) if rng.random() < 0.75 else -rng.uniform(0.1, 0.4))
    return _lit(image, 1 - region.astype(np.float32) * (depth / 255))


def tinted_rectangles(image: Image, rng: np.random.Generator, strength: float = 1.0) -> Image:
    """One to four panes of coloured glass, opacity 0.03 to 0.22."""
    image = image.copy()
    height, width = image.shape[:2]
    for _ in range(int(rng.integers(1, 5))):
        y0, x0 = (rng.uniform(-0.2, 0.9, 2) * (height, width)).clip(0).astype(int)
        tall, wide = (rng.uniform(0.05, 0.9, 2) * (height, width)).astype(int) + 2
        pane = image[y0 : y0 + tall, x0 : x0 + wide]
        opacity = strength * rng.uniform(0.03, 0.22)
        colour = rng.integers(0, 256, 3) * opacity
        pane[:] = _mapped(pane, _LEVELS[:, None] * (1 - opacity) + colour)
    return image


def blur(image: Image, rng: np.random.Generator, strength: float = 1.0) -> Image:
    """Gaussian defocus, sigma 0.3 to 1.4 px."""
    return cv2.GaussianBlur(image, (0, 0), 0.3 + strength * rng.uniform(0, 1.1))


def sharpening(image: Image, rng: np.random.Generator, strength: float = 1.0) -> Image:
    """An unsharp mask of amount 0.2 to 1.2, with the halos of a cheap camera."""
    amount = strength * rng.uniform(0.2, 1.2)
    soft = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.7, 1.5))
    return cv2.addWeighted(image, 1 + amount, soft, -amount, 0)


def resampling(image: Image, rng: np.random.Generator, strength: float = 1.0) -> Image:
    """Passed through a size 0.5 to 1 times as large."""
    height, width = image.shape[:2]
    scale = 1 - strength * rng.uniform(0, 0.5)
    small = (max(1, int(width * scale)), max(1, int(height * scale)))
    reduced = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
    return cv2.resize(reduced, (width, height), interpolation=cv2.INTER_LINEAR)


def noise(image: Image, rng: np.random.Generator, strength: float = 1.0) -> Image:
    """Grain of sigma 1 to 10 grey levels, coloured or grey, one pixel fine or blotchy."""
    height, width = image.shape[:2]
    sigma = strength * rng.uniform(1, 10)
    coarse = 2 if rng.random() < 0.25 else 1
    tile = _window(_grain(), rng, height // coarse + 1, width // coarse + 1)
    if rng.random() < 0.3:
        tile = np.repeat(tile[:, :, :1], 3, axis=2)
    grain = cv2.LUT(tile, ((_LEVELS - 128) * sigma / 32).round().astype(np.int16))
    if coarse > 1:
        grain = cv2.resize(grain, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.add(image, grain[:height, :width], dtype=cv2.CV_8U)


def jpeg(image: Image, rng: np.random.Generator, strength: float = 1.0) -> Image:
    """JPEG coding of quality 98 down to 30."""
    quality = int(98 - strength * rng.uniform(3, 68))
    _, coded = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, max(quality, 1)))
    decoded = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    if decoded is None:
        raise ValueError(f"JPEG of quality {quality} and shape {image.shape} cannot be decoded.")
    return decoded


def wobble(image: Image, rng: np.random.Generator, strength: float = 1.0) -> Image:
    """A smooth warp of up to 1.2 px, as by hot air, wind or a rolling shutter."""
    height, width = image.shape[:2]
    side = int(rng.integers(3, 10))
    bend = (strength * rng.uniform(-1.2, 1.2, (side, side, 2))).astype(np.float32)
    field = cv2.resize(bend, (width, height), interpolation=cv2.INTER_LINEAR)
    across = field[..., 0] + np.arange(width, dtype=np.float32)[None, :]
    down = field[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    edge = cv2.BORDER_REPLICATE
    return cv2.remap(image, across, down, cv2.INTER_LINEAR, borderMode=edge)


def grey(image: Image, rng: np.random.Generator, strength: float = 1.0) -> Image:  # noqa: ARG001
    """Without colour, like a camera at night; neither draws nor scales."""
    return cv2.transform(image, _LUMA)


# In the order of the world: the light, then the lens and sensor, then the file.
RATES: dict[Callable[[Image, np.random.Generator, float], Image], float] = {
    season: 0.1,
    evening: 0.08,
    shading: 0.25,
    soft_shadow: 0.25,
    wobble: 0.08,
    tinted_rectangles: 0.12,
    blur: 0.2,
    resampling: 0.1,
    exposure: 0.6,
    gamma: 0.3,
    white_balance: 0.4,
    saturation: 0.25,
    noise: 0.5,
    sharpening: 0.15,
    grey: 0.01,
    jpeg: 0.5,
}


def degrade(image: Image, rng: np.random.Generator, strength: float = 1.0) -> Image:
    """A random choice of all nuisances, each by its rate in `RATES`, in the order of a camera."""
    for nuisance, rate in RATES.items():
        if rng.random() < rate:
            image = nuisance(image, rng, strength)
    return image


_LUMA = np.tile(np.array((0.299, 0.587, 0.114), np.float32), (3, 1))


def _mapped(image: Image, levels: np.ndarray) -> Image:
    """The image through a table of 256 levels, or one table a colour (256, 3)."""
    table = levels.clip(0, 255).round().astype(np.uint8)
    return cv2.LUT(image, table if levels.ndim == 1 else table[:, None, :])


def _to_bytes(of_hues: np.ndarray) -> np.ndarray:
    """A table of 180 hues, (180,) or (180, 3), as OpenCV wants it: of 256 entries."""
    table = np.resize(of_hues, (256, *of_hues.shape[1:]))
    return table if table.ndim == 1 else table[:, None, :]


def _lit(image: Image, light: np.ndarray) -> Image:
    """The image times a coarse field of light."""
    field = cv2.resize(light, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR)
    return cv2.multiply(image, cv2.merge((field, field, field)), dtype=cv2.CV_8U)


def _region(rng: np.random.Generator, height: int, width: int) -> Mask:
    """A soft region with a wavy outline: a closed blob, or one side of a wavy line."""
    angles = np.linspace(0, 2 * np.pi, 40)
    waves = sum(rng.normal() / k * np.cos(k * angles + rng.uniform(0, 6.3)) for k in range(1, 6))
    long_side = max(height, width)
    if rng.random() < 0.6:
        radius = rng.uniform(0.08, 0.5) * long_side * np.exp(0.25 * waves)
        squash = np.array((np.exp(rng.uniform(-1.6, 1.6)), 1))
        points = np.stack((np.cos(angles), np.sin(angles)), 1) * radius[:, None] * squash
    else:
        along = np.linspace(-2, 2, 40) * long_side
        points = np.stack((along, 0.06 * long_side * waves), 1)
        points = np.concatenate((points, ((2 * long_side,) * 2, (-2 * long_side, 2 * long_side))))
    turn = rng.uniform(0, 2 * np.pi)
    points = points @ np.array(((np.cos(turn), np.sin(turn)), (-np.sin(turn), np.cos(turn))))
    points += rng.uniform((0, 0), (width, height))
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [points.astype(np.int32)], 255)
    return cv2.GaussianBlur(mask, (0, 0), float(np.exp(rng.uniform(np.log(0.5), np.log(12)))))


@cache
def _grain() -> Image:
    """Normal noise as bytes around 128, sigma 32: drawing from a tile is faster than sampling."""
    drawn = np.random.default_rng(0).standard_normal((_TILE, _TILE, 3), np.float32)
    return (128 + 32 * drawn).clip(0, 255).astype(np.uint8)


def _window(tile: Image, rng: np.random.Generator, height: int, width: int) -> Image:
    y, x = (int(v) for v in rng.integers(0, _TILE // 2, 2))
    repeats = (1 + (y + height) // _TILE, 1 + (x + width) // _TILE, 1)
    window = (tile if repeats[:2] == (1, 1) else np.tile(tile, repeats))[y : y + height]
    return np.ascontiguousarray(window[:, x : x + width][:: (-1) ** int(rng.integers(2))])
