"""The demonstration pair: a table with a cup of coffee, before and after somebody moved the coins.

Table and coins are real photographs of scikit-image; one coin stays, one goes, one comes and one
moves. The light, the grain and the coding of the two views differ as those of two shots do.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from spotdiff.data import nuisance
from spotdiff.data.cutouts import Cutout
from spotdiff.data.images import read_image
from spotdiff.data.layers import Frame, Layer, Sprite, compose, truth
from spotdiff.data.manifests import read_manifest
from spotdiff.data.photographs import bundled_photograph
from spotdiff.data.tables import checked
from spotdiff.types import ChangeKind, Image, Mask, Pair, PairRow

FILES = ("before.jpg", "after.jpg", "mask.png", "manifest.jsonl")
LABEL = "coin"
MIN_VISIBLE, MIN_CONTRAST = 12, 6.0
_SQUASH = 0.84  # the table is seen at a slant
_SILVER, _BRASS = (1.15, 1.04, 0.86), (1.12, 0.88, 0.56)
_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 93)


@dataclass(frozen=True, slots=True)
class _Coin:
    """A coin of the photograph of coins, and how it looks on the table.

    Attributes:
        window: The pixels around it, x0, y0, x1, y1.
        width: On the table, in pixels.
        turn: In degrees, counter-clockwise.
        metal: Gain of red, green and blue.
    """

    window: tuple[int, int, int, int]
    width: float
    turn: float
    metal: tuple[float, float, float]


_FACE = _Coin((186, 166, 240, 220), 56, -15, _SILVER)
_WARRIOR = _Coin((302, 12, 368, 76), 70, 10, _BRASS)
_HELMET = _Coin((311, 152, 383, 222), 74, 25, _SILVER)
_GODDESS = _Coin((14, 228, 78, 292), 64, -30, _BRASS)


def demo_pair(folder: Path) -> PairRow:
    """The pair as files in `folder`, written there unless it is there already.

    The files are before.jpg, after.jpg, mask.png and manifest.jsonl, which tells the truth.

    Raises:
        FileNotFoundError: The installed scikit-image carries other photographs.
        ModuleNotFoundError: scikit-image is not installed.
    """
    manifest = folder / "manifest.jsonl"
    if not all((folder / name).is_file() for name in FILES):
        _write(demo_scene(), manifest)
    return checked(read_manifest(manifest))[0]


def demo_scene() -> Pair:
    """The pair as pixels, always the same: 600 x 400, with its truth."""
    table = read_image(bundled_photograph("coffee.png"))
    coins = read_image(bundled_photograph("coins.png"))
    face = _lying(_cutout(coins, _FACE), 500, 338)
    goddess = _cutout(coins, _GODDESS)
    layers = (
        Layer(None, LABEL, face, face),
        Layer(ChangeKind.REMOVED, LABEL, _lying(_cutout(coins, _WARRIOR), 507, 120), None),
        Layer(ChangeKind.ADDED, LABEL, None, _lying(_cutout(coins, _HELMET), 508, 225)),
        Layer(
            ChangeKind.CHANGED, LABEL, _lying(goddess, 9, 190), _lying(goddess, 30, 322), moves=True
        ),
    )
    scene = compose(table, layers, MIN_CONTRAST)
    whole = Frame(table.shape[:2])
    known = truth(scene, whole, whole, MIN_VISIBLE)
    return Pair("demo", _shot(scene.before, 1), _shot(scene.after, 2), known)


def _cutout(coins: Image, coin: _Coin) -> Cutout:
    """The coin without its ground, squashed, turned and tinted, at its final size."""
    x0, y0, x1, y1 = coin.window
    piece = coins[y0:y1, x0:x1]
    alpha = _silhouette(piece)
    scale = coin.width / cv2.boundingRect(alpha)[2]
    height, width = round(alpha.shape[0] * scale), round(alpha.shape[1] * scale)
    matrix = cv2.getRotationMatrix2D((piece.shape[1] / 2, piece.shape[0] / 2), coin.turn, scale)
    matrix[:, 2] += (width - piece.shape[1]) / 2, (height - piece.shape[0]) / 2
    matrix[1] *= _SQUASH
    size = (width, round(height * _SQUASH))
    image = cv2.warpAffine(
        piece, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    tinted = (image * np.array(coin.metal)).clip(0, 255).astype(np.uint8)
    soft = cv2.GaussianBlur(cv2.warpAffine(alpha, matrix, size, flags=cv2.INTER_CUBIC), (0, 0), 0.7)
    return Cutout(tinted, soft, LABEL)


def _silhouette(piece: Image) -> Mask:
    """The bright thing on a dark ground as a solid mask: Otsu's threshold, made convex."""
    grey = cv2.GaussianBlur(cv2.cvtColor(piece, cv2.COLOR_RGB2GRAY), (0, 0), 1)
    _, bright = cv2.threshold(grey, 0, 255, cv2.THRESH_OTSU)
    contours, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    mask = np.zeros_like(grey)
    cv2.fillPoly(mask, [cv2.convexHull(max(contours, key=cv2.contourArea))], 255)
    return cv2.erode(mask, np.ones((3, 3), np.uint8))


def _lying(coin: Cutout, x: int, y: int) -> Sprite:
    """The coin with its upper corner at (x, y), and the shadow that the cup's light gives it."""
    pad = 12
    spread = cv2.copyMakeBorder(coin.alpha, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=0)
    soft = cv2.GaussianBlur(spread, (0, 0), 3)
    dark = np.full((*soft.shape, 3), (25, 8, 2), np.uint8)
    shadow = Sprite(dark, soft, x - pad - 3, y - pad + 4, 0.75)
    return Sprite(coin.image, coin.alpha, x, y, shadow=shadow)


def _shot(view: Image, seed: int) -> Image:
    """The view as another exposure gives it: a little other light, colour and grain."""
    rng = np.random.default_rng(seed)
    for effect, strength in (
        (nuisance.shading, 0.3),
        (nuisance.exposure, 0.25),
        (nuisance.white_balance, 0.3),
        (nuisance.noise, 0.35),
    ):
        view = effect(view, rng, strength)
    return view


def _write(pair: Pair, manifest: Path) -> None:
    """Writes the pictures and the mask, then the manifest, each whole or not at all."""
    manifest.parent.mkdir(parents=True, exist_ok=True)
    for name, view in (("before.jpg", pair.before), ("after.jpg", pair.after)):
        _, coded = cv2.imencode(".jpg", cv2.cvtColor(view, cv2.COLOR_RGB2BGR), _JPEG)
        _replace(manifest.with_name(name), coded.tobytes())
    _, coded = cv2.imencode(".png", np.asarray(pair.truth.mask))
    _replace(manifest.with_name("mask.png"), coded.tobytes())
    row = {
        "pair_id": pair.pair_id,
        "before": "before.jpg",
        "after": "after.jpg",
        "mask": "mask.png",
        "mask_kinds": "bits",
        "changes": [
            {
                "kind": change.kind,
                "label": change.label,
                "box_before": change.box_before,
                "box_after": change.box_after,
            }
            for change in pair.truth.changes or ()
        ],
    }
    _replace(manifest, f"{json.dumps(row)}\n".encode())


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{os.getpid()}.{path.name}.tmp")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
