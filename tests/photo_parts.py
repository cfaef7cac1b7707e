"""A little library of photographs with outlined objects, drawn for tests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from spotdiff.data.cutouts import PhotoLibrary
from spotdiff.data.photos import Outline, Photo

COLOURS = {"cat": (250, 160, 40), "dog": (120, 70, 30), "bowl": (40, 90, 220), "cup": (220, 30, 60)}


def photo(folder: Path, name: str, *things: tuple[str, tuple[int, int, int, int]]) -> Photo:
    """A striped ground with ellipses that fill the boxes of things, each outlined."""
    rng = np.random.default_rng(sum(map(ord, name)))
    ground = np.full((160, 200, 3), 90, np.uint8) + rng.integers(0, 60, (160, 1, 3)).astype(
        np.uint8
    )
    outlines = []
    for label, (x0, y0, x1, y1) in things:
        centre, axes = ((x0 + x1) // 2, (y0 + y1) // 2), ((x1 - x0) // 2, (y1 - y0) // 2)
        cv2.ellipse(ground, centre, axes, 0, 0, 360, COLOURS[label], -1)
        ring = cv2.ellipse2Poly(centre, axes, 0, 0, 360, 10).astype(np.float32)
        outlines.append(Outline((ring,), float(cv2.contourArea(ring)), label))
    path = folder / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), ground[..., ::-1])
    return Photo(path, tuple(outlines))


def library(folder: Path) -> PhotoLibrary:
    """Four photographs: a dog; a cat and a bowl; two cups; a tiny dog."""
    return PhotoLibrary(
        [
            photo(folder, "one", ("dog", (60, 50, 130, 120))),
            photo(folder, "two", ("cat", (20, 40, 90, 120)), ("bowl", (120, 60, 180, 110))),
            photo(folder, "three", ("cup", (20, 40, 70, 100)), ("cup", (110, 40, 170, 100))),
            photo(folder, "tiny", ("dog", (60, 50, 66, 56))),
        ]
    )


def write_coco(folder: Path, photos: Sequence[Photo]) -> Path:
    """Writes the COCO instances file of some photographs beside them."""
    names = {name: number for number, name in enumerate(COLOURS, start=1)}
    objects = [
        {
            "id": 100 * number + place,
            "image_id": number,
            "category_id": names[outline.label],
            "segmentation": [polygon.ravel().tolist() for polygon in outline.polygons],
            "area": outline.area,
            "iscrowd": 0,
        }
        for number, photo in enumerate(photos)
        for place, outline in enumerate(photo.outlines)
    ]
    images = [{"id": number, "file_name": p.path.name} for number, p in enumerate(photos)]
    categories = [{"id": number, "name": name} for name, number in names.items()]
    path = folder / "instances.json"
    told = {"images": images, "annotations": objects, "categories": categories}
    path.write_text(json.dumps(told))
    return path
