"""Whether regions show what words say, and what images show, by BLIP.

Li et al., BLIP: Bootstrapping Language-Image Pre-training for Unified Vision-Language Understanding
and Generation, 2022 (arXiv 2201.12086).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from spotdiff.experts.crops import ModelInput, region_batches
from spotdiff.experts.packing import Pack, packed_batch, packs
from spotdiff.experts.pretrained import Borrowed, pretrained
from spotdiff.types import Boxes, Image, ModelInfo, Scores, TextScores

_TOKENS_AT_ONCE = 128  # of the texts that a region is compared with in one go


class BlipMatcher(Borrowed):
    """Scores regions with texts; a `RegionTextScorer`.

    A region passes the vision encoder once, whatever the number of its texts, and its texts pass
    the cross-attention as one sequence in which they do not see each other, so that the keys and
    values of the region are computed once too. The scores are those of the model called on one
    region and one text at a time.

    Args:
        model: A `BlipForImageTextRetrieval` of transformers.
        processor: Its `BlipProcessor`.
        info: Name and hash of the weights.
        score: `itm` is the probability in [0, 1] of the head that sees region and text together,
            `itc` the cosine in [-1, 1] of the embeddings of both.
        batch_size: Regions that go through the model at once.
        half: Compute in float16 on a GPU and in bfloat16 on a CPU.

    Raises:
        ValueError: If there is no such score.
    """

    def __init__(
        self,
        model: nn.Module,
        processor: Any,  # noqa: ANN401 - transformers is imported where it is used
        info: ModelInfo,
        *,
        score: Literal["itm", "itc"] = "itm",
        batch_size: int = 16,
        half: bool = False,
    ) -> None:
        if score not in ("itm", "itc"):
            raise ValueError(f"Expected score to be itm or itc, got {score!r}.")
        super().__init__(model, info, half=half)
        self.input = ModelInput.of(processor.image_processor)
        self.tokenizer = processor.tokenizer
        self.score = score
        self.batch_size = batch_size

    @classmethod
    def from_pretrained(
        cls,
        name_or_dir: str | Path,
        *,
        score: Literal["itm", "itc"] = "itm",
        batch_size: int = 16,
        half: bool = False,
    ) -> Self:
        """Loads an id of the model hub that is in its cache, or a local folder.

        Raises:
            WeightsMissing: If they are not on this machine; nothing is downloaded.
            ValueError: If they are of another kind of model, or damaged.
        """
        parts = pretrained(name_or_dir, "BlipForImageTextRetrieval")
        return cls(
            parts.model, parts.processor, parts.info, score=score, batch_size=batch_size, half=half
        )

    @torch.inference_mode()
    def forward(
        self, images: Sequence[Image], boxes: Sequence[Boxes], texts: Sequence[Sequence[str]]
    ) -> list[TextScores]:
        """For every image a score of each of its boxes (rows) with each of its texts (columns).

        What exceeds the model's limit of a text is left out.

        Raises:
            ValueError: If a score is no number, as half precision may make it.
        """
        found = [
            np.zeros((len(own), len(words)), np.float32)
            for _, own, words in zip(images, boxes, texts, strict=True)
        ]
        asked = [i for i, scores in enumerate(found) if scores.size]
        # a word that stands twice among the texts of an image is asked about once
        words = [tuple(dict.fromkeys(texts[i])) for i in asked]
        score = self._matched if self.score == "itm" else self._aligned
        regions = [images[i] for i in asked], [boxes[i] for i in asked]
        for i, own, scores in zip(asked, words, score(*regions, words), strict=True):
            found[i] = scores[:, [own.index(text) for text in texts[i]]]
        if not all(np.isfinite(scores).all() for scores in found):
            raise ValueError(
                f"Expected finite scores of {self.info.name}, got nan: half precision may be too "
                "coarse. Give half=false."
            )
        return found

    def _matched(
        self,
        images: Sequence[Image],
        boxes: Sequence[Boxes],
        texts: Sequence[tuple[str, ...]],
    ) -> list[TextScores]:
        """Probabilities that texts match regions, by the head that sees both together."""
        tokens = self._tokens(texts)
        packed = [packs([tokens[text] for text in own], _TOKENS_AT_ONCE) for own in texts]
        owners = [i for i, own in enumerate(boxes) for _ in own]
        rows: list[list[Scores]] = [[] for _ in owners]
        start = 0
        for states in self._states(images, boxes):
            own = range(start, start + len(states))
            for turn in range(max(len(packed[owners[row]]) for row in own)):
                chosen = [row for row in own if turn < len(packed[owners[row]])]
                some = [packed[owners[row]][turn] for row in chosen]
                parts = self._asked(states[[row - start for row in chosen]], some)
                for row, part in zip(chosen, parts, strict=True):
                    rows[row].append(part)
            start += len(states)
        scores = iter([np.concatenate(row) for row in rows])
        return [np.stack([next(scores) for _ in own]) for own in boxes]

    def _asked(self, states: Tensor, rows: Sequence[Pack]) -> list[Scores]:
        """For each region, given by its vision states, the probabilities of the texts of a pack."""
        batch = packed_batch(rows, self.tokenizer.pad_token_id, self.device)
        with self.precision():
            hidden = self.model.text_encoder(
                input_ids=batch.ids,
                position_ids=batch.positions,
                attention_mask=batch.mask,
                encoder_hidden_states=states,
            ).last_hidden_state
            places = [(line, start) for line, row in enumerate(rows) for start in row.starts]
            lines, starts = torch.tensor(places, device=self.device).unbind(1)
            logits = self.model.itm_head(hidden[lines, starts])
        matches = logits.float().softmax(dim=-1)[:, 1].cpu().numpy()
        return np.split(matches, np.cumsum([len(row.starts) for row in rows])[:-1])

    def _aligned(
        self,
        images: Sequence[Image],
        boxes: Sequence[Boxes],
        texts: Sequence[tuple[str, ...]],
    ) -> list[TextScores]:
        """Cosines of the projected features of regions and texts."""
        tokens = self._tokens(texts)
        place = {text: row for row, text in enumerate(tokens)}
        words = self._text_vectors(list(tokens.values()))
        regions = [self._projected(s[:, 0], "vision_proj") for s in self._states(images, boxes)]
        if not regions:
            return []
        vectors = torch.split(torch.cat(regions), [len(own) for own in boxes])
        return [
            (some @ words[[place[text] for text in own]].T).cpu().numpy()
            for some, own in zip(vectors, texts, strict=True)
        ]

    def _text_vectors(self, tokens: Sequence[tuple[int, ...]]) -> Tensor:
        found = []
        for start in range(0, len(tokens), self.batch_size):
            chosen = [Pack.of([ids]) for ids in tokens[start : start + self.batch_size]]
            batch = packed_batch(chosen, self.tokenizer.pad_token_id, self.device)
            with self.precision():
                hidden = self.model.text_encoder(
                    input_ids=batch.ids, attention_mask=batch.mask
                ).last_hidden_state
            found.append(self._projected(hidden[:, 0], "text_proj"))
        return torch.cat(found) if found else torch.empty(0)

    def _projected(self, states: Tensor, layer: str) -> Tensor:
        with self.precision():
            projected = getattr(self.model, layer)(states)
        return functional.normalize(projected.float(), dim=-1)

    def _states(self, images: Sequence[Image], boxes: Sequence[Boxes]) -> Iterator[Tensor]:
        """Vision states (n, patches, d) of all regions, a batch at a time."""
        for batch in region_batches(images, boxes, self.input, self.device, self.batch_size):
            with self.precision():
                states = self.model.vision_model(pixel_values=batch).last_hidden_state
            yield states

    def _tokens(self, texts: Sequence[tuple[str, ...]]) -> dict[str, tuple[int, ...]]:
        """The token ids of every distinct text."""
        distinct = list(dict.fromkeys(text for own in texts for text in own))
        if not distinct:
            return {}
        limit = self.model.config.text_config.max_position_embeddings
        longest = min(limit, self.tokenizer.model_max_length)
        ids = self.tokenizer(distinct, truncation=True, max_length=longest).input_ids
        return {text: tuple(row) for text, row in zip(distinct, ids, strict=True)}


class BlipCaptioner(Borrowed):
    """Describes images in a sentence each; an `ImageCaptioner`.

    Args:
        model: A `BlipForConditionalGeneration` of transformers.
        processor: Its `BlipProcessor`.
        info: Name and hash of the weights.
        max_new_tokens: Length of a sentence at most.
        num_beams: Sentences that are followed at once; 1 takes the likeliest word each time.
        batch_size: Images that go through the model at once.
        half: Compute in float16 on a GPU and in bfloat16 on a CPU.
    """

    def __init__(
        self,
        model: nn.Module,
        processor: Any,  # noqa: ANN401 - transformers is imported where it is used
        info: ModelInfo,
        *,
        max_new_tokens: int = 30,
        num_beams: int = 1,
        batch_size: int = 8,
        half: bool = False,
    ) -> None:
        super().__init__(model, info, half=half)
        self.input = ModelInput.of(processor.image_processor)
        self.tokenizer = processor.tokenizer
        self.max_new_tokens = max_new_tokens
        self.num_beams = num_beams
        self.batch_size = batch_size

    @classmethod
    def from_pretrained(
        cls,
        name_or_dir: str | Path,
        *,
        max_new_tokens: int = 30,
        num_beams: int = 1,
        batch_size: int = 8,
        half: bool = False,
    ) -> Self:
        """Loads an id of the model hub that is in its cache, or a local folder.

        Raises:
            WeightsMissing: If they are not on this machine; nothing is downloaded.
            ValueError: If they are of another kind of model, or damaged.
        """
        parts = pretrained(name_or_dir, "BlipForConditionalGeneration")
        return cls(
            parts.model,
            parts.processor,
            parts.info,
            max_new_tokens=max_new_tokens,
            num_beams=num_beams,
            batch_size=batch_size,
            half=half,
        )

    @torch.inference_mode()
    def forward(self, images: Sequence[Image]) -> list[str]:
        """One sentence an image."""
        sentences: list[str] = []
        for batch in region_batches(images, None, self.input, self.device, self.batch_size):
            with self.precision():
                tokens = self.model.generate(
                    pixel_values=batch,
                    max_new_tokens=self.max_new_tokens,
                    num_beams=self.num_beams,
                    do_sample=False,
                )
            told = self.tokenizer.batch_decode(tokens, skip_special_tokens=True)
            sentences.extend(sentence.strip() for sentence in told)
        return sentences
