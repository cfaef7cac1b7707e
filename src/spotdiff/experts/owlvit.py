"""Objects of any name by OWL-ViT or OWLv2.

Minderer et al., Simple Open-Vocabulary Object Detection with Vision Transformers, 2022
(arXiv 2205.06230), and Scaling Open-Vocabulary Object Detection, 2023 (arXiv 2306.09683).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from spotdiff.experts.pretrained import Borrowed, pretrained, with_settings
from spotdiff.experts.ranking import absolute, ranked
from spotdiff.experts.recent import Recent
from spotdiff.types import Detections, Image, ModelInfo

TEMPLATES = (
    "{}",
    "a photo of a {}",
    "a photo of the {}",
    "a close view of a {}",
    "a scene with a {}",
    "an object: {}",
)
_TEXTS_AT_ONCE = 64


class OwlViT(Borrowed):
    """Finds objects by their names; a `Detector`.

    A name is what its sentences have in common: the mean of the unit vectors of all templates. The
    names are encoded once, whatever the number of images; an image then passes the vision encoder
    alone, and each of its patches is one box with the name that fits best.

    Args:
        model: An `OwlViTForObjectDetection` or `Owlv2ForObjectDetection` of transformers.
        processor: Its processor.
        info: Name and hash of the weights.
        templates: Sentences in which `{}` stands for the name.
        min_score: Of an object, in [0, 1].
        max_objects: Of an image.
        batch_size: Images that go through the model at once.
        half: Compute the encoders in float16 on a GPU and in bfloat16 on a CPU.

    Raises:
        ValueError: If the model is of another kind, or a template has no place for a name.
    """

    classes: tuple[str, ...] = ()

    def __init__(
        self,
        model: nn.Module,
        processor: Any,  # noqa: ANN401 - transformers is imported where it is used
        info: ModelInfo,
        *,
        templates: Sequence[str] = TEMPLATES,
        min_score: float = 0.05,
        max_objects: int = 100,
        batch_size: int = 8,
        half: bool = False,
    ) -> None:
        if not (hasattr(model, "image_embedder") and hasattr(model, "class_predictor")):
            raise ValueError(
                f"Expected OWL-ViT or OWLv2, got {type(model).__name__} ({info.name}): give "
                "weights of one of them."
            )
        self._check(templates)
        said = {"templates": tuple(templates), "min_score": min_score, "max_objects": max_objects}
        super().__init__(model, with_settings(info, **said, half=half), half=half)
        self.images = processor.image_processor
        self.tokenizer = processor.tokenizer
        self.templates = tuple(templates)
        self.min_score = min_score
        self.max_objects = max_objects
        self.batch_size = batch_size
        self.vocabularies = Recent[Tensor]()

    @classmethod
    def from_pretrained(
        cls,
        name_or_dir: str | Path,
        *,
        templates: Sequence[str] = TEMPLATES,
        min_score: float = 0.05,
        max_objects: int = 100,
        batch_size: int = 8,
        half: bool = False,
    ) -> Self:
        """Loads an id of the model hub that is in its cache, or a local folder.

        The settings are those of `OwlViT`.

        Raises:
            WeightsMissing: If they are not on this machine; nothing is downloaded.
            ValueError: If they are of another kind of model, or damaged.
        """
        parts = pretrained(name_or_dir, "AutoModelForZeroShotObjectDetection")
        return cls(
            parts.model,
            parts.processor,
            parts.info,
            templates=templates,
            min_score=min_score,
            max_objects=max_objects,
            batch_size=batch_size,
            half=half,
        )

    @torch.inference_mode()
    def forward(self, images: Sequence[Image], names: Sequence[str]) -> list[Detections]:
        """The objects of every image in its own pixels, best first, labelled by one of `names`.

        Neither the order of the names nor a name given twice changes an answer.
        """
        words = tuple(sorted(set(names)))
        if not words:
            return [Detections.none() for _ in images]
        queries = self.vocabularies.get(words, lambda: self._encoded(words)).to(self.device)
        found: list[Detections] = []
        for start in range(0, len(images), self.batch_size):
            found.extend(self._objects(images[start : start + self.batch_size], words, queries))
        return found

    def _objects(
        self, images: Sequence[Image], words: Sequence[str], queries: Float[Tensor, "names d"]
    ) -> list[Detections]:
        pixels = torch.cat([self._pixels(image) for image in images])
        with self.precision():
            patches = self.model.image_embedder(pixel_values=pixels)[0].float()
        # corners in half precision would be off by pixels
        flat = patches.flatten(1, 2)
        logits = self.model.class_predictor(flat, queries.expand(len(flat), -1, -1))[0]
        boxes = self.model.box_predictor(flat, patches)
        best = logits.max(dim=-1)
        scores, rows = best.values.sigmoid().cpu().numpy(), best.indices.cpu().numpy()
        return [
            ranked(
                absolute(boxes[i], self._frame(image)),
                scores[i],
                rows[i],
                words,
                (image.shape[0], image.shape[1]),
                min_score=self.min_score,
                max_objects=self.max_objects,
            )
            for i, image in enumerate(images)
        ]

    def _frame(self, image: Image) -> tuple[int, int]:
        """Height and width that boxes are shares of: OWLv2 pads to a square, right and below."""
        height, width = image.shape[:2]
        if getattr(self.images, "do_pad", False):
            return max(height, width), max(height, width)
        return height, width

    def _pixels(self, image: Image) -> Tensor:
        # alone, so that large photographs do not lie in memory together
        prepared = self.images(
            images=[image], input_data_format="channels_last", return_tensors="pt"
        )
        pixels: Tensor = prepared.pixel_values.to(self.device)
        return pixels

    def _encoded(self, words: Sequence[str]) -> Float[Tensor, "names d"]:
        """A unit vector for every word."""
        texts = [template.replace("{}", word) for word in words for template in self.templates]
        vectors = torch.cat(
            [
                self._text_vectors(texts[start : start + _TEXTS_AT_ONCE])
                for start in range(0, len(texts), _TEXTS_AT_ONCE)
            ]
        )
        means = vectors.reshape(len(words), len(self.templates), -1).mean(dim=1)
        return functional.normalize(means, dim=-1)

    def _text_vectors(self, texts: list[str]) -> Float[Tensor, "n d"]:
        limit = self.model.config.text_config.max_position_embeddings
        tokens = self.tokenizer(
            texts,
            padding="max_length",
            truncation=True,
            max_length=min(limit, self.tokenizer.model_max_length),
            return_tensors="pt",
        ).to(self.device)
        with self.precision():
            found = self.model.base_model.get_text_features(
                input_ids=tokens.input_ids, attention_mask=tokens.attention_mask
            ).pooler_output
        return functional.normalize(found.float(), dim=-1)

    @staticmethod
    def _check(templates: Sequence[str]) -> None:
        unfit = [template for template in templates if "{}" not in template]
        if unfit or not templates:
            raise ValueError(
                f"Expected templates with {{}} where the name stands, got "
                f"{unfit[0] if unfit else 'none'!r}: give at least '{{}}'."
            )
