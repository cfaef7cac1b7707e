"""Models of words whose answers are kept: what was asked once is asked by no later run.

An answer is known by the content of its question and by who answered, with all settings that
decide an answer. What failed is not kept, and is asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from jaxtyping import Float32

from spotdiff.contracts import ChatModel, Shelf, TextEmbedder
from spotdiff.ops.fingerprints import of_array, of_words
from spotdiff.types import Chat, Embeddings, Image, Reply, Scores

Item = TypeVar("Item")
Numbers = Float32[np.ndarray, " n"]


class KeptChat:
    """A `ChatModel` that remembers; several questions with the same content are one.

    Args:
        model: Is asked what is not known.
        replies: Keeps texts.
        choices: Keeps probabilities of words.
        at_once: Questions that are asked before their answers are kept.
    """

    def __init__(
        self,
        model: ChatModel,
        replies: Shelf[str],
        choices: Shelf[Numbers],
        at_once: int = 256,
    ) -> None:
        self.model, self.replies, self.choices, self.at_once = model, replies, choices, at_once
        self.info, self.sees = model.info, model.sees

    def __call__(self, chats: Sequence[Chat]) -> list[Reply]:
        """One reply a question."""
        names = self._names(chats, "reply")

        def ask(some: Sequence[int]) -> list[str | None]:
            told = self.model([chats[row] for row in some])
            for row, reply in zip(some, told, strict=True):
                if reply.text is None or reply.problem is not None:
                    problems[names[row]] = reply
            return [None if names[row] in problems else told[i].text for i, row in enumerate(some)]

        problems: dict[str, Reply] = {}
        found = known_or_asked(names, self.replies, ask, self.at_once)
        return [
            problems[name] if text is None else Reply(text)
            for name, text in zip(names, found, strict=True)
        ]

    def choose(self, chats: Sequence[Chat], words: Sequence[str]) -> list[Scores | None]:
        """How probable each word is as the beginning of the answer."""
        names = self._names(chats, *words)
        return [
            *known_or_asked(
                names,
                self.choices,
                lambda some: self.model.choose([chats[row] for row in some], words),
                self.at_once,
            )
        ]

    def _names(self, chats: Sequence[Chat], *words: str) -> list[str]:
        """What answers are kept as; a picture that many questions show is read once."""
        pictures: dict[int, str] = {}

        def part_name(part: str | Image) -> tuple[str, str]:
            if isinstance(part, str):
                return "text", part
            if id(part) not in pictures:
                pictures[id(part)] = of_array(part)
            return "picture", pictures[id(part)]

        who = self.info.name, self.info.sha256
        return [
            of_words(who, words, *_drawn(chat), chat.system, tuple(map(part_name, chat.parts)))
            for chat in chats
        ]


class KeptTexts:
    """A `TextEmbedder` that remembers, in half precision.

    Args:
        embedder: Is asked what is not known.
        shelf: Keeps vectors.
    """

    def __init__(self, embedder: TextEmbedder, shelf: Shelf[Embeddings]) -> None:
        self.embedder, self.shelf = embedder, shelf
        self.info = embedder.info

    def text_embeddings(self, texts: Sequence[str]) -> Embeddings:
        """One unit vector a text."""
        names = [of_words("text", text, self.info.name, self.info.sha256) for text in texts]

        def ask(some: Sequence[int]) -> list[Embeddings | None]:
            return [*self.embedder.text_embeddings([texts[row] for row in some])[:, None]]

        found = [one for one in known_or_asked(names, self.shelf, ask, 4096) if one is not None]
        return np.concatenate(found) if found else self.embedder.text_embeddings([])


def _drawn(chat: Chat) -> tuple[int, ...]:
    """The seed of a question that has one of its own."""
    return () if chat.seed is None else (chat.seed,)


def known_or_asked(
    names: Sequence[str],
    shelf: Shelf[Item],
    ask: Callable[[Sequence[int]], Sequence[Item | None]],
    at_once: int,
) -> list[Item | None]:
    """What is kept under each name, or what is answered; None where there is no answer.

    Args:
        names: Of questions.
        shelf: What is known; answers are put there, and come back as any later run gets them.
        ask: Answers the questions of some rows; None is not kept.
        at_once: Rows that are asked together.
    """
    found = {name: shelf.get(name) for name in names}
    first = {name: row for row, name in reversed(list(enumerate(names)))}
    unknown = sorted(first[name] for name, item in found.items() if item is None)
    for start in range(0, len(unknown), at_once):
        some = unknown[start : start + at_once]
        for row, item in zip(some, ask(some), strict=True):
            if item is not None:
                shelf.put(names[row], item)
                found[names[row]] = shelf.get(names[row])
    return [found[name] for name in names]
