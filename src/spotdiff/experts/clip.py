"""How alike regions look to CLIP or SigLIP.

Radford et al., Learning Transferable Visual Models From Natural Language Supervision, 2021
(arXiv 2103.00020); Zhai et al., Sigmoid Loss for Language Image Pre-Training, 2023
(arXiv 2303.15343).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from spotdiff.experts.crops import ModelInput, region_batches
from spotdiff.experts.pretrained import Borrowed, pretrained
from spotdiff.types import Boxes, Embeddings, Image, ModelInfo


class Clip(Borrowed):
    """Describes regions and texts by unit vectors of one space; a `RegionEmbedder`, `TextEmbedder`.

    Args:
        model: A `CLIPModel` or `SiglipModel` of transformers, or another that has
            `get_image_features` and takes images of one size.
        processor: Its processor; a mere image processor is enough where no text is embedded.
        info: Name and hash of the weights.
        batch_size: Regions that go through the model at once.
        half: Compute in float16 on a GPU and in bfloat16 on a CPU.

    Raises:
        ValueError: If the model embeds no images, or not at one size.
    """

    def __init__(
        self,
        model: nn.Module,
        processor: Any,  # noqa: ANN401 - transformers is imported where it is used
        info: ModelInfo,
        *,
        batch_size: int = 32,
        half: bool = False,
    ) -> None:
        super().__init__(model, info, half=half)
        if not hasattr(model, "get_image_features"):
            raise ValueError(
                f"Expected CLIP or SigLIP, got {type(model).__name__} ({info.name}), which has no "
                "embedding of images and texts in one space."
            )
        self.input = ModelInput.of(getattr(processor, "image_processor", processor))
        self.tokenizer = getattr(processor, "tokenizer", None)
        self.batch_size = batch_size

    @classmethod
    def from_pretrained(
        cls,
        name_or_dir: str | Path,
        *,
        texts: bool = False,
        batch_size: int = 32,
        half: bool = False,
    ) -> Self:
        """Loads an id of the model hub that is in its cache, or a local folder.

        Args:
            name_or_dir: The id or the folder.
            texts: Load the tokenizer too; that of SigLIP needs the package sentencepiece.
            batch_size: Regions that go through the model at once.
            half: Compute in float16 on a GPU and in bfloat16 on a CPU.

        Raises:
            WeightsMissing: If they are not on this machine; nothing is downloaded.
            ValueError: If they are of another kind of model, or damaged.
        """
        parts = pretrained(name_or_dir, "AutoModel", texts=texts)
        return cls(parts.model, parts.processor, parts.info, batch_size=batch_size, half=half)

    @torch.inference_mode()
    def forward(
        self, images: Sequence[Image], boxes: Sequence[Boxes] | None = None
    ) -> list[Embeddings]:
        """One unit vector a box; without boxes one row for the whole of every image."""
        batches = region_batches(images, boxes, self.input, self.device, self.batch_size)
        vectors = self._rows([self._image_vectors(batch) for batch in batches])
        counts = [1 if boxes is None else len(boxes[i]) for i in range(len(images))]
        ends = np.cumsum(counts)
        return [vectors[end - count : end] for end, count in zip(ends, counts, strict=True)]

    @torch.inference_mode()
    def text_embeddings(self, texts: Sequence[str]) -> Embeddings:
        """One unit vector a text; what exceeds the model's limit is left out.

        Raises:
            ValueError: If the processor has no tokenizer.
        """
        if self.tokenizer is None:
            raise ValueError(
                f"Expected {self.info.name} with a tokenizer, to embed texts, got none: give "
                "texts=true, or a processor that has one."
            )
        distinct = {text: row for row, text in enumerate(dict.fromkeys(texts))}
        chunks = [
            list(distinct)[start : start + self.batch_size]
            for start in range(0, len(distinct), self.batch_size)
        ]
        vectors = self._rows([self._text_vectors(self.tokenizer, chunk) for chunk in chunks])
        return vectors[[distinct[text] for text in texts]]

    def _image_vectors(self, batch: Tensor) -> Tensor:
        with self.precision():
            found: Tensor = self.model.get_image_features(pixel_values=batch).pooler_output
        return found

    def _text_vectors(self, tokenizer: Any, texts: list[str]) -> Tensor:  # noqa: ANN401 - as above
        limit = self.model.config.text_config.max_position_embeddings
        # SigLIP learnt with padding that it attends to
        siglip = self.model.config.model_type.startswith("siglip")
        tokens = tokenizer(
            texts,
            padding="max_length" if siglip else True,
            truncation=True,
            max_length=min(limit, tokenizer.model_max_length),
            return_tensors="pt",
        ).to(self.device)
        names = ("input_ids",) if siglip else ("input_ids", "attention_mask")
        with self.precision():
            found: Tensor = self.model.get_text_features(
                **{name: tokens[name] for name in names}
            ).pooler_output
        return found

    def _rows(self, batches: list[Tensor]) -> Embeddings:
        if not batches:
            return np.zeros((0, self._width), np.float32)
        vectors = functional.normalize(torch.cat(batches).float(), dim=1)
        return np.asarray(vectors.cpu().numpy(), np.float32)

    @property
    def _width(self) -> int:
        """Of an embedding; SigLIP projects to none of its own."""
        config = self.model.config
        return int(getattr(config, "projection_dim", None) or config.vision_config.hidden_size)
