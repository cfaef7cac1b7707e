"""Grounds to stand on and things to cut out, from photographs or from nothing.

A library holds paths and outlines, never pixels: photographs are decoded when they are drawn and
kept in a cache of bounded size that does not travel to other processes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from spotdiff.data.photos import (
    MIN_AREA,
    SUFFIXES,
    Outline,
    Photo,
    annotated_photos,
    decoded,
    photos_in,
    resized,
)
from spotdiff.data.shapes import SHAPE_NAMES, ground, shape, texture
from spotdiff.types import Image, Mask


@dataclass(frozen=True, slots=True)
class Cutout:
    """A thing without its surroundings: pixels, their alpha (0 clear, 255 solid), its name."""

    image: Image
    alpha: Mask
    label: str | None = None
    photographic: bool = True


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
        whole: Cut out only what is in one piece and does not reach the rim of its photograph.
    """

    def __init__(
        self, photos: Sequence[Photo] = (), cache_megabytes: int = 512, whole: bool = False
    ) -> None:
        self.photos = tuple(photos)
        self.cache_megabytes = cache_megabytes
        large = [(p, o) for p in self.photos for o in p.outlines if o.area > MIN_AREA]
        self._objects = [(p, o) for p, o in large if not (whole and (o.is_cut or o.is_in_pieces))]
        self._named: dict[str, list[tuple[Photo, Outline]]] = {}
        for photo, outline in self._objects:
            if outline.label is not None:
                self._named.setdefault(outline.label, []).append((photo, outline))
        self._by_path = {photo.path: photo for photo in self.photos}
        self._cache: OrderedDict[Path, tuple[Image, float]] = OrderedDict()
        self._cached_bytes = 0

    @classmethod
    def from_folder(
        cls,
        folder: Path | str,
        annotations: Path | str | None = None,
        split: str | None = None,
        min_label_count: int = 1,
        names: Sequence[str] | None = None,
        whole: bool = False,
    ) -> PhotoLibrary:
        """The photographs under a folder, with their COCO outlines when a table names them.

        Args:
            folder: Searched with its subfolders when there are no annotations; else the folder
                that `file_name` starts from (or its subfolder `images`).
            annotations: A COCO instances file.
            split: Keeps the images whose `split` begins with this word; needs annotations.
            min_label_count: A category with fewer objects than this to cut out gives no label.
            names: Keeps only the files of these names.
            whole: As of the class.

        Raises:
            FileNotFoundError: The folder or a listed photograph does not exist.
            ValueError: Nothing is left, or a split is asked for without annotations.
        """
        root = Path(folder)
        if not root.is_dir():
            raise FileNotFoundError(f"{root}: expected a folder of photographs, found none.")
        if annotations is not None:
            photos = annotated_photos(root, Path(annotations), split or "", min_label_count)
        elif split is not None:
            raise ValueError(f"split={split!r} needs annotations that name it; give a COCO file.")
        else:
            photos = photos_in(root)
        kept = [p for p in photos if names is None or p.path.name in set(names)]
        if not kept:
            raise ValueError(f"{root}: expected photographs ({', '.join(SUFFIXES)}), found none.")
        return cls(kept, whole=whole)

    @classmethod
    def procedural(cls) -> PhotoLibrary:
        """A library without photographs: drawn grounds, and shapes that carry their names."""
        return cls()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_cache": OrderedDict(), "_cached_bytes": 0}

    @property
    def labels(self) -> tuple[str, ...]:
        """Every name that a cut-out can carry, sorted."""
        return tuple(sorted(self._named)) if self.photos else SHAPE_NAMES

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that an object of a photograph has, sorted, and those of `labels`."""
        outlined = (o.label for photo in self.photos for o in photo.outlines if o.label)
        return tuple(sorted({*outlined, *self.labels}))

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
        y, x, crop = _crop(rng, image, height, width)
        grown = np.array((size[1] / width, size[0] / height))
        backdrop = Backdrop(
            resized(crop, *size),
            tuple(o.moved(reduction * grown, -grown * (x, y)) for o in photo.outlines),
        )
        return _flipped(backdrop, mirrored=rng.random() < 0.5, upside=rng.random() < 0.05)

    def whole(self, path: Path) -> Backdrop:
        """All of a photograph, at most `LONG_SIDE` pixels long, with the objects that it shows.

        Raises:
            ValueError: It cannot be decoded.
        """
        photo = self._by_path.get(path, Photo(path))
        image, reduction = self._decoded(path)
        scale = np.full(2, reduction)
        return Backdrop(image, tuple(o.moved(scale, np.zeros(2)) for o in photo.outlines))

    def cutout(
        self, rng: np.random.Generator, named: bool = False, label: str | None = None
    ) -> Cutout:
        """A thing to paste: an outlined object, a piece of a photograph, or a drawn shape.

        Outlined objects carry names, and the shapes of a library without photographs do.

        Args:
            rng: Draws it.
            named: Only things with names; without outlines to cut from, shapes with theirs.
            label: Only things of this name, one of `labels` or of `SHAPE_NAMES`.
        """
        draw = rng.random()
        if label in self._named:
            return self._object(rng, self._named[label])
        if self._objects and label is None and (named or draw < 0.7):
            objects = [o for some in self._named.values() for o in some] if named else []
            return self._object(rng, objects or self._objects)
        return self._shape(rng, named or not self.photos, label, bool(self.photos) and draw < 0.85)

    def _object(self, rng: np.random.Generator, objects: Sequence[tuple[Photo, Outline]]) -> Cutout:
        photo, outline = objects[int(rng.integers(len(objects)))]
        image, reduction = self._decoded(photo.path)
        points = np.concatenate(outline.polygons) * reduction
        x0, y0 = np.floor(points.min(axis=0)).clip(0).astype(int)
        x1, y1 = np.ceil(points.max(axis=0)).astype(int) + 1
        piece = image[y0:y1, x0:x1]
        inside = outline.moved(np.full(2, reduction), -np.array((x0, y0)))
        return Cutout(piece, inside.mask(piece.shape), outline.label)

    def _shape(
        self, rng: np.random.Generator, named: bool, label: str | None, photographic: bool
    ) -> Cutout:
        side = int(np.exp(rng.uniform(np.log(20), np.log(140))))
        height, width = side, max(4, int(side * np.exp(rng.uniform(-1, 1))))
        alpha, name = shape(rng, height, width, label)
        known = name if named or label is not None else None
        if not photographic:
            return Cutout(texture(rng, height, width), alpha, known, photographic=False)
        photo = self.photos[int(rng.integers(len(self.photos)))]
        _, _, crop = _crop(rng, self._decoded(photo.path)[0], height, width)
        return Cutout(resized(crop, height, width), alpha, known)

    def _decoded(self, path: Path) -> tuple[Image, float]:
        """The reduced photograph, and its size as a fraction of the file's."""
        if path in self._cache:
            self._cache.move_to_end(path)
            return self._cache[path]
        self._cache[path] = found = decoded(path)
        self._cached_bytes += found[0].nbytes
        while len(self._cache) > 1 and self._cached_bytes > self.cache_megabytes * 2**20:
            _, (oldest, _) = self._cache.popitem(last=False)
            self._cached_bytes -= oldest.nbytes
        return found


def _crop(
    rng: np.random.Generator, image: Image, height: int, width: int
) -> tuple[int, int, Image]:
    """The upper corner (y, x) of a random window, and the window; smaller if the image is."""
    y = int(rng.integers(max(1, image.shape[0] - height + 1)))
    x = int(rng.integers(max(1, image.shape[1] - width + 1)))
    return y, x, image[y : y + height, x : x + width]


def _flipped(backdrop: Backdrop, mirrored: bool, upside: bool) -> Backdrop:
    if not mirrored and not upside:
        return backdrop
    height, width = backdrop.image.shape[:2]
    image = cv2.flip(backdrop.image, -1 if mirrored and upside else int(mirrored))
    scale = np.array((-1 if mirrored else 1, -1 if upside else 1))
    offset = np.array(((width - 1) * mirrored, (height - 1) * upside))
    return Backdrop(image, tuple(o.moved(scale, offset) for o in backdrop.outlines))
