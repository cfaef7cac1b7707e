"""What draws and paints over by rule, and counts what it is asked."""

from __future__ import annotations

import hashlib

import numpy as np

from spotdiff.types import Detections, ModelInfo

INFO = ModelInfo("ruled", "0" * 64)


class Drawing:
    """Draws pictures of one colour, which is a hash of prompt and seed."""

    info = INFO

    def __init__(self, steps: int = 4, longest: int = 99) -> None:
        self.steps, self.longest, self.asked = steps, longest, []

    @property
    def settings(self):
        return {"model": "ruled", "steps": self.steps}

    def problem(self, prompts):
        return "too long" if max(map(len, prompts)) > self.longest else None

    def __call__(self, prompts, seeds):
        self.asked += list(zip(prompts, seeds, strict=True))
        return [
            tuple(_coloured(f"{prompt}{seed}") for prompt in pair)
            for pair, seed in zip(prompts, seeds, strict=True)
        ]


def _coloured(words: str) -> np.ndarray:
    colour = list(hashlib.sha256(words.encode()).digest()[:3])
    return np.full((4, 6, 3), colour, np.uint8)


class Painting:
    """Paints what a mask covers in one grey."""

    info = INFO
    settings = {"grey": 200}  # noqa: RUF012 - of a fake

    def __init__(self) -> None:
        self.asked = []

    def __call__(self, images, masks):
        self.asked.append(len(images))
        found = [image.copy() for image in images]
        for image, mask in zip(found, masks, strict=True):
            image[mask > 0] = 200
        return found


class Proposing:
    """Proposes the same regions in every picture."""

    info = INFO

    def __init__(self, boxes, masks=None, labels=()) -> None:
        boxes = np.array(boxes, np.float32).reshape(-1, 4)
        scores = np.linspace(0.9, 0.5, len(boxes)).astype(np.float32)
        self.found = Detections(boxes, scores, tuple(labels), masks)

    def __call__(self, images):
        return [self.found for _ in images]


class Captioning:
    """Says the grey of the middle of a picture."""

    info = INFO

    def __init__(self) -> None:
        self.asked = []

    def __call__(self, images):
        self.asked.append(len(images))
        return [f"grey {image[image.shape[0] // 2, image.shape[1] // 2, 0]}" for image in images]


class Matching:
    """Scores a place with its own caption 0.9, with another one 0.1; scores may be set by text."""

    info = INFO

    def __init__(self, **scores) -> None:
        self.scores = {text.replace("_", " "): score for text, score in scores.items()}

    def __call__(self, images, boxes, texts):
        captions = Captioning()
        return [
            np.array([[self._score(text, captions([_crop(image, own[0])])[0]) for text in some]])
            for image, own, some in zip(images, boxes, texts, strict=True)
        ]

    def _score(self, text: str, shown: str) -> float:
        return self.scores.get(text, 0.9) if text == shown else 0.1


def _crop(image, box):
    x0, y0, x1, y1 = map(int, box)
    return image[y0:y1, x0:x1]
