"""What all chat models of transformers share: batches, answers, choices."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from spotdiff.experts.generation import Drawing, Generation
from spotdiff.experts.pretrained import Borrowed, with_settings
from spotdiff.experts.questions import Found, alike_batches, in_halves, unaskable
from spotdiff.experts.spellings import first_tokens
from spotdiff.types import Chat, ModelInfo, Reply, Scores

Inputs: TypeAlias = dict[str, Tensor]

log = logging.getLogger("spotdiff")


class Chatting(Borrowed):
    """A model that answers questions; who inherits says how a question becomes numbers.

    Questions are padded on the left: what a model writes goes on where its question ends. Only
    what it wrote is decoded, so the form of the question does not matter. What the weights bring
    along about sampling and penalties is left aside: `generation` alone decides.

    Args:
        model: It generates.
        processor: With a chat template; a tokenizer, or one that has a tokenizer.
        info: Name and hash of the weights.
        generation: How answers are written.
        batch_size: Questions that go through the model at once. A batch that does not fit into
            memory is halved.
        half: Keep the weights and compute in bfloat16.
        settings: What else decides an answer.

    Raises:
        ValueError: If there is no chat template.
    """

    sees = False

    def __init__(
        self,
        model: nn.Module,
        processor: Any,  # noqa: ANN401 - transformers is imported where it is used
        info: ModelInfo,
        generation: Generation | None = None,
        *,
        batch_size: int = 8,
        half: bool = False,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        how = generation or Generation()
        said = {**asdict(how), "half": half, **(settings or {})}
        kept = model.to(torch.bfloat16) if half else model
        super().__init__(kept, with_settings(info, **said), half=half)
        if not getattr(processor, "chat_template", None):
            raise ValueError(
                f"Expected {info.name} with a chat template, found none with its tokenizer: give "
                "weights that were trained to chat, or put chat_template.jinja beside them."
            )
        self.processor = processor
        self.tokenizer = getattr(processor, "tokenizer", processor)
        if self.tokenizer.pad_token is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        self.generation = how
        self.batch_size = batch_size
        self.ends = _only_marks(self.model, self.tokenizer)

    def inputs(self, chats: Sequence[Chat]) -> Inputs:
        """What the model is called with, padded on the left."""
        raise NotImplementedError

    @torch.inference_mode()
    def forward(self, chats: Sequence[Chat]) -> list[Reply]:
        """One reply a question, which does not depend on the other questions."""
        return self._asked(chats, self._replies, lambda problem: Reply(None, problem))

    @torch.inference_mode()
    def choose(self, chats: Sequence[Chat], words: Sequence[str]) -> list[Scores | None]:
        """How probable each word is as the beginning of the answer, summing to 1.

        The first token alone decides; all spellings of a word count together.

        Raises:
            ValueError: If words cannot be told apart by their first token.
        """
        starts = first_tokens(self.tokenizer, words)
        return self._asked(chats, lambda some: self._chosen(some, starts), self._silent)

    def _silent(self, problem: str) -> None:
        log.warning("%s gives no choice: %s", self.info.name, problem)

    def _asked(
        self,
        chats: Sequence[Chat],
        ask: Callable[[list[Chat]], list[Found]],
        refused: Callable[[str], Found],
    ) -> list[Found]:
        """What `ask` says of each question; `refused` makes an answer of why there is none."""
        problems = [unaskable(chat, self.info.name, self.sees) for chat in chats]
        found = [refused(problem) if problem else None for problem in problems]
        fine = [row for row, problem in enumerate(problems) if problem is None]
        for rows in alike_batches(chats, fine, self.batch_size):
            answers = in_halves([chats[row] for row in rows], ask, refused)
            for row, answer in zip(rows, answers, strict=True):
                found[row] = answer
        return found  # type: ignore[return-value] # every row that was fine was in a batch

    def _ready(self, chats: Sequence[Chat], room: int) -> Inputs:
        """Inputs on the device of the model, in its precision."""
        inputs = self.inputs(chats)
        mask = inputs["attention_mask"]
        if not mask[:, -1].all():
            raise ValueError(f"Expected {self.info.name} to pad on the left, got it on the right.")
        limit = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)
        if limit and (longest := int(mask.sum(dim=1).max())) + room > limit:
            raise ValueError(
                f"Expected a question and its answer in {limit} tokens, which is what "
                f"{self.info.name} can follow, got {longest} and {room}."
            )
        kind = next(self.parameters()).dtype
        return {
            name: value.to(self.device, kind if value.is_floating_point() else None)
            for name, value in inputs.items()
            if isinstance(value, Tensor)
        }

    def _replies(self, chats: list[Chat]) -> list[Reply]:
        how = self.generation
        inputs = self._ready(chats, how.max_new_tokens)
        drawing = [Drawing(chats, how, self.device)] if how.draws else []
        tokens = self.model.generate(
            **inputs,
            max_new_tokens=how.max_new_tokens,
            num_beams=how.num_beams,
            do_sample=False,
            logits_processor=drawing,
        )
        said = tokens[:, inputs["input_ids"].shape[1] :].tolist()
        return [self._reply(ids) for ids in said]

    def _reply(self, ids: list[int]) -> Reply:
        """The words before the first mark that ends an answer."""
        end = next((place for place, token in enumerate(ids) if token in self.ends), len(ids))
        text = self.tokenizer.decode(ids[:end], skip_special_tokens=True).strip()
        return Reply(text) if text else Reply(None, f"{self.info.name} answered without a word.")

    def _chosen(self, chats: list[Chat], starts: list[list[int]]) -> list[Scores | None]:
        answered = self.model.generate(
            **self._ready(chats, 1),
            max_new_tokens=1,
            do_sample=False,
            output_logits=True,
            return_dict_in_generate=True,
        )
        logits = answered.logits[0].float()
        if not logits.isfinite().all():
            raise ValueError(f"Expected finite logits of {self.info.name}, got nan: half=false.")
        sums = torch.stack([logits[:, tokens].logsumexp(dim=1) for tokens in starts], dim=1)
        return list(sums.softmax(dim=1).cpu().numpy())


def _only_marks(model: Any, tokenizer: Any) -> frozenset[int]:  # noqa: ANN401 - as above
    """Leaves the model of its settings for generation only which tokens begin, end and fill."""
    from transformers import GenerationConfig

    own = getattr(model, "generation_config", None)
    ends = getattr(own, "eos_token_id", None)
    listed = [ends] if isinstance(ends, int) else list(ends or [])
    marks = [mark for mark in {*listed, tokenizer.eos_token_id} if mark is not None]
    model.generation_config = GenerationConfig(
        bos_token_id=getattr(own, "bos_token_id", None),
        eos_token_id=sorted(marks) or None,
        pad_token_id=tokenizer.pad_token_id,
    )
    return frozenset(marks)
