"""Photographs on disk and the objects outlined in them, as COCO instances files tell it.

The format: https://cocodataset.org/#format-data. Run-length masks are passed over.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from spotdiff.types import Box, Image, Mask

LONG_SIDE = 640
MIN_AREA = 900.0
_CRUMBS = 0.1  # share of a thing that may lie apart from the rest
_RIM = 3.0  # pixels: outlines end a little before the photograph does
SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


@dataclass(frozen=True, slots=True)
class Outline:
    """One object of a photograph.

    Attributes:
        polygons: Around its parts, a row (x, y) in pixels for each corner.
        area: In pixels.
        label: What it is.
        is_cut: Whether it reaches the rim of its photograph, beyond which it may go on.
    """

    polygons: tuple[np.ndarray, ...]
    area: float
    label: str | None
    is_cut: bool = False

    @property
    def box(self) -> Box:
        """Around all of it."""
        points = np.concatenate(self.polygons)
        (x0, y0), (x1, y1) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        return x0, y0, x1, y1

    @property
    def is_in_pieces(self) -> bool:
        """Whether something in front of it parts it."""
        areas = [cv2.contourArea(polygon.astype(np.float32)) for polygon in self.polygons]
        return max(areas) < (1 - _CRUMBS) * sum(areas)

    def moved(self, scale: np.ndarray, offset: np.ndarray) -> Outline:
        """The outline in other pixels: `point * scale + offset`, both (x, y)."""
        polygons = tuple(polygon * scale + offset for polygon in self.polygons)
        area = self.area * abs(float(scale[0] * scale[1]))
        return replace(self, polygons=polygons, area=area)

    def mask(self, size: tuple[int, ...]) -> Mask:
        """The object as a solid mask of `size` (height, width)."""
        mask = np.zeros(size[:2], np.uint8)
        for polygon in self.polygons:
            cv2.fillPoly(mask, [polygon.round().astype(np.int32)], 255)
        return mask


@dataclass(frozen=True, slots=True)
class Photo:
    """A photograph on disk and the objects outlined in pixels of its file."""

    path: Path
    outlines: tuple[Outline, ...] = ()


def photos_in(folder: Path) -> list[Photo]:
    """Every picture under a folder, sorted, without outlines."""
    return [Photo(p) for p in sorted(folder.rglob("*")) if p.suffix.lower() in SUFFIXES]


def annotated_photos(folder: Path, table: Path, split: str, min_label_count: int) -> list[Photo]:
    """The photographs of a COCO instances file, sorted by path.

    Args:
        folder: Where `file_name` starts, or the parent of the folder `images` where it starts.
        table: The file.
        split: Keeps the images whose `split` begins with it.
        min_label_count: A category with fewer objects above `MIN_AREA` px² gives no label.

    Raises:
        FileNotFoundError: The table or a photograph of it does not exist.
    """
    if not table.is_file():
        raise FileNotFoundError(f"{table}: expected a COCO instances file, found none.")
    coco = json.loads(table.read_text(encoding="utf-8"))
    rows = [row for row in coco["images"] if str(row.get("split", "")).startswith(split)]
    inside = {row["id"] for row in rows}
    drawn = [
        row
        for row in coco["annotations"]
        if isinstance(row["segmentation"], list) and row["image_id"] in inside
    ]
    counts = Counter(row["category_id"] for row in drawn if row["area"] > MIN_AREA)
    names = {row["id"]: str(row["name"]) for row in coco["categories"]}
    sizes = {row["id"]: (row.get("width", np.inf), row.get("height", np.inf)) for row in rows}
    outlines: dict[int, list[Outline]] = {}
    for row in drawn:
        named = counts[row["category_id"]] >= min_label_count
        polygons = tuple(np.array(p, np.float32).reshape(-1, 2) for p in row["segmentation"])
        label = names[row["category_id"]] if named else None
        outline = Outline(polygons, row["area"], label)
        known = replace(outline, is_cut=_reaches_rim(outline.box, sizes[row["image_id"]]))
        outlines.setdefault(row["image_id"], []).append(known)
    photos = [
        Photo(_located(folder, row["file_name"], table), tuple(outlines.get(row["id"], ())))
        for row in rows
    ]
    return sorted(photos, key=lambda photo: photo.path)


def _reaches_rim(box: Box, size: tuple[float, float]) -> bool:
    """Whether a box ends where a photograph of that width and height does."""
    x0, y0, x1, y1 = box
    return min(x0, y0) < _RIM or x1 > size[0] - _RIM or y1 > size[1] - _RIM


def is_photographs(table: Path) -> bool:
    """Whether a JSON file is a COCO instances file of single photographs, not of pairs."""
    try:
        coco = json.loads(table.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # whoever reads it in earnest will say what is wrong
        return False
    images = coco.get("images") if isinstance(coco, dict) else None
    if not isinstance(images, list) or "annotations" not in coco:
        return False
    return bool(images) and all(isinstance(i, dict) and "pair_id" not in i for i in images)


def _located(folder: Path, name: str, table: Path) -> Path:
    places = (folder / name, folder / "images" / name)
    for path in places:
        if path.is_file():
            return path
    raise FileNotFoundError(f"{table}: image {name!r} is neither {places[0]} nor {places[1]}.")


def decoded(path: Path) -> tuple[Image, float]:
    """A photograph at most `LONG_SIDE` px long, and its size as a fraction of the file's.

    Raises:
        ValueError: The file cannot be decoded.
    """
    stored = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if stored is None:
        raise ValueError(f"{path}: expected a photograph, it cannot be decoded; remove the file.")
    reduction = min(1.0, LONG_SIDE / max(stored.shape[:2]))
    height, width = (max(2, round(side * reduction)) for side in stored.shape[:2])
    return cv2.cvtColor(resized(stored, height, width), cv2.COLOR_BGR2RGB), reduction


def resized(image: Image, height: int, width: int) -> Image:
    """The image at another size; what shrinks to less than half is averaged, not sampled."""
    how = cv2.INTER_AREA if image.shape[0] > 2 * height else cv2.INTER_LINEAR
    return cv2.resize(image, (width, height), interpolation=how)
