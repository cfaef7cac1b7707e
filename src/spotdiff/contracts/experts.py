"""Models of other people, and rules that take their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from spotdiff.types import (
    Boxes,
    Chat,
    Detections,
    Embeddings,
    Image,
    Mask,
    ModelInfo,
    Pair,
    Plain,
    Reply,
    Scores,
    TextScores,
    Token,
)


class Proposer(Protocol):
    """Finds regions that may be things, of whatever class, in single images."""

    info: ModelInfo

    def __call__(self, images: Sequence[Image]) -> list[Detections]:
        """The regions of every image, in pixels of that image, best first."""
        ...


class PairProposer(Protocol):
    """Finds regions of pairs that may show a difference."""

    info: ModelInfo

    def __call__(self, pairs: Sequence[Pair]) -> list[tuple[Detections, Detections]]:
        """The regions of before and those of after for every pair, in its frame, best first."""
        ...


class Detector(Protocol):
    """Finds objects in images and names them.

    Attributes:
        info: Which weights these are, and all settings that decide an answer.
        classes: The only words it knows; empty where it looks for whatever it is asked for.
    """

    info: ModelInfo
    classes: tuple[str, ...]

    def __call__(self, images: Sequence[Image], names: Sequence[str]) -> list[Detections]:
        """The objects of every image, in pixels of that image, best first.

        Each is labelled by one of `names`, or by one of `classes`, whatever the names, where there
        are such. What an image shows does not depend on the images beside it.
        """
        ...


class RegionEmbedder(Protocol):
    """Describes regions by vectors whose dot product says how alike they look."""

    info: ModelInfo

    def __call__(
        self, images: Sequence[Image], boxes: Sequence[Boxes] | None = None
    ) -> list[Embeddings]:
        """One unit vector a box; without boxes one row for the whole of every image."""
        ...


class RegionTextScorer(Protocol):
    """Tells whether regions show what texts say."""

    info: ModelInfo

    def __call__(
        self, images: Sequence[Image], boxes: Sequence[Boxes], texts: Sequence[Sequence[str]]
    ) -> list[TextScores]:
        """For every image a score of each of its boxes (rows) with each of its texts (columns)."""
        ...


class TextEmbedder(Protocol):
    """Describes texts by vectors whose dot product says how alike they are in meaning."""

    info: ModelInfo

    def text_embeddings(self, texts: Sequence[str]) -> Embeddings:
        """One unit vector a text; what is too long for the model is cut off."""
        ...


class ImageCaptioner(Protocol):
    """Describes images in a sentence each."""

    info: ModelInfo

    def __call__(self, images: Sequence[Image]) -> list[str]:
        """One sentence an image."""
        ...


class ChatModel(Protocol):
    """Answers questions about pictures and texts.

    Attributes:
        info: Which weights or which server, and all settings that decide an answer.
        sees: Whether it takes pictures.
    """

    info: ModelInfo
    sees: bool

    def __call__(self, chats: Sequence[Chat]) -> list[Reply]:
        """One reply a question, which does not depend on the other questions."""
        ...

    def choose(self, chats: Sequence[Chat], words: Sequence[str]) -> list[Scores | None]:
        """How probable each word is as the beginning of the answer, summing to 1.

        None for a question that could not be answered.
        """
        ...


class PairSynthesizer(Protocol):
    """Draws two pictures that differ in what two prompts differ in.

    Attributes:
        info: Which weights, and the hash of all settings that decide a picture.
    """

    info: ModelInfo

    @property
    def settings(self) -> Mapping[str, Plain]:
        """All that decides a picture besides the prompts and the seed, weights by name and hash."""
        ...

    def problem(self, prompts: tuple[str, str]) -> str | None:
        """Why a pair of prompts cannot be drawn, in one sentence; None if it can."""
        ...

    def __call__(
        self, prompts: Sequence[tuple[str, str]], seeds: Sequence[int]
    ) -> list[tuple[Image, Image]]:
        """The views that the prompts of before and after say, for every pair, of one size.

        The same prompts and seed give the same pictures, whatever the other pairs are.
        """
        ...


class Inpainter(Protocol):
    """Paints over parts of images so that what was there is gone.

    Attributes:
        info: Which weights or rule, and the hash of all settings that decide a picture.
    """

    info: ModelInfo

    @property
    def settings(self) -> Mapping[str, Plain]:
        """All that decides a picture, weights by name and hash."""
        ...

    def __call__(self, images: Sequence[Image], masks: Sequence[Mask]) -> list[Image]:
        """Every image without what its mask covers (where it is not 0).

        Pixels farther from the mask than its small growth stay as they are.
        """
        ...


class Tagger(Protocol):
    """Reads sentences."""

    info: ModelInfo

    def __call__(self, sentences: Sequence[str]) -> list[tuple[Token, ...]]:
        """The words of every sentence, in order.

        Marks that part words, such as commas, are tokens of their own whose part is `other`.
        """
        ...
