"""Experts that answer by a rule that can be worked out by hand, and count what they are asked."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

import numpy as np

from spotdiff.types import Boxes, Detections, Image, ModelInfo, Pair, Token

INFO = ModelInfo("rule", "0" * 64)
DEGREES = 0.5  # a grey level turns the vector of a region by so much


def grey_for(similarity: float) -> int:
    """The step in grey levels after which a region has this similarity to what it was."""
    return round(float(np.degrees(np.arccos(similarity))) / DEGREES)


def similarity_of(step: float) -> float:
    """The similarity of two regions that lie `step` grey levels apart."""
    return float(np.cos(np.radians(step * DEGREES)))


def crop(image: Image, box: Sequence[float]) -> Image:
    x0, y0, x1, y1 = (int(edge) for edge in box)
    return image[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]


class ByGrey:
    """Regions as unit vectors in a plane, turned by their mean grey."""

    info = INFO

    def __init__(self) -> None:
        self.regions = 0

    def __call__(self, images, boxes=None):
        found = []
        for index, image in enumerate(images):
            whole = [[0, 0, image.shape[1], image.shape[0]]]
            some = whole if boxes is None else boxes[index]
            self.regions += len(some)
            angles = np.radians([crop(image, box).mean() * DEGREES for box in some])
            found.append(np.stack([np.cos(angles), np.sin(angles)], axis=-1).astype(np.float32))
        return found


class Listed:
    """Regions that are written down, for each pair those of before and those of after."""

    info = INFO

    def __init__(self, regions: Mapping[str, tuple[Boxes, Boxes]]) -> None:
        self.regions = regions
        self.asked: list[str] = []

    def __call__(self, pairs: Sequence[Pair]):
        self.asked += [pair.pair_id for pair in pairs]
        return [tuple(map(listed, self.regions[pair.pair_id])) for pair in pairs]


def listed(boxes: Sequence[Sequence[float]]) -> Detections:
    rows = np.array(boxes, np.float32).reshape(-1, 4)
    return Detections(rows, np.linspace(1, 0.5, len(rows), dtype=np.float32))


class ByHash:
    """A score for every crop and text that looks random and is the same each time."""

    info = INFO

    def __init__(self) -> None:
        self.questions = 0
        self.regions = 0

    def __call__(self, images, boxes, texts):
        found = []
        for image, some, words in zip(images, boxes, texts, strict=True):
            self.regions += len(some)
            self.questions += len(some) * len(words)
            rows = [[self.score(crop(image, box), word) for word in words] for box in some]
            found.append(np.array(rows, np.float32).reshape(len(some), len(words)))
        return found

    @staticmethod
    def score(pixels: Image, word: str) -> float:
        return zlib.crc32(pixels.tobytes() + word.encode()) % 1000 / 1000


class ByColour(ByHash):
    """The word `red` fits what is red, and so on; any other word fits nothing."""

    @staticmethod
    def score(pixels: Image, word: str) -> float:
        channel = {"red": 0, "green": 1, "blue": 2}.get(word.split()[0])
        if channel is None:
            return 0.0
        mean = pixels.reshape(-1, 3).mean(axis=0)
        return float(mean[channel] / max(1, mean.sum()))


class EveryWord:
    """Takes every word for a noun, but `a` and `the`."""

    info = INFO

    def __call__(self, sentences: Sequence[str]) -> list[tuple[Token, ...]]:
        return [
            tuple(
                Token(word, word.casefold(), "other" if word in ("a", "the", "and") else "noun")
                for word in sentence.split()
            )
            for sentence in sentences
        ]


class SameWords:
    """Says of every image how dark it is."""

    info = INFO

    def __init__(self) -> None:
        self.images = 0

    def __call__(self, images: Sequence[Image]) -> list[str]:
        self.images += len(images)
        return ["a dark place" if image.mean() < 100 else "a light place" for image in images]
