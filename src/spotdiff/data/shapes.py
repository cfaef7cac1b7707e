"""Shapes, textures and grounds drawn from nothing but a random generator.

Alphas are uint8 (0 clear, 255 solid) with soft edges; images are uint8 RGB of the asked size.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from spotdiff.types import Image, Mask

Draw = Callable[[np.random.Generator, Mask], None]


def shape(
    rng: np.random.Generator, height: int, width: int, name: str | None = None
) -> tuple[Mask, str]:
    """The alpha of a shape that spans most of (height, width), and its name in `SHAPE_NAMES`.

    Without a name, any shape.
    """
    alpha = np.zeros((height, width), np.uint8)
    name = SHAPE_NAMES[int(rng.integers(len(SHAPE_NAMES)))] if name is None else name
    _SHAPES[name](rng, alpha)
    return alpha, name


def texture(rng: np.random.Generator, height: int, width: int) -> Image:
    """A surface of one colour, a gradient, clouds, stripes, checks or grain."""
    colours = rng.integers(0, 256, (2, 3))
    kind = rng.choice(6, p=(0.4, 0.15, 0.15, 0.12, 0.08, 0.1))
    if kind == 0:
        return np.full((height, width, 3), colours[0], np.uint8)
    if kind == 1:
        return stretched(rng.integers(0, 256, (2, 2, 3)), height, width)
    if kind == 2:
        side = int(rng.integers(3, 12))
        return stretched(rng.integers(0, 256, (side, side, 3)), height, width)
    if kind == 5:
        grain = rng.integers(0, 256, (max(2, height // 2), max(2, width // 2), 3))
        return stretched(grain, height, width)
    rows = stripes(rng, height, width)
    which = rows if kind == 3 else rows ^ stripes(rng, width, height).T
    return np.asarray(colours.astype(np.uint8)[which])


def stripes(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Parallel bands of zeros and ones, period 4 px to half the side, at a slant."""
    period = float(np.exp(rng.uniform(np.log(4.0), np.log(max(5.0, height / 2)))))
    slant = float(rng.uniform(-0.5, 0.5)) if rng.random() < 0.5 else 0.0
    rows = np.arange(height, dtype=np.float32)[:, None]
    columns = np.arange(width, dtype=np.float32)[None, :]
    bands = ((rows + slant * columns) / period).astype(np.int32)
    return np.asarray(bands % 2)


def stretched(grid: np.ndarray, height: int, width: int) -> Image:
    """A coarse grid of colours drawn out smoothly to (height, width)."""
    small = grid.astype(np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def ground(rng: np.random.Generator, height: int, width: int) -> Image:
    """A backdrop: a smooth or patterned surface with some clutter on it."""
    if rng.random() < 0.75:
        side = int(rng.integers(2, 6))
        spread = int(rng.integers(10, 120))
        grid = rng.integers(0, 256, 3) + rng.integers(-spread, spread + 1, (side, side, 3))
        image = stretched(grid.clip(0, 255), height, width)
    else:
        image = texture(rng, height, width)
    for _ in range(int(rng.choice((0, 4, 12, 30)))):
        _clutter(rng, image)
    grain = rng.integers(-6, 7, (height // 2 + 1, width // 2 + 1, 3)).astype(np.int16)
    fine = cv2.resize(grain, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.add(image, fine, dtype=cv2.CV_8U)


def _clutter(rng: np.random.Generator, image: Image) -> None:
    height, width = image.shape[:2]
    colour = tuple(int(v) for v in rng.integers(0, 256, 3))
    span = float(np.exp(rng.uniform(np.log(4), np.log(max(height, width) / 2))))
    centre = rng.uniform((0, 0), (width, height))
    if rng.random() < 0.35:
        ends = (centre + rng.uniform(-2, 2, (2, 2)) * span).astype(int).tolist()
        cv2.line(image, ends[0], ends[1], colour, int(rng.integers(1, 9)), cv2.LINE_AA)
        return
    angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 9))))
    points = centre + span * rng.uniform(0.4, 1, (len(angles), 1)) * _circle(angles)
    cv2.fillPoly(image, [points.astype(np.int32)], colour, cv2.LINE_AA)


def _circle(angles: np.ndarray) -> np.ndarray:
    return np.stack((np.cos(angles), np.sin(angles)), axis=1)


def _fill(alpha: Mask, points: np.ndarray) -> None:
    """Fills a polygon given in [-1, 1]²."""
    height, width = alpha.shape
    corners = (points + 1) * np.array(((width - 1) / 2, (height - 1) / 2)) * 16
    cv2.fillPoly(alpha, [corners.round().astype(np.int32)], 255, cv2.LINE_AA, 4)


def _turned(points: np.ndarray, angle: float) -> np.ndarray:
    """The polygon turned, then fitted into [-1, 1]²."""
    cosine, sine = np.cos(angle), np.sin(angle)
    turned = points @ np.array(((cosine, sine), (-sine, cosine)))
    return np.asarray(turned / np.abs(turned).max())


def _disk(rng: np.random.Generator, alpha: Mask) -> None:
    _fill(alpha, _turned(_circle(np.linspace(0, 2 * np.pi, 40)), rng.uniform(0, 1)))


def _box(rng: np.random.Generator, alpha: Mask) -> None:
    corners = np.array(((-1, -1), (1, -1), (1, 1), (-1, 1)), float)
    _fill(alpha, corners if rng.random() < 0.5 else _turned(corners, rng.uniform(0, np.pi)))


def _triangle(rng: np.random.Generator, alpha: Mask) -> None:
    angles = np.sort(rng.uniform(0, 0.9, 3)) + np.array((0, 2.1, 4.2))
    _fill(alpha, _turned(_circle(angles), rng.uniform(0, np.pi)))


def _star(rng: np.random.Generator, alpha: Mask) -> None:
    tips = int(rng.integers(4, 9))
    radii = np.where(np.arange(2 * tips) % 2, rng.uniform(0.3, 0.7), 1.0)[:, None]
    _fill(alpha, _turned(radii * _circle(np.arange(2 * tips) * np.pi / tips), rng.uniform(0, 3)))


def _blob(rng: np.random.Generator, alpha: Mask) -> None:
    count = int(rng.integers(5, 13))
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    knots = rng.uniform(0.35, 1, count)
    radii = np.interp(
        angles * count / (2 * np.pi), np.arange(count + 1), np.append(knots, knots[0])
    )
    _fill(alpha, _turned(radii[:, None] * _circle(angles), 0.0))


def _strip(rng: np.random.Generator, alpha: Mask) -> None:
    thickness = max(2, int(min(alpha.shape) * rng.uniform(0.04, 0.22)))
    count = int(rng.integers(2, 5))
    points = rng.uniform((0, 0), (alpha.shape[1], alpha.shape[0]), (count, 2))
    if count == 2:
        points = np.array(((0, points[0, 1]), (alpha.shape[1], points[1, 1])))
    cv2.polylines(alpha, [points.astype(np.int32)], False, 255, thickness, cv2.LINE_AA)


def _ring(rng: np.random.Generator, alpha: Mask) -> None:
    _disk(rng, alpha)
    height, width = alpha.shape
    centre, axes = (
        (width // 2, height // 2),
        rng.uniform(0.35, 0.75) * np.array((width, height)) / 2,
    )
    cv2.ellipse(alpha, centre, axes.astype(int).tolist(), 0, 0, 360, 0, -1, cv2.LINE_AA)


def _cross(rng: np.random.Generator, alpha: Mask) -> None:
    arm = rng.uniform(0.15, 0.4)
    quarter = np.array(((arm, 1), (arm, arm), (1, arm)))
    turns = [quarter]
    for _ in range(3):
        turns.append(turns[-1] @ np.array(((0.0, -1.0), (1.0, 0.0))))
    _fill(alpha, _turned(np.concatenate(turns), rng.uniform(0, np.pi) * (rng.random() < 0.5)))


def _letter(rng: np.random.Generator, alpha: Mask) -> None:
    height, width = alpha.shape
    sign = chr(int(rng.integers(ord("A"), ord("Z") + 1)))
    drawn = np.zeros((48, 48), np.uint8)
    cv2.putText(drawn, sign, (4, 40), 0, 1.5, 255, int(rng.integers(2, 9)), cv2.LINE_AA)
    x, y, w, h = cv2.boundingRect(drawn)
    alpha[:] = cv2.resize(drawn[y : y + h, x : x + w], (width, height))


_SHAPES: dict[str, Draw] = {
    "blob": _blob,
    "box": _box,
    "cross": _cross,
    "disk": _disk,
    "letter": _letter,
    "ring": _ring,
    "star": _star,
    "strip": _strip,
    "triangle": _triangle,
}
SHAPE_NAMES = tuple(_SHAPES)
