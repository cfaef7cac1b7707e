"""Questions to language models, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from spotdiff.types.arrays import Image

Part: TypeAlias = str | Image  # what is said, or shown, in its order


@dataclass(frozen=True, slots=True)
class Chat:
    """One question.

    Attributes:
        parts: Texts and pictures of the user's turn, in their order.
        system: Who answers and how; None leaves it to the model.
        seed: Of what is drawn for this question, beside the seed of the model: the same question
            with another one may get another answer. None leaves it to the model alone.
    """

    parts: tuple[Part, ...]
    system: str | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model answered.

    Attributes:
        text: Without space around it; None where there is no answer.
        problem: Why there is none, in one sentence; None for a good one.
    """

    text: str | None
    problem: str | None = None
