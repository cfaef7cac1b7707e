"""Parts of objects that answer by rule: a detector of coloured blocks, an embedder of colours."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from spotdiff.types import Boxes, Detections, Embeddings, Image, ModelInfo

GREY = 90
COLOURS = {"car": (220, 40, 40), "cone": (40, 200, 60), "truck": (40, 60, 220)}


def street(
    *blocks: tuple[str, tuple[int, int, int, int]], size: tuple[int, int] = (64, 96)
) -> Image:
    """A grey place with blocks of the colours of labels, given as (x0, y0, x1, y1)."""
    image = np.full((*size, 3), GREY, np.uint8)
    for label, (x0, y0, x1, y1) in blocks:
        image[y0:y1, x0:x1] = COLOURS[label]
    return image


class Blocks:
    """Finds blocks by their colours; a `Detector` that counts the images it looked at.

    Args:
        score: Of every block.
        classes: Where not empty, the only colours that it knows, by their own words.
        known: The colours it sees.
    """

    def __init__(
        self,
        score: float = 0.8,
        classes: tuple[str, ...] = (),
        known: Sequence[str] = tuple(COLOURS),
    ) -> None:
        self.info = ModelInfo("blocks", f"blocks {score} {classes} {tuple(known)}")
        self.score, self.classes, self.known = score, classes, known
        self.looked: list[Image] = []
        self.calls = 0

    def __call__(self, images: Sequence[Image], names: Sequence[str]) -> list[Detections]:
        self.calls += 1
        self.looked += list(images)
        wanted = self.classes or tuple(names)
        return [self._seen(image, [w for w in wanted if w in self.known]) for image in images]

    def _seen(self, image: Image, names: Sequence[str]) -> Detections:
        boxes, labels = [], []
        for name in names:
            near = np.abs(image.astype(int) - COLOURS[name]).max(axis=-1) < 60
            count, _, stats, _ = cv2.connectedComponentsWithStats(near.astype(np.uint8))
            for x, y, width, height, area in stats[1:count]:
                if area >= 4:
                    boxes.append((x, y, x + width, y + height))
                    labels.append(name)
        scores = np.full(len(boxes), self.score, np.float32)
        return Detections(np.array(boxes, np.float32).reshape(-1, 4), scores, tuple(labels))


class Colours:
    """Describes regions by their mean colour; a `RegionEmbedder` that counts its regions."""

    info = ModelInfo("colours", "colours")

    def __init__(self) -> None:
        self.regions = 0
        self.calls = 0

    def __call__(
        self, images: Sequence[Image], boxes: Sequence[Boxes] | None = None
    ) -> list[Embeddings]:
        assert boxes is not None
        self.calls += 1
        self.regions += sum(map(len, boxes))
        return [self._vectors(image, own) for image, own in zip(images, boxes, strict=True)]

    def _vectors(self, image: Image, boxes: Boxes) -> Embeddings:
        vectors = np.zeros((len(boxes), 3), np.float32)
        for vector, (x0, y0, x1, y1) in zip(vectors, boxes.astype(int), strict=True):
            vector[:] = image[y0:y1, x0:x1].reshape(-1, 3).mean(axis=0) - GREY + 1e-3
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
