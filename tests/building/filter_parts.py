"""Experts whose scores are chosen: a picture is known by the grey of its first pixel."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from spotdiff.types import ModelInfo, Reply, Sample
from tests.fakes import write_image

INFO = ModelInfo("chosen", "0" * 64)


def grey(folder: Path, level: int) -> str:
    """A picture whose left upper half is of a level, so that it knows when it is mirrored."""
    image = np.full((6, 8, 3), level, np.uint8)
    image[:, 4:] += 1
    image[3:] += 2
    return str(write_image(folder / f"{level}.png", image))


class Matching:
    """Scores a picture with a text as a table says: (level, text) to score."""

    info = INFO

    def __init__(self, scores: Mapping[tuple[int, str], float]) -> None:
        self.scores, self.calls = scores, []

    def __call__(self, images, boxes, texts):
        self.calls.append(len(images))
        for image, own in zip(images, boxes, strict=True):
            assert own.tolist() == [[0, 0, image.shape[1], image.shape[0]]]
        return [
            np.array([[self.scores[int(image[0, 0, 0]), text] for text in some]], np.float32)
            for image, some in zip(images, texts, strict=True)
        ]


class Embedding:
    """Unit vectors by chosen angles: of pictures by their level in degrees, of texts by a table."""

    info = INFO

    def __init__(self, angles: Mapping[str, float] | None = None) -> None:
        self.angles, self.calls = angles or {}, []

    def __call__(self, images, boxes=None):
        assert boxes is None
        self.calls.append(len(images))
        return [_unit([int(image[0, 0, 0])]) for image in images]

    def text_embeddings(self, texts):
        self.calls.append(tuple(texts))
        return _unit([self.angles[text] for text in texts])


class Chatting:
    """Says what is chosen, in the order of the questions."""

    info = INFO
    sees = True

    def __init__(self, *replies: str | float | None) -> None:
        self.replies, self.chats = list(replies), []

    def __call__(self, chats):
        self.chats += chats
        said = [self.replies.pop(0) for _ in chats]
        return [Reply(text, None if text else "no answer came") for text in said]

    def choose(self, chats, words):
        assert words == ("yes", "no")
        self.chats += chats
        chances = [self.replies.pop(0) for _ in chats]
        return [None if c is None else np.array([c, 1 - c], np.float32) for c in chances]


def verdicts(samples: list[Sample]) -> list[str | None]:
    return [sample.verdict and sample.verdict.kind for sample in samples]


def _unit(degrees):
    angles = np.radians(np.array(degrees, np.float64))
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1).astype(np.float32)
