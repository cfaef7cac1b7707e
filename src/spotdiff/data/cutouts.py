"""Photographs to stand on and things to cut out of them.

A library holds paths and outlines, never pixels: photographs are decoded when they are drawn, at
most `LONG_SIDE` px long, and kept in a cache of bounded size that does not travel to other
processes. Outlines follow the COCO instances format: https://cocodataset.org/#format-data
"""

from __future__ import annotations

import json
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from spotdiff.data.shapes import SHAPE_NAMES, ground, shape, texture
from spotdiff.types import Image, Mask

LONG_SIDE = 640
MIN_AREA = 900.0
SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


@dataclass(frozen=True, slots=True)
class Cutout:
    """A thing without its surroundings: pixels, their alpha (0 clear, 255 solid), its name."""

    image: Image
    alpha: Mask
    label: str | None = None
    photographic: bool = True


@dataclass(frozen=True, slots=True)
class Outline:
    """One object of a photograph: its polygons in pixels of the file, (x, y) per row."""

    polygons: tuple[np.ndarray, ...]
    area: float
    label: str | None

    def moved(self, scale: np.ndarray, offset: np.ndarray) -> Outline:
        """The outline in other pixels: `point * scale + offset`, both (x, y)."""
        polygons = tuple(polygon * scale + offset for polygon in self.polygons)
        return Outline(polygons, self.area * abs(float(scale[0] * scale[1])), self.label)

    def mask(self, size: tuple[int, ...]) -> Mask:
        """The object as a solid mask of `size` (height, width)."""
        mask = np.zeros(size[:2], np.uint8)
        for polygon in self.polygons:
            cv2.fillPoly(mask, [polygon.round().astype(np.int32)], 255)
        return mask


@dataclass(frozen=True, slots=True)
class Photo:
    """A photograph on disk and the objects outlined in it."""

    path: Path
    outlines: tuple[Outline, ...] = ()


@dataclass(frozen=True, slots=True)
class Backdrop:
    """A ground to paste on, and the objects that it shows already, outlined in its pixels."""

    image: Image
    outlines: tuple[Outline, ...] = ()


class PhotoLibrary:
    """Draws grounds and cut-outs from photographs, or from nothing when it holds none.

    Args:
        photos: The photographs, in a fixed order; none makes every draw procedural.
        cache_megabytes: Decoded photographs kept in memory, per process.
    """

    def __init__(self, photos: Sequence[Photo] = (), cache_megabytes: int = 512) -> None:
        self.photos = tuple(photos)
        self.cache_megabytes = cache_megabytes
        self._outlines = [
            (photo, outline)
            for photo in self.photos
            for outline in photo.outlines
            if outline.area > MIN_AREA
        ]
        self._cache: OrderedDict[Path, tuple[Image, float]] = OrderedDict()

    @classmethod
    def from_folder(
        cls,
        folder: Path | str,
        annotations: Path | str | None = None,
        split: str | None = None,
        min_label_count: int = 1,
        names: Sequence[str] | None = None,
    ) -> PhotoLibrary:
        """The photographs under a folder, with their COCO outlines when a table names them.

        Args:
            folder: Searched with its subfolders when there are no annotations; else the folder
                that `file_name` starts from (or its subfolder `images`).
            annotations: A COCO instances file; run-length masks in it are passed over.
            split: Keeps the images whose `split` begins with this word; needs annotations.
            min_label_count: A category with fewer objects than this to cut out gives no label.
            names: Keeps only the files of these names.

        Raises:
            FileNotFoundError: The folder or a listed photograph does not exist.
            ValueError: Nothing is left, or a split is asked for without annotations.
        """
        root = Path(folder)
        if not root.is_dir():
            raise FileNotFoundError(f"{root}: expected a folder of photographs, found none.")
        if annotations is not None:
            photos = _annotated(root, Path(annotations), split or "", min_label_count)
        elif split is not None:
            raise ValueError(f"split={split!r} needs annotations that name it; give a COCO file.")
        else:
            found = sorted(p for p in root.rglob("*") if p.suffix.lower() in SUFFIXES)
            photos = [Photo(path) for path in found]
        kept = [p for p in photos if names is None or p.path.name in set(names)]
        if not kept:
            raise ValueError(f"{root}: expected photographs ({', '.join(SUFFIXES)}), found none.")
        return cls(kept)

    @classmethod
    def procedural(cls) -> PhotoLibrary:
        """A library without photographs: drawn grounds, and shapes that carry their names."""
        return cls()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_cache": OrderedDict()}

    @property
    def labels(self) -> tuple[str, ...]:
        """Every name that a cut-out can carry, sorted."""
        if not self.photos:
            return SHAPE_NAMES
        return tuple(sorted({o.label for _, o in self._outlines if o.label is not None}))

    def warm(self) -> None:
        """Decodes the photographs, so that draws find as many in the cache as it can hold."""
        for photo in self.photos:
            self._decoded(photo.path)

    def background(self, rng: np.random.Generator, size: tuple[int, int]) -> Image:
        """A ground of `size` (height, width), as `backdrop` draws it."""
        return self.backdrop(rng, size).image

    def backdrop(self, rng: np.random.Generator, size: tuple[int, int]) -> Backdrop:
        """A random crop of a photograph at `size`, with the objects that it shows.

        It is mirrored half of the time and seldom stands on its head. A library without
        photographs draws a ground instead; one with photographs does so seldom.
        """
        if not self.photos or rng.random() < 0.03:
            return Backdrop(ground(rng, *size))
        photo = self.photos[int(rng.integers(len(self.photos)))]
        image, reduction = self._decoded(photo.path)
        zoom = min(image.shape[0] / size[0], image.shape[1] / size[1]) * rng.uniform(0.45, 1)
        height, width = max(2, int(size[0] * zoom)), max(2, int(size[1] * zoom))
        y = int(rng.integers(image.shape[0] - height + 1))
        x = int(rng.integers(image.shape[1] - width + 1))
        crop = _resized(image[y : y + height, x : x + width], *size)
        grown = np.array((size[1] / width, size[0] / height))
        backdrop = Backdrop(
            crop, tuple(o.moved(reduction * grown, -grown * (x, y)) for o in photo.outlines)
        )
        return _flipped(backdrop, mirrored=rng.random() < 0.5, upside=rng.random() < 0.05)

    def cutout(self, rng: np.random.Generator, named: bool = False) -> Cutout:
        """A thing to paste: an outlined object, a piece of a photograph, or a drawn shape.

        Only outlined objects carry names, and the shapes of a library without outlines do when
        `named` asks for things with names only or there are no photographs either.
        """
        draw = rng.random()
        if self._outlines and (named or draw < 0.7):
            return self._object(rng)
        side = int(np.exp(rng.uniform(np.log(20), np.log(140))))
        height, width = side, max(4, int(side * np.exp(rng.uniform(-1, 1))))
        alpha, name = shape(rng, height, width)
        label = name if named or not self.photos else None
        if self.photos and draw < 0.85:
            return Cutout(self._piece(rng, height, width), alpha, label)
        return Cutout(texture(rng, height, width), alpha, label, photographic=False)

    def _object(self, rng: np.random.Generator) -> Cutout:
        photo, outline = self._outlines[int(rng.integers(len(self._outlines)))]
        image, reduction = self._decoded(photo.path)
        points = np.concatenate(outline.polygons) * reduction
        x0, y0 = np.floor(points.min(axis=0)).clip(0).astype(int)
        x1, y1 = np.ceil(points.max(axis=0)).astype(int) + 1
        piece = image[y0:y1, x0:x1]
        inside = outline.moved(np.full(2, reduction), -np.array((x0, y0)))
        return Cutout(piece, inside.mask(piece.shape), outline.label)

    def _piece(self, rng: np.random.Generator, height: int, width: int) -> Image:
        photo = self.photos[int(rng.integers(len(self.photos)))]
        image, _ = self._decoded(photo.path)
        y = int(rng.integers(max(1, image.shape[0] - height)))
        x = int(rng.integers(max(1, image.shape[1] - width)))
        return _resized(image[y : y + height, x : x + width], height, width)

    def _decoded(self, path: Path) -> tuple[Image, float]:
        """The reduced photograph, and its size as a fraction of the file's."""
        if path in self._cache:
            self._cache.move_to_end(path)
            return self._cache[path]
        self._cache[path] = _decode(path)
        while (
            len(self._cache) > 1
            and sum(image.nbytes for image, _ in self._cache.values())
            > self.cache_megabytes * 2**20
        ):
            self._cache.popitem(last=False)
        return self._cache[path]


def _decode(path: Path) -> tuple[Image, float]:
    stored = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if stored is None:
        raise ValueError(f"{path}: expected a photograph, it cannot be decoded; remove the file.")
    reduction = min(1.0, LONG_SIDE / max(stored.shape[:2]))
    height, width = (max(2, round(side * reduction)) for side in stored.shape[:2])
    image = _resized(stored, height, width)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB), reduction


def _resized(image: Image, height: int, width: int) -> Image:
    # Up to a factor of two, linear sampling misses no pixel and is four times as fast.
    how = cv2.INTER_AREA if image.shape[0] > 2 * height else cv2.INTER_LINEAR
    return cv2.resize(image, (width, height), interpolation=how)


def _flipped(backdrop: Backdrop, mirrored: bool, upside: bool) -> Backdrop:
    if not mirrored and not upside:
        return backdrop
    height, width = backdrop.image.shape[:2]
    image = cv2.flip(backdrop.image, -1 if mirrored and upside else int(mirrored))
    scale = np.array((-1 if mirrored else 1, -1 if upside else 1))
    offset = np.array(((width - 1) * mirrored, (height - 1) * upside))
    return Backdrop(image, tuple(o.moved(scale, offset) for o in backdrop.outlines))


def _annotated(root: Path, table: Path, split: str, min_label_count: int) -> list[Photo]:
    """The photographs of a COCO file, sorted by name."""
    if not table.is_file():
        raise FileNotFoundError(f"{table}: expected a COCO instances file, found none.")
    coco = json.loads(table.read_text(encoding="utf-8"))
    names = {c["id"]: str(c["name"]) for c in coco["categories"]}
    rows = [i for i in coco["images"] if str(i.get("split", "")).startswith(split)]
    inside = {row["id"] for row in rows}
    drawn = [
        a
        for a in coco["annotations"]
        if isinstance(a["segmentation"], list) and a["image_id"] in inside
    ]
    counts = Counter(a["category_id"] for a in drawn if a["area"] > MIN_AREA)
    outlines: dict[int, list[Outline]] = {}
    for row in drawn:
        named = counts[row["category_id"]] >= min_label_count
        polygons = tuple(np.array(p, np.float32).reshape(-1, 2) for p in row["segmentation"])
        outlines.setdefault(row["image_id"], []).append(
            Outline(polygons, row["area"], names[row["category_id"]] if named else None)
        )
    photos = [
        Photo(_located(root, row["file_name"], table), tuple(outlines.get(row["id"], ())))
        for row in rows
    ]
    return sorted(photos, key=lambda photo: photo.path)


def _located(root: Path, name: str, table: Path) -> Path:
    for path in (root / name, root / "images" / name):
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"{table}: image {name!r} is neither in {root} nor in {root / 'images'}."
    )
