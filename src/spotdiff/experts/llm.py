"""Chat models that read and write, and see nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import torch

from spotdiff.experts.chatting import Chatting, Inputs
from spotdiff.experts.generation import Generation
from spotdiff.experts.pretrained import pretrained
from spotdiff.experts.templates import rendered
from spotdiff.types import Chat


class ChatLlm(Chatting):
    """Answers questions of texts; a `ChatModel` that refuses pictures.

    Its arguments are those of `Chatting`: a model of the kind that `AutoModelForCausalLM` gives,
    and its tokenizer with a chat template.
    """

    sees = False

    @classmethod
    def from_pretrained(
        cls,
        name_or_dir: str | Path,
        generation: Generation | None = None,
        *,
        batch_size: int = 16,
        half: bool = False,
    ) -> Self:
        """Loads an id of the model hub that is in its cache, or a local folder.

        Raises:
            WeightsMissing: If they are not on this machine; nothing is downloaded.
            ValueError: If they are of another kind of model, or damaged.
        """
        kind = torch.bfloat16 if half else torch.float32
        parts = pretrained(name_or_dir, "AutoModelForCausalLM", dtype=kind)
        return cls(
            parts.model, parts.processor, parts.info, generation, batch_size=batch_size, half=half
        )

    def inputs(self, chats: Sequence[Chat]) -> Inputs:
        """What the model is called with, padded on the left."""
        texts = [rendered(self.processor, chat, _messages) for chat in chats]
        tokens = self.tokenizer(
            texts,
            padding=True,
            padding_side="left",
            add_special_tokens=False,  # the template brings them
            return_tensors="pt",
        )
        return {name: tokens[name] for name in ("input_ids", "attention_mask")}


def _messages(chat: Chat) -> list[dict[str, Any]]:
    user = {"role": "user", "content": "\n".join(str(part) for part in chat.parts)}
    return [user] if chat.system is None else [{"role": "system", "content": chat.system}, user]
