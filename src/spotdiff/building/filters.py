"""Filters of pairs: how alike the views are, how alike the captions, and whether both look real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias, get_args

from spotdiff.building.opened import open_images, picture, problem_of, views_of
from spotdiff.building.ranges import chosen
from spotdiff.building.score_filter import Broken, Measured, ScoreFilter, Unscored, told
from spotdiff.contracts import ChatModel, TextEmbedder
from spotdiff.ops.answers import yes_or_no
from spotdiff.stages.prompts import NATURALNESS, with_prompts
from spotdiff.stages.similarity import Similarity
from spotdiff.types import Chat, Pair, Plain, Reply, Sample

Ask: TypeAlias = Literal["choose", "answer"]

YES, NO = "yes", "no"


@dataclass(kw_only=True)
class PairSimilarity(ScoreFilter):
    """Keeps pairs whose views are as alike as they should be.

    Attributes:
        similarity: How alike two whole views are; a file beside itself has 1 without asking.
    """

    similarity: Similarity
    name: str = "pair_similarity"
    min: float | None = 0.1
    max: float | None = 1.0
    measure: ClassVar[str] = "similarity of the views"

    def own_settings(self) -> Mapping[str, Plain]:
        """The model and its scale."""
        scale: list[Plain] = [[*anchor] for anchor in self.similarity.whole_scale]
        return {"embedder": told(self.similarity.info), "whole_scale": scale}

    def measured(self, samples: Sequence[Sample]) -> list[Measured]:
        """One score a pair."""
        views = [views_of(sample) for sample in samples]
        asked = {i: both for i, both in enumerate(views) if both and both[0] != both[1]}
        opened = open_images(name for both in asked.values() for name in both)
        found: list[Measured] = [
            Unscored("there are not two views") if both is None else [1.0] for both in views
        ]
        pairs = {}
        for i, both in asked.items():
            if (problem := problem_of(both, opened)) is not None:
                found[i] = Broken(problem)
            else:
                before, after = (picture(opened, name) for name in both)
                pairs[i] = Pair(samples[i].id, before, after)
        for i, score in zip(pairs, self.similarity.whole(list(pairs.values())), strict=True):
            found[i] = [float(score)]
        return found


@dataclass(kw_only=True)
class TextPairSimilarity(ScoreFilter):
    """Keeps rows whose two texts are as alike as they should be.

    Attributes:
        embedder: Describes texts; what is too long for it is cut off.
        second: The column of the text that is compared with `text`; None compares the captions.
    """

    embedder: TextEmbedder
    second: str | None = None
    name: str = "text_pair_similarity"
    min: float | None = 0.1
    max: float | None = 1.0
    measure: ClassVar[str] = "similarity of the texts"

    def own_settings(self) -> Mapping[str, Plain]:
        """The model and what is compared."""
        return {"embedder": told(self.embedder.info), "second": self.second}

    def measured(self, samples: Sequence[Sample]) -> list[Measured]:
        """One score a row; a text that occurs again is embedded once."""
        both = [self._texts(sample) for sample in samples]
        texts = list(dict.fromkeys(text for one in both if one for text in one))
        rows = {text: row for row, text in enumerate(texts)}
        vectors = self.embedder.text_embeddings(texts) if texts else None
        found: list[Measured] = []
        for one in both:
            if one is None or vectors is None:
                found.append(Unscored("there are not two texts"))
            else:
                first, second = (vectors[rows[text]] for text in one)
                found.append([float(first @ second)])
        return found

    def _texts(self, sample: Sample) -> tuple[str, str] | None:
        first, second = sample.caption_before, sample.caption_after
        if self.second is not None:
            cell = sample.cells.get(self.second)
            first, second = sample.text, cell if isinstance(cell, str) else None
        if not (first and first.strip() and second and second.strip()):
            return None
        return first, second


@dataclass(kw_only=True)
class Naturalness(ScoreFilter):
    """Keeps rows whose pictures a model takes for real ones; its score is that of "yes".

    Attributes:
        chat: Sees pictures.
        ask: `choose` compares how probable the two answers are, `answer` reads what the model says,
            which must begin with one of the two words; then the score is 1 or 0.

    Raises:
        ValueError: The model sees no pictures.
    """

    chat: ChatModel
    ask: Ask = "choose"
    name: str = "naturalness"
    min: float | None = 0.5
    measure: ClassVar[str] = "probability that the pictures are natural"

    def __post_init__(self) -> None:
        super().__post_init__()
        chosen("ask", self.ask, get_args(Ask))
        if not self.chat.sees:
            raise ValueError(f"Expected a chat model that sees, {self.chat.info.name} does not.")

    def own_settings(self) -> Mapping[str, Plain]:
        """The model, and what it is asked."""
        return {"chat": told(with_prompts(self.chat.info, NATURALNESS)), "ask": self.ask}

    def measured(self, samples: Sequence[Sample]) -> list[Measured]:
        """One score a row, whatever the number of its pictures."""
        names = [_pictures(sample) for sample in samples]
        opened = open_images(name for own in names for name in own)
        found: list[Measured] = []
        chats: dict[int, Chat] = {}
        for i, own in enumerate(names):
            problem = problem_of(own, opened)
            if not own:
                found.append(Unscored("there is no picture"))
            elif problem is not None:
                found.append(Broken(problem))
            else:
                found.append([])
                chats[i] = Chat((*(picture(opened, name) for name in own), NATURALNESS.text))
        for i, one in zip(chats, self._answers(list(chats.values())), strict=True):
            found[i] = one
        return found

    def _answers(self, chats: Sequence[Chat]) -> list[Measured]:
        if not chats:
            return []
        if self.ask == "answer":
            return [_said(reply) for reply in self.chat(chats)]
        chances = self.chat.choose(chats, (YES, NO))
        return [Broken("the model gave no answer") if c is None else [float(c[0])] for c in chances]


def _pictures(sample: Sample) -> tuple[str, ...]:
    views = tuple(name for name in (sample.before, sample.after) if name)
    return views or sample.images


def _said(reply: Reply) -> Measured:
    """The score of an answer that begins with one of the two words."""
    if reply.text is None:
        return Broken(reply.problem or "the model gave no answer")
    said = yes_or_no(reply.text)
    if said is None:
        return Broken(f"expected yes or no, the model said {reply.text[:60]!r}")
    return [float(said)]
