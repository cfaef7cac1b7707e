"""The verbs of this package, as protocols: who can be exchanged for whom. All are batch-first.

Experts get whole images and boxes, never crops: so each cuts on its own device, in one batch over
all regions of all pairs, and works on a region once, however many texts or partners it meets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Protocol, Self, TypeVar, runtime_checkable

import numpy as np
from jaxtyping import Float64

from spotdiff.types import (
    Answer,
    Boxes,
    ChangeMap,
    Chat,
    Detections,
    Embeddings,
    Hypothesis,
    Image,
    LabelScores,
    Mask,
    Matrix,
    ModelInfo,
    ObjectEvidence,
    Pair,
    PairResult,
    Plain,
    Registration,
    Reply,
    Sample,
    Scores,
    SetItem,
    TextScores,
    Thresholds,
    Token,
)

Item = TypeVar("Item")


@runtime_checkable
class ChangeLocalizer(Protocol):
    """Sees where two views of one place differ."""

    def __call__(self, pairs: Sequence[Pair]) -> list[ChangeMap]:
        """One map a pair; both views of a pair have the same size."""
        ...


class StandaloneLocalizer(ChangeLocalizer, Protocol):
    """A localiser that needs no checkpoint: it says itself what it is and where its heat counts."""

    @property
    def info(self) -> ModelInfo:
        """Which rule or weights it is."""
        ...

    @property
    def thresholds(self) -> Thresholds:
        """Those that its heat is cut at if nobody says others."""
        ...

    @property
    def heats(self) -> tuple[float, ...]:
        """Thresholds of the heat worth trying."""
        ...


class Aligner(Protocol):
    """Lays the before views of pairs onto their after views; sizes are equal already."""

    def __call__(self, pairs: Sequence[Pair]) -> list[tuple[Pair, Matrix, Registration]]:
        """For every pair: it with before moved, the matrix for that, and whether it is believed.

        What before does not cover then is not in `Pair.overlap`.
        """
        ...


class Comparer(Protocol):
    """Says what differs in pairs whose views lie in one frame.

    Outside of `Pair.overlap` nothing is known: there is no change and no heat.
    """

    @property
    def experts(self) -> dict[str, object]:
        """The models that it asks, by their role."""
        ...

    def __call__(self, pairs: Sequence[Pair]) -> list[Answer]:
        """One answer a pair, which does not depend on the other pairs."""
        ...


@runtime_checkable
class Closing(Protocol):
    """What holds something back that has to be written when it is not needed any more."""

    def close(self) -> None:
        """Writes it; what comes later is held back again."""
        ...


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


class RegionLabeller(Protocol):
    """Names what changed in regions of pairs.

    Attributes:
        words: The labels that it knows.
        max_gap: Pixels between regions of one name that are parts of one thing; negative for none.
    """

    words: tuple[str, ...]
    max_gap: float

    def __call__(self, pairs: Sequence[Pair], boxes: Sequence[Boxes]) -> list[LabelScores]:
        """For every pair the probability of each of `words` (columns) for each box (rows).

        Boxes lie in the frame of the pair. What a row lacks to one is the probability that the
        region shows none of the words.
        """
        ...


class RegionTextScorer(Protocol):
    """Tells whether regions show what texts say."""

    info: ModelInfo

    def __call__(
        self, images: Sequence[Image], boxes: Sequence[Boxes], texts: Sequence[Sequence[str]]
    ) -> list[TextScores]:
        """For every image a score of each of its boxes (rows) with each of its texts (columns)."""
        ...


class ImageCaptioner(Protocol):
    """Describes images in a sentence each."""

    info: ModelInfo

    def __call__(self, images: Sequence[Image]) -> list[str]:
        """One sentence an image."""
        ...


class DifferenceCaptioner(Protocol):
    """Says in words what differs in pairs whose changes are found.

    Attributes:
        info: Its name with the version of what it asks or says, and the hash of its weights.
    """

    info: ModelInfo

    def __call__(self, pairs: Sequence[Pair], answers: Sequence[Answer]) -> list[Answer]:
        """The same answers, each change with its caption and each answer with its own.

        Nothing else of them changes. What could not be captioned keeps the reason.
        """
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


class TextEmbedder(Protocol):
    """Describes texts by vectors whose dot product says how alike they are in meaning."""

    info: ModelInfo

    def text_embeddings(self, texts: Sequence[str]) -> Embeddings:
        """One unit vector a text; what is too long for the model is cut off."""
        ...


class CaptionEditor(Protocol):
    """Makes one thing of a caption another thing."""

    info: ModelInfo

    def __call__(self, captions: Sequence[str], seeds: Sequence[int]) -> list[Reply]:
        """An edited caption each, or why there is none; the same caption and seed give the same."""
        ...


class Album(Protocol):
    """Pictures of a set, each looked at once whoever asks, and what is known of them.

    Rows are numbers of pictures; those that cannot be read are in none of them.
    """

    @property
    def rows(self) -> Sequence[int]:
        """The pictures that can be looked at, ascending."""
        ...

    @property
    def items(self) -> Sequence[SetItem]:
        """All pictures of the set by their number."""
        ...

    def images(self, rows: Sequence[int]) -> list[Image]:
        """Pictures, decoded; many at a time need much memory."""
        ...

    def captions(self, rows: Sequence[int]) -> list[Reply]:
        """What pictures show, as their table says it or as an image captioner does."""
        ...

    def embeddings(self, rows: Sequence[int]) -> Embeddings:
        """One unit vector a picture."""
        ...


class SetProposer(Protocol):
    """Says what may be truer of a first set of pictures than of a second one.

    Attributes:
        name: What hypotheses say of where they come from.
    """

    name: str

    def __call__(
        self, first: Album, second: Album, count: int, seed: int
    ) -> tuple[list[Hypothesis], list[str]]:
        """At most `count` hypotheses, best first, and a sentence for each thing that went wrong."""
        ...


class SetRanker(Protocol):
    """Says how much hypotheses hold of single pictures.

    Attributes:
        name: Who says so.
    """

    name: str

    def __call__(
        self, hypotheses: Sequence[Hypothesis], album: Album
    ) -> Float64[np.ndarray, "h n"]:
        """A score of each hypothesis for each of the rows of an album; NaN where none is known."""
        ...


class Step(Protocol):
    """One step of building a data set.

    Attributes:
        name: What verdicts, scores and settings are filed under.
    """

    name: str

    @property
    def settings(self) -> Mapping[str, Plain]:
        """All that decides what it does, models by name and hash."""
        ...

    def __call__(self, samples: Sequence[Sample]) -> list[Sample]:
        """The same samples in the same order, each with what this step adds or its verdict.

        What becomes of a sample does not depend on the others. Those that have a verdict already
        are never given to a step.
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


class Shelf(Protocol[Item]):
    """Keeps things by keys that say what they were made from."""

    def __contains__(self, key: object) -> bool:
        """Whether anything is kept under a key."""
        ...

    def get(self, key: str) -> Item | None:
        """What is kept under a key; None if nothing is."""
        ...

    def put(self, key: str, item: Item) -> None:
        """Keeps a thing; under a key that is known, nothing happens."""
        ...


class EvidenceStore(Protocol):
    """What models said, by the content of the images and the identity of the models."""

    @property
    def detections(self) -> Shelf[Detections]:
        """Of an image, one detector and one look at it."""
        ...

    @property
    def embeddings(self) -> Shelf[Embeddings]:
        """Of an image and some boxes."""
        ...

    @property
    def maps(self) -> Shelf[ChangeMap]:
        """Of two views; the heat of a map that comes back is a multiple of 1 / 255."""
        ...

    @property
    def pairs(self) -> Shelf[ObjectEvidence]:
        """Of two views, all models together."""
        ...


@runtime_checkable
class Writer(Protocol):
    """Puts results where the world can read them; a context manager that owns its files."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def write(self, result: PairResult) -> PairResult:
        """Writes one result and returns it, with the path of the file it added, if it added one."""
        ...
