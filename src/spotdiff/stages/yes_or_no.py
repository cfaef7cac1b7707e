"""Chat models that are asked of single pictures whether they show something: yes or no."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Float32, Float64

from spotdiff.contracts import Album, ChatModel, Shelf
from spotdiff.ops.fingerprints import of_words
from spotdiff.stages.prompts import with_prompts
from spotdiff.stages.set_captions import told_of
from spotdiff.stages.set_prompts import SAID, SHOWN, one_line
from spotdiff.types import Chat, Hypothesis, ModelInfo, Scores

Grid: TypeAlias = Float64[np.ndarray, "h n"]
Numbers: TypeAlias = Float32[np.ndarray, " n"]

_WORDS = ("Yes", "No")


class ShownRanker:
    """Asks a chat model that sees whether a picture shows a hypothesis; a `SetRanker`.

    The score is the probability that the answer begins with yes, so no words have to be read.
    A question that could not be answered is NaN, and is asked again by a later run.

    Args:
        model: It must see.
        together: Pictures that are in memory at a time; all hypotheses are asked about each.
        shelf: Keeps answers by picture, hypothesis and model.

    Raises:
        ValueError: The model sees nothing.
    """

    name = "chat_yes_no"

    def __init__(
        self, model: ChatModel, together: int = 16, shelf: Shelf[Numbers] | None = None
    ) -> None:
        if not model.sees:
            raise ValueError(f"Expected a model that sees, got {model.info.name}, which does not.")
        self.model, self.together, self.shelf = model, together, shelf

    @property
    def info(self) -> ModelInfo:
        """The model with the question."""
        return with_prompts(self.model.info, SHOWN)

    def __call__(self, hypotheses: Sequence[Hypothesis], album: Album) -> Grid:
        """How probable yes is."""
        rows = list(album.rows)
        keys = album.keys(rows)
        texts = [one_line(one.text) for one in hypotheses]
        if not texts:
            return np.zeros((0, len(rows)))
        model = self.info.sha256
        names = [[of_words(key, text, model) for key in keys] for text in texts]

        def chats(cells: Sequence[tuple[int, int]]) -> list[Chat]:
            columns = sorted({column for _, column in cells})
            views = dict(zip(columns, album.images([rows[c] for c in columns]), strict=True))
            return [Chat((views[c], SHOWN.ask(concept=texts[h]))) for h, c in cells]

        return answered(self.model, names, chats, self.together, self.shelf)


class SaidRanker:
    """Asks a chat model whether a caption fits a hypothesis; a `SetRanker`.

    As `ShownRanker`, with captions in place of pictures; pictures without one are NaN.

    Args:
        model: Reads and writes; it need not see.
        together: Captions that are asked about at a time.
        shelf: Keeps answers by caption, hypothesis and model.
    """

    name = "chat_captions"

    def __init__(
        self, model: ChatModel, together: int = 64, shelf: Shelf[Numbers] | None = None
    ) -> None:
        self.model, self.together, self.shelf = model, together, shelf

    @property
    def info(self) -> ModelInfo:
        """The model with the question."""
        return with_prompts(self.model.info, SAID)

    def __call__(self, hypotheses: Sequence[Hypothesis], album: Album) -> Grid:
        """How probable yes is."""
        rows = list(album.rows)
        captions = told_of(album, rows).captions
        scores = np.full((len(hypotheses), len(rows)), np.nan)
        known = [column for column, row in enumerate(rows) if row in captions]
        said = [one_line(captions[rows[column]]) for column in known]
        texts = [one_line(one.text) for one in hypotheses]
        model = self.info.sha256
        names = [[of_words(caption, text, model) for caption in said] for text in texts]

        def chats(cells: Sequence[tuple[int, int]]) -> list[Chat]:
            return [Chat((SAID.ask(caption=said[c], concept=texts[h]),)) for h, c in cells]

        if texts:
            scores[:, known] = answered(self.model, names, chats, self.together, self.shelf)
        return scores


def answered(
    model: ChatModel,
    names: Sequence[Sequence[str]],
    chats: Callable[[Sequence[tuple[int, int]]], list[Chat]],
    together: int,
    shelf: Shelf[Numbers] | None,
) -> Grid:
    """How probable yes is for each hypothesis (row) and picture (column); NaN where unknown.

    Args:
        model: Is asked what the shelf does not know, some columns at a time.
        names: What each answer is kept as; cells of one name are asked once.
        chats: The questions of cells, given as rows and columns.
        together: Columns that are asked about at a time.
        shelf: What was answered before; None keeps nothing.
    """
    width = len(names[0]) if names else 0
    scores = np.full((len(names), width), np.nan)
    for columns in _some(width, max(1, together)):
        waiting: dict[str, list[tuple[int, int]]] = {}
        for cell in ((h, c) for c in columns for h in range(len(names))):
            name = names[cell[0]][cell[1]]
            known = None if shelf is None else shelf.get(name)
            if known is None:
                waiting.setdefault(name, []).append(cell)
            else:
                scores[cell] = float(known[0])
        if not waiting:
            continue  # no picture has to be read
        told = model.choose(chats([cells[0] for cells in waiting.values()]), _WORDS)
        for (name, cells), one in zip(waiting.items(), told, strict=True):
            if (yes := _yes(one)) is not None:
                scores[tuple(np.array(cells).T)] = yes
                if shelf is not None:
                    shelf.put(name, np.array([yes], np.float32))
    return scores


def _yes(scores: Scores | None) -> float | None:
    """As it is kept; what is no number is no answer."""
    return float(np.float32(scores[0])) if scores is not None and np.isfinite(scores[0]) else None


def _some(width: int, size: int) -> Iterator[range]:
    for start in range(0, width, size):
        yield range(start, min(start + size, width))
