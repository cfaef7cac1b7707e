"""Whether hypotheses say what is truly different: graded by a chat model, by embeddings, or not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from spotdiff.contracts import ChatModel, TextEmbedder
from spotdiff.ops.answers import grade
from spotdiff.ops.judged import FULL
from spotdiff.ops.same_meaning import words_of
from spotdiff.stages.prompts import with_prompts
from spotdiff.stages.set_prompts import JUDGE, one_line
from spotdiff.types import Chat, ImageSets, ModelInfo


class ChatJudge:
    """Asks a chat model for a grade; a `SetJudge`. What is not clearly one is None.

    Args:
        model: Reads and writes; it need not see.
    """

    name = "chat"

    def __init__(self, model: ChatModel) -> None:
        self.model = model

    @property
    def info(self) -> ModelInfo:
        """The model with the question."""
        return with_prompts(self.model.info, JUDGE)

    def __call__(self, sets: ImageSets, hypotheses: Sequence[str]) -> list[int | None]:
        """The grades of hypotheses, all asked as one batch."""
        first, second = truth_of(sets), one_line(sets.names[1])
        chats = [
            Chat((JUDGE.ask(first=first, second=second, hypothesis=one_line(text)),))
            for text in hypotheses
        ]
        replies = self.model(chats) if chats else []
        return [
            None if reply.text is None or reply.problem else grade(reply.text) for reply in replies
        ]


class EmbeddingJudge:
    """Grades by the cosine of a hypothesis and the truth; a `SetJudge` that asks no chat model.

    It knows nothing of the second set. Cosines mean something else for every embedder, so the
    limits belong to one: `limits_of` finds them from hypotheses that people have graded.

    Args:
        embedder: Of texts; None until one is given.
        full: Least cosine of the best grade.
        partly: Least cosine of grade 1.

    Raises:
        ValueError: The limits are not in order.
    """

    name = "embedding"

    def __init__(
        self, embedder: TextEmbedder | None = None, full: float = 0.9, partly: float = 0.8
    ) -> None:
        if not -1 <= partly <= full <= 1:
            raise ValueError(f"Expected -1 <= partly <= full <= 1, got {partly!r} and {full!r}.")
        self.embedder, self.full, self.partly = embedder, full, partly

    @property
    def info(self) -> ModelInfo:
        """Who embeds, with the limits."""
        told = ModelInfo(self.name, "") if self.embedder is None else self.embedder.info
        return ModelInfo(f"{told.name}, {self.partly:g} and {self.full:g}", told.sha256)

    def __call__(self, sets: ImageSets, hypotheses: Sequence[str]) -> list[int | None]:
        """The grades of hypotheses.

        Raises:
            ValueError: There is no embedder.
        """
        if self.embedder is None:
            raise ValueError("Expected an embedder of texts for the judge, got none.")
        if not hypotheses:
            return []
        vectors = self.embedder.text_embeddings([truth_of(sets), *hypotheses])
        cosines = vectors[1:] @ vectors[0]
        return [FULL if c >= self.full else int(c >= self.partly) for c in cosines.tolist()]


class WordJudge:
    """Grades by words alone; a `SetJudge` that needs nothing, and is strict.

    2 where a hypothesis has all words of the truth and no others, 1 where one has all words of the
    other, else 0. Words that link others do not count.
    """

    name = "words"
    _LINKS = frozenset(["and", "of", "in", "on", "at", "with", "is", "are", "photo", "picture"])

    def __call__(self, sets: ImageSets, hypotheses: Sequence[str]) -> list[int | None]:
        """The grades of hypotheses."""
        truth = self._words(truth_of(sets))
        told = map(self._words, hypotheses)
        return [
            2 if said == truth else int(bool(said) and (said <= truth or said >= truth))
            for said in told
        ]

    def _words(self, text: str) -> set[str]:
        words = set(words_of(text))
        return words - self._LINKS or words


class NullJudge:
    """Gives no grades; a `SetJudge` for sets whose difference nobody knows."""

    name = "null"

    def __call__(
        self,
        sets: ImageSets,  # noqa: ARG002
        hypotheses: Sequence[str],
    ) -> list[int | None]:
        """None for each."""
        return [None] * len(hypotheses)


def truth_of(sets: ImageSets) -> str:
    """What is truer of the first set: its difference, else its name.

    Example:
        >>> truth_of(ImageSets(("boats", "cars"), (), ()))
        'boats'
        >>> truth_of(ImageSets(("1", "2"), (), (), difference="boats at sea"))
        'boats at sea'
    """
    return one_line(sets.difference or sets.names[0])


def limits_of(cosines: Float64[np.ndarray, " n"], grades: Sequence[int]) -> tuple[float, float]:
    """The limits by which cosines agree best with grades that people gave.

    They lie in the middle between two cosines. Of equally good ones the highest are taken: what
    is in doubt gets the lower grade.

    Args:
        cosines: Of hypotheses with their truths.
        grades: Of the same hypotheses, each 0, 1 or 2.

    Returns:
        `full` and `partly` of an `EmbeddingJudge`.

    Raises:
        ValueError: There is nothing to learn from.

    Example:
        >>> limits_of(np.array([0.9, 0.8, 0.6, 0.4]), [2, 2, 1, 0])
        (0.7, 0.5)
    """
    wanted = np.array(grades)
    if not len(cosines) or len(cosines) != len(wanted):
        raise ValueError(f"Expected a grade each, got {len(cosines)} and {len(wanted)}.")
    levels = np.unique(cosines)
    between = [-1.0, *((levels[1:] + levels[:-1]) / 2).tolist(), 1.0]
    best = max(
        (float(np.mean((cosines >= full) + (1 * (cosines >= partly)) == wanted)), full, partly)
        for full in between
        for partly in between
        if partly <= full
    )
    return round(best[1], 6), round(best[2], 6)
