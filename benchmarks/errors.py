"""Scenes that are known to be hard, the truth of each beside what the model says.

    python benchmarks/errors.py --out docs/errors.jpg

Grounds, coins and the outline of a horse come with scikit-image (public domain or free to use), so
that the picture can be shown. White boxes are true, coloured ones are found; the last column is the
heat. Prints a row a scene: true changes, those that were found, and boxes too many.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from spotdiff.apps.loading import load
from spotdiff.data import nuisance
from spotdiff.data.images import read_image
from spotdiff.data.layers import Frame, Layer, Sprite, compose, truth
from spotdiff.data.photographs import bundled_photograph
from spotdiff.ops.boxes import iou
from spotdiff.ops.heatmap import any_kind
from spotdiff.types import Box, Change, ChangeKind, Image, Mask, Pair, TrueChange
from spotdiff.writers.drawing import KIND_COLOURS, blend_heat

WIDTH, HEIGHT = 320, 240
ADDED, REMOVED, _ = ChangeKind
WHITE, DARK = (255, 255, 255), (30, 30, 30)
COLUMNS = ("before", "after", "found", "heat")
HEAD, GAP = 22, 4
COIN = (302, 12, 368, 76)  # in the photograph of coins: x0, y0, x1, y1


@dataclass(frozen=True)
class Scene:
    """A pair with its truth, and in words what is hard about it."""

    title: str
    pair: Pair


def main() -> None:
    """Draws and measures all scenes."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, default=Path("errors.jpg"))
    parser.add_argument("--ckpt", default=None, help="a checkpoint; without it the shipped one")
    args = parser.parse_args()
    pipeline = load(args.ckpt)
    rows = []
    print("| scene | true | found | too many |\n| --- | --- | --- | --- |")
    for scene in scenes():
        answer = pipeline.comparer([scene.pair])[0]
        if answer.change_map is None:
            parser.error("expected a model that makes change maps")
        true = scene.pair.truth.changes or ()
        hits, extra = _compared(true, answer.changes)
        print(f"| {scene.title} | {len(true)} | {hits} | {extra} |")
        rows.append(_row(scene, answer.changes, any_kind(answer.change_map.heat)))
    sheet = cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(args.out), sheet, (cv2.IMWRITE_JPEG_QUALITY, 88))


def scenes() -> list[Scene]:
    """Always the same, in the order of the picture."""
    gravel, grass, table = (_ground(name) for name in ("gravel.png", "grass.png", "coffee.png"))
    brick, rocket = _ground("brick.png"), _ground("rocket.jpg")
    horse = _horse(gravel, 110, 0.45)
    sunny = [
        Layer(ADDED, None, None, _with_shadow(horse, 60, 60, 1.9, 0.75)),
        Layer(REMOVED, None, _with_shadow(_horse(gravel, 60, 0.5), 220, 130, 1.9, 0.75), None),
    ]
    on_floor = _at(_horse(table, 90, 0.4), 30, 40)
    mirror = Sprite(
        cv2.flip(on_floor.image, 0), cv2.flip(on_floor.alpha, 0), 30, 40 + len(on_floor.alpha), 0.45
    )
    polished = Sprite(on_floor.image, on_floor.alpha, 30, 40, shadow=mirror)
    pale = [
        Layer(ADDED, None, None, _at(_horse(brick, 120, 0.86), 40, 70)),
        Layer(REMOVED, None, _at(_horse(brick, 90, 0.78), 190, 40), None),
    ]
    small = [
        Layer(ADDED, None, None, _at(_coin(size), x, y))
        for size, x, y in ((6, 50, 200), (8, 120, 210), (11, 190, 195), (15, 260, 205))
    ]
    touching = [
        Layer(ADDED, None, None, _at(_coin(64), 90, 90)),
        Layer(ADDED, None, None, _at(_coin(56), 150, 96)),
        Layer(REMOVED, None, _at(_coin(60), 200, 100), None),
    ]
    return [
        _scene("hard shadows of a low sun", gravel, sunny),
        _scene("mirrored by a polished table", table, [Layer(ADDED, None, None, polished)]),
        _scene("nearly the colours of the ground", brick, pale),
        _scene("6, 8, 11 and 15 px long", rocket, small),
        _scene("two came side by side, one went", grass, touching),
        _scene("8 px beside one another, nothing else", _ground("motorcycle_left.png"), [], 8),
    ]


def _scene(title: str, ground: Image, layers: Sequence[Layer], shift: int = 0) -> Scene:
    composed = compose(ground, layers, 0)
    moved = np.array(((1, 0, -shift), (0, 1, 0)), np.float32) if shift else None
    frames = Frame((HEIGHT, WIDTH)), Frame((HEIGHT, WIDTH), matrix=moved)
    known = truth(composed, *frames, 1)
    before, after = frames[0].image(composed.before), frames[1].image(composed.after)
    return Scene(title, Pair(title, _shot(before, 1), _shot(after, 2), known))


def _shot(view: Image, seed: int) -> Image:
    rng = np.random.default_rng(seed)
    for effect in (nuisance.exposure, nuisance.white_balance, nuisance.noise):
        view = effect(view, rng, 0.3)
    return view


def _ground(name: str) -> Image:
    image = read_image(bundled_photograph(name))
    scale = max(WIDTH / image.shape[1], HEIGHT / image.shape[0])
    scaled = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(scaled[:HEIGHT, :WIDTH])


def _horse(ground: Image, length: int, light: float) -> tuple[Image, Mask]:
    """A horse of the ground's own surface in other light: a thing that is hard to see."""
    outline = read_image(bundled_photograph("horse.png"))
    alpha = 255 - outline[..., 0]
    x, y, width, height = cv2.boundingRect(alpha)
    size = (length, round(length * height / width))
    alpha = cv2.resize(alpha[y : y + height, x : x + width], size, interpolation=cv2.INTER_AREA)
    surface = np.ascontiguousarray(ground[-size[1] :, -size[0] :][:, ::-1])
    return cv2.convertScaleAbs(surface, alpha=light), alpha


def _coin(width: int) -> tuple[Image, Mask]:
    x0, y0, x1, y1 = COIN
    coin = read_image(bundled_photograph("coins.png"))[y0:y1, x0:x1]
    alpha = np.zeros(coin.shape[:2], np.uint8)
    cv2.ellipse(alpha, (33, 32), (27, 27), 0, 0, 360, 255, -1)
    cut = slice(5, 60), slice(6, 61)
    brass = (coin * (1.12, 0.95, 0.6)).clip(0, 255).astype(np.uint8)
    return _small(brass[cut], width), _small(alpha[cut], width)


def _small(image: np.ndarray, width: int) -> np.ndarray:
    return cv2.resize(image, (width, width), interpolation=cv2.INTER_AREA)


def _at(thing: tuple[Image, Mask], x: int, y: int) -> Sprite:
    return Sprite(*thing, x, y)


def _with_shadow(thing: tuple[Image, Mask], x: int, y: int, shear: float, depth: float) -> Sprite:
    """The thing with the flat shadow of a sun at its left."""
    alpha = thing[1]
    height, width = alpha.shape
    reach = int(shear * height)
    matrix = np.array(((1, -shear, shear * height), (0, 0.25, 0.75 * height)), np.float32)
    cast = cv2.warpAffine(alpha, matrix, (width + reach, height))
    shadow = Sprite(np.zeros((*cast.shape, 3), np.uint8), cast, x, y, depth)
    return Sprite(*thing, x, y, shadow=shadow)


def _compared(true: Sequence[TrueChange], found: Sequence[Change]) -> tuple[int, int]:
    """How many true boxes were met by half, and how many found boxes meet none."""
    overlap = iou(_boxes(found), _boxes(true)) >= 0.5
    return int(overlap.any(axis=0).sum()), int((~overlap.any(axis=1)).sum())


def _boxes(changes: Sequence[Change] | Sequence[TrueChange]) -> np.ndarray:
    return np.array([_box(change) for change in changes], np.float32).reshape(-1, 4)


def _box(change: Change | TrueChange) -> Box | None:
    return change.box_after or change.box_before


def _row(scene: Scene, found: Sequence[Change], heat: np.ndarray) -> np.ndarray:
    before, after = scene.pair.before, scene.pair.after
    drawn = after.copy()
    for true in scene.pair.truth.changes or ():
        _outline(drawn, _box(true), WHITE, 1)
    for change in found:
        _outline(drawn, _box(change), KIND_COLOURS[change.kind][0], 2)
    panels = [
        cv2.copyMakeBorder(panel, 0, GAP, 0, GAP, cv2.BORDER_CONSTANT, value=WHITE)
        for panel in (before, after, drawn, blend_heat(after, heat))
    ]
    row = cv2.copyMakeBorder(np.hstack(panels), HEAD, 0, 0, 0, cv2.BORDER_CONSTANT, value=WHITE)
    titles = (f"{COLUMNS[0]}: {scene.title}", *COLUMNS[1:])
    for place, title in enumerate(titles):
        at = (place * (WIDTH + GAP) + 2, HEAD - 6)
        cv2.putText(row, title, at, cv2.FONT_HERSHEY_SIMPLEX, 0.42, DARK, 1, cv2.LINE_AA)
    return row


def _outline(image: Image, box: Box | None, colour: tuple[int, int, int], thickness: int) -> None:
    if box is not None:
        x0, y0, x1, y1 = (round(v) for v in box)
        cv2.rectangle(image, (x0, y0), (x1 - 1, y1 - 1), colour, thickness)


if __name__ == "__main__":
    main()
