"""Questions and answers in the protocol of chat completions."""

from __future__ import annotations

import base64
import string
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import cv2
import numpy as np

from spotdiff.ops.frames import within
from spotdiff.types import Chat, Image, Scores

Coding: TypeAlias = Literal["jpeg", "png"]

_AROUND = string.whitespace + string.punctuation


class NoAnswer(Exception):  # noqa: N818 it is a state of the world
    """Why a question has no answer, in one sentence."""


def messages(chat: Chat, coding: Coding, max_side: int) -> list[dict[str, Any]]:
    """The turns of a question; pictures are data in the text.

    Args:
        chat: The question.
        coding: Of its pictures.
        max_side: Pixels of their longer side at most.
    """
    parts: list[dict[str, Any]] = [
        {"type": "text", "text": part}
        if isinstance(part, str)
        else {"type": "image_url", "image_url": {"url": data_uri(part, coding, max_side)}}
        for part in chat.parts
    ]
    # texts alone go as one: servers of models that see nothing often take no list
    plain = all(isinstance(part, str) for part in chat.parts)
    content = "\n".join(str(part) for part in chat.parts) if plain else parts
    user = {"role": "user", "content": content}
    return [user] if chat.system is None else [{"role": "system", "content": chat.system}, user]


def data_uri(image: Image, coding: Coding, max_side: int) -> str:
    """A picture as text.

    Example:
        >>> data_uri(np.zeros((9, 30, 3), np.uint8), "png", 10)[:30]
        'data:image/png;base64,iVBORw0K'
    """
    small = np.ascontiguousarray(within(image, max_side)[..., ::-1])  # OpenCV wants BGR
    fine = [cv2.IMWRITE_JPEG_QUALITY, 92] if coding == "jpeg" else []
    _, coded = cv2.imencode(f".{coding}", small, fine)
    return f"data:image/{coding};base64,{base64.b64encode(coded.tobytes()).decode()}"


def answer(completion: object) -> str:
    """The text of an answer.

    Raises:
        NoAnswer: If it holds none.
    """
    choice = _choice(completion)
    text = getattr(getattr(choice, "message", None), "content", None)
    if isinstance(text, str) and text.strip():
        return text.strip()
    refused = getattr(getattr(choice, "message", None), "refusal", None)
    ending = f"refused: {refused}" if refused else f"ended by {_ending(choice)!r}"
    raise NoAnswer(f"an answer came without text, {ending}")


def shares(completion: object, words: Sequence[str]) -> Scores:
    """How probable each word is as the beginning of an answer, summing to 1.

    A token counts for a word that begins with it, in whatever case, if no other word does.

    Raises:
        NoAnswer: If the server does not say how probable tokens are, or none begins a word.
    """
    listed = getattr(getattr(_choice(completion), "logprobs", None), "content", None)
    tops = getattr(listed[0], "top_logprobs", None) if listed else None
    if not tops:
        raise NoAnswer(
            "the server does not tell how probable tokens are (logprobs): "
            "take one that does, or a local model"
        )
    odds = np.zeros(len(words))
    for top in tops:
        begun = top.token.strip(_AROUND).casefold()
        fitting = [i for i, word in enumerate(words) if begun and word.casefold().startswith(begun)]
        if len(fitting) == 1:
            odds[fitting[0]] += np.exp(top.logprob)
    if not odds.sum() > 0:
        tokens = ", ".join(repr(top.token) for top in tops[:5])
        raise NoAnswer(f"none of the likeliest tokens ({tokens}, …) begins {' or '.join(words)}")
    return np.asarray(odds / odds.sum(), np.float32)


def _choice(completion: object) -> object:
    if isinstance(completion, str) or not hasattr(completion, "choices"):
        raise NoAnswer("what came is no chat completion: is the address right, with its /v1")
    choices = getattr(completion, "choices", None)
    if not choices:
        raise NoAnswer("an answer came without choices")
    return choices[0]


def _ending(choice: object) -> object:
    return getattr(choice, "finish_reason", None)
