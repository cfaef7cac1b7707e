"""Chat models that see: LLaVA, Qwen-VL, SmolVLM and whatever else answers about pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import torch
from PIL import Image as Pillow
from torch import nn

from spotdiff.experts.chatting import Chatting, Inputs
from spotdiff.experts.generation import Generation
from spotdiff.experts.pretrained import pretrained
from spotdiff.experts.templates import rendered
from spotdiff.ops.frames import within
from spotdiff.types import Chat, ModelInfo


class ChatVlm(Chatting):
    """Answers questions about pictures and texts; a `ChatModel`.

    Args:
        model: Of transformers, of the kind that `AutoModelForImageTextToText` gives.
        processor: Its processor, with a chat template.
        info: Name and hash of the weights.
        generation: How answers are written; None takes the likeliest words, at most 128 tokens.
        max_side: Larger pictures are scaled down to this many pixels on their longer side; None
            leaves that to the processor, of which some make very long questions of them.
        batch_size: Questions that go through the model at once.
        half: Keep the weights and compute in bfloat16.

    Raises:
        ValueError: If there is no chat template.
    """

    sees = True

    def __init__(
        self,
        model: nn.Module,
        processor: Any,  # noqa: ANN401 - transformers is imported where it is used
        info: ModelInfo,
        generation: Generation | None = None,
        *,
        max_side: int | None = None,
        batch_size: int = 8,
        half: bool = False,
    ) -> None:
        settings = {"max_side": max_side}
        super().__init__(
            model, processor, info, generation, batch_size=batch_size, half=half, settings=settings
        )
        self.max_side = max_side

    @classmethod
    def from_pretrained(
        cls,
        name_or_dir: str | Path,
        generation: Generation | None = None,
        *,
        max_side: int | None = None,
        batch_size: int = 8,
        half: bool = False,
    ) -> Self:
        """Loads an id of the model hub that is in its cache, or a local folder.

        Raises:
            WeightsMissing: If they are not on this machine; nothing is downloaded.
            ValueError: If they are of another kind of model, or damaged.
        """
        kind = torch.bfloat16 if half else torch.float32
        parts = pretrained(name_or_dir, "AutoModelForImageTextToText", dtype=kind)
        return cls(
            parts.model,
            parts.processor,
            parts.info,
            generation,
            max_side=max_side,
            batch_size=batch_size,
            half=half,
        )

    def inputs(self, chats: Sequence[Chat]) -> Inputs:
        """What the model is called with, padded on the left; all chats show as many pictures."""
        texts = [rendered(self.processor, chat, self._messages) for chat in chats]
        pictures = [
            [self._picture(part) for part in chat.parts if not isinstance(part, str)]
            for chat in chats
        ]
        begun = bool(self.tokenizer.bos_token) and texts[0].startswith(self.tokenizer.bos_token)
        prepared = self.processor(
            text=texts,
            images=pictures if pictures[0] else None,
            padding=True,
            padding_side="left",
            add_special_tokens=not begun,
            return_tensors="pt",
        )
        return dict(prepared)

    def _picture(self, part: Any) -> Pillow.Image:  # noqa: ANN401 - one that is no text
        view = within(part, self.max_side) if self.max_side else part
        return Pillow.fromarray(view)

    def _messages(self, chat: Chat) -> list[dict[str, Any]]:
        parts = [
            {"type": "text", "text": part} if isinstance(part, str) else {"type": "image"}
            for part in chat.parts
        ]
        user = {"role": "user", "content": parts}
        if chat.system is None:
            return [user]
        return [{"role": "system", "content": [{"type": "text", "text": chat.system}]}, user]
