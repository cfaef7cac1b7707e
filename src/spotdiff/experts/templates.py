"""Questions in the form that a model was trained with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

from spotdiff.types import Chat

Messages: TypeAlias = list[dict[str, Any]]


def rendered(
    processor: Any,  # noqa: ANN401 - transformers is imported where it is used
    chat: Chat,
    messages: Callable[[Chat], Messages],
) -> str:
    """A question in the words of a chat template, up to where the answer begins.

    Some templates refuse to be told who answers: then that stands before the question.

    Args:
        processor: It has the template.
        chat: The question.
        messages: The turns of a question, as the template takes them.

    Raises:
        ValueError: If the template does not take the question.
    """
    from jinja2 import TemplateError

    try:
        return _text(processor, messages(chat))
    except TemplateError as error:
        if chat.system is None:
            raise ValueError(_refused(error)) from error
    try:
        told = replace(chat, system=None, parts=(f"{chat.system}\n\n", *chat.parts))
        return _text(processor, messages(told))
    except TemplateError as error:
        raise ValueError(_refused(error)) from error


def _text(processor: Any, messages: Messages) -> str:  # noqa: ANN401 - as above
    told = processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return str(told)


def _refused(error: Exception) -> str:
    return f"Expected a chat template that takes one question of a user, got: {error}."
