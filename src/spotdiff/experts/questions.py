"""Which questions go through a chat model together, and what happens where that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np
import torch

from spotdiff.types import Chat

Found = TypeVar("Found")


def unaskable(chat: Chat, name: str, sees: bool) -> str | None:
    """Why a question cannot be asked at all; None if it can.

    Args:
        chat: The question.
        name: Of the model.
        sees: Whether it takes pictures.

    Example:
        >>> unaskable(Chat(()), "tiny", sees=False)
        'Expected a question, got one without parts.'
    """
    pictures = [part for part in chat.parts if not isinstance(part, str)]
    if not chat.parts:
        return "Expected a question, got one without parts."
    if pictures and not sees:
        return f"Expected texts for {name}, which sees nothing, got a picture."
    for view in pictures:
        if view.dtype != np.uint8 or view.ndim != 3 or view.shape[2] != 3 or not view.size:
            return f"Expected a picture as uint8 (h, w, 3), got {view.dtype} {view.shape}."
    return None


def alike_batches(chats: Sequence[Chat], rows: Sequence[int], size: int) -> Iterator[list[int]]:
    """Rows that go together, so that little is padded: as many pictures each, of similar length.

    Args:
        chats: All questions.
        rows: Which of them are asked.
        size: The most that go together.

    Example:
        >>> chats = [Chat((words,)) for words in ("what is this?", "why?", "is it?", "and?")]
        >>> list(alike_batches(chats, [0, 1, 3], 2))
        [[1, 3], [0]]
    """
    kinds: dict[int, list[int]] = {}
    for row in rows:
        count = sum(not isinstance(part, str) for part in chats[row].parts)
        kinds.setdefault(count, []).append(row)
    for alike in kinds.values():
        ordered = sorted(alike, key=lambda row: _length(chats[row]))
        for start in range(0, len(ordered), size):
            yield ordered[start : start + size]


def _length(chat: Chat) -> tuple[int, int]:
    pixels = sum(part.shape[0] * part.shape[1] for part in chat.parts if not isinstance(part, str))
    return pixels, sum(len(part) for part in chat.parts if isinstance(part, str))


def in_halves(
    chats: list[Chat],
    ask: Callable[[list[Chat]], list[Found]],
    refused: Callable[[str], Found],
) -> list[Found]:
    """Asks all at once, or half of them where that fails, until one question alone is to blame."""
    try:
        return ask(chats)
    except (torch.OutOfMemoryError, ValueError) as error:
        if len(chats) == 1:
            return [refused(str(error).strip().partition("\n")[0] or type(error).__name__)]
    middle = len(chats) // 2
    return [*in_halves(chats[:middle], ask, refused), *in_halves(chats[middle:], ask, refused)]
