"""Filters of pictures and the text beside them: do they say the same?

The text of a row of several pictures is cut into chunks at `END_OF_CHUNK`; each chunk is about as
many of the pictures, in their order, as it has `IMAGE_MARK`s. A chunk without pictures or words has
no score. Of a pair without such a text, each caption is a chunk about its view.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, Protocol, TypeAlias, get_args

import numpy as np

from spotdiff.building.opened import open_images, picture, problem_of
from spotdiff.building.ranges import Over, Reduce, chosen, reduced
from spotdiff.building.score_filter import Broken, Measured, ScoreFilter, Unscored, told
from spotdiff.contracts import RegionEmbedder, RegionTextScorer, TextEmbedder
from spotdiff.types import Image, Plain, Sample

IMAGE_MARK, END_OF_CHUNK = "<__dj__image>", "<|__dj__eoc|>"
_MARKS = re.compile(r"<__dj__\w+>")

Flip: TypeAlias = Literal["none", "horizontal", "vertical", "both"]


class Chunk(NamedTuple):
    """Words, and the paths of the pictures that they are about."""

    text: str
    images: tuple[str, ...]


class ImageTextEmbedder(RegionEmbedder, TextEmbedder, Protocol):
    """Describes regions and texts by vectors of one space."""


@dataclass(kw_only=True)
class ImageTextFilter(ScoreFilter):
    """A filter of pictures and texts.

    Attributes:
        reduce: How the scores of the pictures of a chunk become one.
        any_or_all: Whether one chunk in the range is enough.
        flip: How pictures are mirrored before they are looked at; horizontal exchanges left and
            right.
    """

    reduce: Reduce = "avg"
    any_or_all: Over = "any"
    flip: Flip = "none"

    def __post_init__(self) -> None:
        super().__post_init__()
        chosen("reduce", self.reduce, get_args(Reduce))
        chosen("any_or_all", self.any_or_all, get_args(Over))
        chosen("flip", self.flip, get_args(Flip))

    @property
    def over(self) -> Over:
        """As set."""
        return self.any_or_all

    def own_settings(self) -> Mapping[str, Plain]:
        """What is done with several scores and with pictures, and the model."""
        return {"reduce": self.reduce, "any_or_all": self.any_or_all, "flip": self.flip}

    @abstractmethod
    def asked(self, images: Sequence[Image], texts: Sequence[str]) -> list[float]:
        """The score of each picture with the text in its place, all in one call."""

    def measured(self, samples: Sequence[Sample]) -> list[Measured]:
        """One score a chunk."""
        cut = [chunks_of(sample) for sample in samples]
        names = [[name for chunk in chunks for name in chunk.images] for chunks in cut]
        opened = open_images(name for own in names for name in own)
        problems = [problem_of(own, opened) for own in names]
        good = [c for c, problem in zip(cut, problems, strict=True) if problem is None]
        asked = [(n, chunk.text) for chunks in good for chunk in chunks for n in chunk.images]
        pictures = [flipped(picture(opened, name), self.flip) for name, _ in asked]
        scores = iter(self.asked(pictures, [text for _, text in asked]) if asked else [])
        found: list[Measured] = []
        for sample, chunks, problem in zip(samples, cut, problems, strict=True):
            if problem is not None:
                found.append(Broken(problem))
            elif not chunks:
                found.append(Unscored(_why_none(sample)))
            else:
                found.append(
                    [reduced([next(scores) for _ in c.images], self.reduce) for c in chunks]
                )
        return found


@dataclass(kw_only=True)
class ImageTextMatching(ImageTextFilter):
    """Keeps rows whose pictures show what their text says, by a model that sees both together.

    Attributes:
        matcher: Scores pictures with texts.
    """

    matcher: RegionTextScorer
    name: str = "image_text_matching"
    min: float | None = 0.003
    max: float | None = 1.0
    measure: ClassVar[str] = "match of picture and text"

    def own_settings(self) -> Mapping[str, Plain]:
        """With the model and the score that it gives."""
        score = getattr(self.matcher, "score", None)
        return {**super().own_settings(), "matcher": told(self.matcher.info), "score": score}

    def asked(self, images: Sequence[Image], texts: Sequence[str]) -> list[float]:
        """The match of whole pictures."""
        boxes = [np.array([[0, 0, i.shape[1], i.shape[0]]], np.float32) for i in images]
        return [float(s[0, 0]) for s in self.matcher(images, boxes, [[text] for text in texts])]


@dataclass(kw_only=True)
class ImageTextSimilarity(ImageTextFilter):
    """Keeps rows whose pictures and text have similar embeddings.

    Attributes:
        embedder: Describes both.
    """

    embedder: ImageTextEmbedder
    name: str = "image_text_similarity"
    min: float | None = 0.1
    max: float | None = 1.0
    measure: ClassVar[str] = "similarity of picture and text"

    def own_settings(self) -> Mapping[str, Plain]:
        """With the model."""
        return {**super().own_settings(), "embedder": told(self.embedder.info)}

    def asked(self, images: Sequence[Image], texts: Sequence[str]) -> list[float]:
        """The cosine of the embeddings; a text that occurs again is embedded once."""
        rows = {text: row for row, text in enumerate(dict.fromkeys(texts))}
        words = self.embedder.text_embeddings(list(rows))
        seen = np.concatenate(self.embedder(images))
        found = np.einsum("nd,nd->n", seen, words[[rows[text] for text in texts]])
        return [float(score) for score in found]


def chunks_of(sample: Sample) -> list[Chunk]:
    """What texts and pictures of a sample belong together; chunks that lack one are left out."""
    if sample.images and sample.text and IMAGE_MARK in sample.text:
        return _marked(sample.text, sample.images)
    views = (
        (sample.caption_before, sample.before),
        (sample.caption_after, sample.after),
    )
    return [Chunk(text, (path,)) for text, path in views if text and path]


def flipped(image: Image, flip: Flip) -> Image:
    """A picture mirrored.

    Example:
        >>> flipped(np.array([[[1], [2]], [[3], [4]]]), "both")[..., 0].tolist()
        [[4, 3], [2, 1]]
    """
    if flip in ("horizontal", "both"):
        image = image[:, ::-1]
    if flip in ("vertical", "both"):
        image = image[::-1]
    return np.ascontiguousarray(image)


def _marked(text: str, images: Sequence[str]) -> list[Chunk]:
    found, first = [], 0
    for part in text.split(END_OF_CHUNK):
        own = tuple(images[first : first + part.count(IMAGE_MARK)])
        first += part.count(IMAGE_MARK)
        words = " ".join(_MARKS.sub(" ", part).split())
        if own and words:
            found.append(Chunk(words, own))
    return found


def _why_none(sample: Sample) -> str:
    if not (sample.images or sample.before or sample.after):
        return "there is no picture"
    if not (sample.text or sample.caption_before or sample.caption_after):
        return "there is no text"
    return "no text belongs to a picture"
