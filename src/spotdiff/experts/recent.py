"""What a model answered lately, so that it is not asked the same thing for every image."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """The answers to the latest different questions.

    Args:
        most: Answers that are kept; the oldest is forgotten first.

    Example:
        >>> lengths = Recent[int](most=1)
        >>> lengths.get("car", lambda: len("car")), lengths.get("car", lambda: -1)
        (3, 3)
        >>> lengths.get("tree", lambda: 4), lengths.get("car", lambda: -1)
        (4, -1)
    """

    def __init__(self, most: int = 32) -> None:
        self.most = most
        self.kept: dict[Hashable, Value] = {}

    def get(self, question: Hashable, answer: Callable[[], Value]) -> Value:
        """The answer that is kept, or that of `answer`, which is kept from then on."""
        if question in self.kept:
            return self.kept[question]
        found = answer()
        while len(self.kept) >= self.most:
            self.kept.pop(next(iter(self.kept)))
        self.kept[question] = found
        return found


class RememberingEncoder(nn.Module):
    """A text encoder that reads a caption once, for however many images it is meant.

    Args:
        encoder: Of transformers; what it says of a text must follow from the tokens alone.
    """

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.said = Recent[Any]()

    def forward(self, ids: Tensor, *inputs: Tensor, **options: Any) -> Any:  # noqa: ANN401 - theirs
        """What the encoder says of `ids` (n, tokens); rows that are not equal are all read."""
        if (ids != ids[:1]).any():
            return self.encoder(ids, *inputs, **options)
        half = torch.is_autocast_enabled(ids.device.type)
        question = (tuple(ids[0].tolist()), ids.device, half)
        first = [part[:1] for part in (ids, *inputs)]
        answer = self.said.get(question, lambda: self.encoder(*first, **options))
        hidden = answer.last_hidden_state.expand(len(ids), -1, -1)
        return type(answer)(last_hidden_state=hidden)
