"""What may differ between two sets, in the words of a chat model that reads captions.

Dunlap et al. 2024 (VisDiff), section 4.1: https://arxiv.org/abs/2312.02974
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from spotdiff.contracts import Album, ChatModel
from spotdiff.ops.answers import items
from spotdiff.stages.prompts import Prompt, with_prompts
from spotdiff.stages.set_captions import told_of
from spotdiff.stages.set_prompts import BRIEF, COMMON, CONTRAST, listed_captions
from spotdiff.stages.set_rounds import Rounds
from spotdiff.types import Chat, Hypothesis, ModelInfo

Question: TypeAlias = Literal["contrast", "brief", "common"]

_PROMPTS: dict[str, Prompt] = {"contrast": CONTRAST, "brief": BRIEF, "common": COMMON}


class ChatProposer:
    """Has a chat model read captions of both sets; a `SetProposer`.

    It reads the captions of all pictures that it is given: `Rounds` gives it samples.

    Args:
        model: Reads and writes; it need not see.
        question: `contrast` explains at length, with examples; `brief` is for small models;
            `common` shows captions of the first set alone and asks what they share.

    Raises:
        ValueError: There is no such question.
    """

    name = "chat"

    def __init__(self, model: ChatModel, question: Question = "contrast") -> None:
        if question not in _PROMPTS:
            raise ValueError(f"Expected question to be {', '.join(_PROMPTS)}, got {question!r}.")
        self.model, self.question = model, question

    @property
    def info(self) -> ModelInfo:
        """The model with the question."""
        return with_prompts(self.model.info, _PROMPTS[self.question])

    def __call__(
        self,
        first: Album,
        second: Album,
        count: int,
        seed: int,
    ) -> tuple[list[Hypothesis], list[str]]:
        """What the model lists; captions and answers that failed are problems."""
        albums = (first,) if self.question == "common" else (first, second)
        told = [told_of(album, album.rows) for album in albums]
        problems = [f"{self.name}: {reason}" for one in told for reason in one.problems]
        if not all(one.captions for one in told):
            return [], [*problems, f"{self.name}: a set has no captions, so nothing was asked"]
        captions = listed_captions(*(list(one.captions.values()) for one in told))
        asked = _PROMPTS[self.question].ask(captions=captions, count=str(count))
        said, wrong = ask_for_items(self.model, Chat((asked,), seed=seed), count, self.name)
        return said, problems + wrong


def chat_in_rounds(
    model: ChatModel, question: Question = "contrast", rounds: int = 3, samples: int = 20
) -> Rounds:
    """A `ChatProposer` that is asked several times about samples of the pictures.

    Args:
        model: Reads and writes; it need not see.
        question: As for `ChatProposer`.
        rounds: How often.
        samples: Pictures of each set in a round; of a smaller set all of them.
    """
    return Rounds(ChatProposer(model, question), rounds, samples)


def ask_for_items(
    model: ChatModel, chat: Chat, count: int, name: str
) -> tuple[list[Hypothesis], list[str]]:
    """Asks one question whose answer is a list.

    Args:
        model: Is asked.
        chat: The question.
        count: Items that are taken at most.
        name: Who asks, for hypotheses and problems.
    """
    (reply,) = model([chat])
    if reply.text is None or reply.problem is not None:
        return [], [f"{name}: {reply.problem or 'the model gave no answer'}"]
    found = items(reply.text)[:count]
    if not found:
        start = " ".join(reply.text.split())[:60]
        return [], [f"{name}: expected a list of ideas, the model answered {start!r}"]
    return [Hypothesis(text, (name,)) for text in found], []
