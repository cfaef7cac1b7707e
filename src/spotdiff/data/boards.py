"""Line drawings and circuit boards with small defects, as a scanner that binarises sees them.

A board is a foreground map (255 copper or ink, 0 ground). A defect is drawn into one view's map
only; what it adds or takes away is exact, because scanning, which roughens every edge by a pixel
in each view on its own, comes later.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from spotdiff.data.layers import Composition, Entry
from spotdiff.types import ChangeKind, Image, Mask

DEFECTS = ("bite", "spur", "hole", "speck", "open", "short")
_COMPASS = [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)]


def board_pair(
    rng: np.random.Generator, size: tuple[int, int], count: int, label: str | None = None
) -> Composition:
    """Two foreground maps of `size` (height, width) that differ by up to `count` defects.

    Foreground that only the after view has is added; that only the before view has, removed.
    """
    clean = drawing(rng, size)
    views = (clean.copy(), clean.copy())
    owners = (np.zeros(size, np.uint8), np.zeros(size, np.uint8))
    inspected = rng.random() < 0.6
    entries: list[Entry] = []
    for _ in range(3 * count):
        flawed = 1 if inspected else int(rng.integers(2))
        region, more = _defect(rng, clean)
        region &= (owners[0] | owners[1]) == 0
        if len(entries) == count or not _survives(region):
            continue
        views[flawed][region] = 255 if more else 0
        come = flawed == (1 if more else 0)
        entries.append(Entry(ChangeKind.ADDED if come else ChangeKind.REMOVED, label))
        owners[int(come)][region] = len(entries)
    return Composition(views[0], views[1], owners[0], owners[1], tuple(entries))


def drawing(rng: np.random.Generator, size: tuple[int, int]) -> Mask:
    """A foreground map: tracks, pads, planes and holes, or lines, frames and writing."""
    canvas = np.zeros(size, np.uint8)
    board = rng.random() < 0.75
    parts = _BOARD_PARTS if board else _DRAWING_PARTS
    for _ in range(int(rng.integers(3, 10 if board else 25))):
        parts[int(rng.integers(len(parts)))](rng, canvas)
    # Writing has grey edges in some releases of OpenCV; a map has none.
    inked = (canvas > 127) != (board and rng.random() < 0.3)
    return np.where(inked, np.uint8(255), np.uint8(0))


def scanner(rng: np.random.Generator) -> Callable[[np.ndarray, np.random.Generator], Image]:
    """One scanner with its ink and paper: turns foreground maps into images, each a little rough.

    Most are strictly two colours, pure or muted; some keep grey edges.
    """
    if rng.random() < 0.6:
        colours = np.array(((0, 0, 0), (255, 255, 255)), np.float32)[
            :: (-1) ** int(rng.integers(2))
        ]
    else:
        colours = _apart(rng)
    binary = rng.random() < 0.8
    softness, roughness = rng.uniform(0.5, 1.0), rng.uniform(0, 25)

    def scan(foreground: np.ndarray, view: np.random.Generator) -> Image:
        height, width = foreground.shape
        soft = cv2.GaussianBlur(foreground, (0, 0), softness)
        if binary:
            drift = 128 + view.uniform(-25, 25) + view.uniform(-25, 25, (4, 4))
            level = cv2.resize(drift.astype(np.float32), (width, height))
            grain = roughness * view.standard_normal((height, width), np.float32)
            soft = np.where(soft > level + grain, np.uint8(255), np.uint8(0))
        table = colours[0] + np.linspace(0, 1, 256, dtype=np.float32)[:, None] * (
            colours[1] - colours[0]
        )
        return cv2.LUT(cv2.merge((soft, soft, soft)), table.round().astype(np.uint8)[:, None])

    return scan


def _apart(rng: np.random.Generator) -> np.ndarray:
    """Two colours at least 60 grey levels apart."""
    while True:
        colours = rng.integers(0, 256, (2, 3)).astype(np.float32)
        if rng.random() < 0.5:
            colours[:] = colours.mean(axis=1, keepdims=True)
        if abs(float(colours[0].mean() - colours[1].mean())) >= 60:
            return colours


def _survives(region: np.ndarray) -> bool:
    """Whether a defect is too large to be a rough edge: 16 px in all, 3 px thick somewhere."""
    pixels = region.astype(np.uint8)
    core = cv2.erode(pixels, np.ones((3, 3), np.uint8))
    return cv2.countNonZero(pixels) >= 16 and cv2.countNonZero(core) > 0


def _defect(rng: np.random.Generator, clean: Mask) -> tuple[np.ndarray, bool]:
    """The pixels that a defect turns over, and whether they become foreground."""
    kind = DEFECTS[int(rng.integers(len(DEFECTS)))]
    more = kind in ("spur", "speck", "short")
    stroke = np.zeros_like(clean)
    if kind in ("hole", "speck"):
        room = cv2.erode(clean if kind == "hole" else 255 - clean, np.ones((9, 9), np.uint8))
        _blob(rng, stroke, _spot(rng, room))
    else:
        edge = _spot(rng, cv2.morphologyEx(clean, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)))
        far = _across(clean, edge, more) if kind in ("open", "short") else None
        if far is None:
            _blob(rng, stroke, edge)
        else:
            cv2.line(stroke, edge, far, 255, int(rng.integers(3, 10)))
    return (stroke > 0) & ((clean > 0) != more), more


def _spot(rng: np.random.Generator, room: Mask) -> tuple[int, int]:
    """A random place where there is room, or anywhere if there is none."""
    places = np.flatnonzero(room)
    place = int(places[rng.integers(len(places))]) if len(places) else int(rng.integers(room.size))
    return place % room.shape[1], place // room.shape[1]


def _across(clean: Mask, edge: tuple[int, int], more: bool) -> tuple[int, int] | None:
    """The far side of a gap (`more`) or of a track, at most 40 px from its edge."""
    height, width = clean.shape
    for dx, dy in _COMPASS:
        inside = False
        for step in range(1, 41):
            x, y = edge[0] + dx * step, edge[1] + dy * step
            if not (0 <= x < width and 0 <= y < height):
                break
            free = (clean[y, x] > 0) != more
            if inside and not free:
                return x, y
            if step > 3 and not inside:
                break
            inside = inside or free
    return None


def _blob(rng: np.random.Generator, stroke: Mask, centre: tuple[int, int]) -> None:
    """A speck of 4 to 30 px: a ragged polygon or a short crooked line."""
    radius = float(np.exp(rng.uniform(np.log(2.5), np.log(14))))
    if rng.random() < 0.3:
        walk = np.cumsum(rng.uniform(-radius, radius, (4, 2)), axis=0) + centre
        thickness = max(2, int(radius / 2))
        cv2.polylines(stroke, [walk.astype(np.int32)], False, 255, thickness)
        return
    angles = np.linspace(0, 2 * np.pi, 10, endpoint=False) + rng.uniform(0, 6)
    radii = (radius * rng.uniform(0.55, 1.1, 10))[:, None] * np.exp(rng.uniform(-0.4, 0.4, 2))
    points = centre + radii * np.stack((np.cos(angles), np.sin(angles)), axis=1)
    cv2.fillPoly(stroke, [points.round().astype(np.int32)], 255)


def _anywhere(rng: np.random.Generator, canvas: Mask) -> np.ndarray:
    return rng.uniform((-0.1, -0.1), (1.1, 1.1)) * canvas.shape[::-1]


def _tracks(rng: np.random.Generator, canvas: Mask) -> None:
    """A bundle of parallel tracks that bend by 45 degrees."""
    thickness = int(np.exp(rng.uniform(np.log(3), np.log(36))))
    heading = int(rng.integers(8))
    points = [_anywhere(rng, canvas)]
    for _ in range(int(rng.integers(1, 5))):
        length = rng.uniform(0.15, 0.8) * max(canvas.shape)
        points.append(points[-1] + length * np.array(_COMPASS[heading]))
        heading = (heading + int(rng.choice((-1, 0, 1)))) % 8
    path = np.array(points)
    pitch = thickness * rng.uniform(1.6, 3)
    normal = np.array(_COMPASS[(int(rng.integers(2)) * 4 + heading + 2) % 8], float)
    for number in range(int(rng.integers(1, 5)) if thickness < 16 else 1):
        shifted = path + number * pitch * normal / np.linalg.norm(normal)
        cv2.polylines(canvas, [shifted.astype(np.int32)], False, 255, thickness)


def _pads(rng: np.random.Generator, canvas: Mask) -> None:
    """A row or grid of round or square pads, with or without holes."""
    radius = float(np.exp(rng.uniform(np.log(4), np.log(40))))
    columns, rows = (int(v) for v in rng.integers(1, 6, 2)) if radius < 20 else (1, 2)
    start, pitch = _anywhere(rng, canvas), radius * rng.uniform(2.4, 4)
    round_pads, hole = rng.random() < 0.7, rng.uniform(0.3, 0.7) * (rng.random() < 0.5)
    for row in range(rows):
        for column in range(columns):
            x, y = (int(v) for v in start + pitch * np.array((column, row)))
            side = int(radius)
            if round_pads:
                cv2.circle(canvas, (x, y), side, 255, -1)
            else:
                cv2.rectangle(canvas, (x - side, y - side), (x + side, y + side), 255, -1)
            if hole:
                cv2.circle(canvas, (x, y), int(radius * hole), 0, -1)


def _plane(rng: np.random.Generator, canvas: Mask) -> None:
    """A large filled area, sometimes with round clearances."""
    corner, span = _anywhere(rng, canvas), rng.uniform(0.15, 0.6, 2) * canvas.shape[::-1]
    first, second = (
        (corner - span / 2).astype(int).tolist(),
        (corner + span / 2).astype(int).tolist(),
    )
    cv2.rectangle(canvas, first, second, 255, -1)
    for _ in range(int(rng.integers(0, 4))):
        place = (corner + rng.uniform(-0.5, 0.5, 2) * span).astype(int).tolist()
        cv2.circle(canvas, place, int(rng.integers(3, 20)), 0, -1)


def _specks(rng: np.random.Generator, canvas: Mask) -> None:
    """Small dots that belong there."""
    for _ in range(int(rng.integers(1, 12))):
        place = _anywhere(rng, canvas).astype(int).tolist()
        cv2.circle(canvas, place, int(rng.integers(1, 7)), int(rng.integers(2)) * 255, -1)


def _outline(rng: np.random.Generator, canvas: Mask) -> None:
    first, second = (_anywhere(rng, canvas).astype(int).tolist() for _ in range(2))
    thickness = int(rng.integers(3, 9))
    kind = int(rng.integers(3))
    if kind == 0:
        cv2.rectangle(canvas, first, second, 255, thickness)
    elif kind == 1:
        cv2.line(canvas, first, second, 255, thickness)
    else:
        cv2.circle(canvas, first, int(rng.integers(4, 70)), 255, thickness)


def _writing(rng: np.random.Generator, canvas: Mask) -> None:
    place = _anywhere(rng, canvas).astype(int).tolist()
    letters = "".join(
        chr(int(v)) for v in rng.integers(ord("!"), ord("z"), int(rng.integers(1, 16)))
    )
    height = rng.uniform(0.5, 1.8)
    cv2.putText(canvas, letters, place, int(rng.integers(8)), height, 255, 2 + int(2 * height))


_BOARD_PARTS = (_tracks, _tracks, _pads, _pads, _plane, _specks)
_DRAWING_PARTS = (_outline, _outline, _writing, _specks)
