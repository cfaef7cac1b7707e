"""Objects of any name by Grounding DINO.

Liu et al., Grounding DINO: Marrying DINO with Grounded Pre-Training for Open-Set Object Detection,
2023 (arXiv 2303.05499).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor, nn

from spotdiff.experts.batches import one_size_batches
from spotdiff.experts.pretrained import Borrowed, pretrained, with_settings
from spotdiff.experts.ranking import absolute, ranked
from spotdiff.experts.recent import Recent, RememberingEncoder
from spotdiff.experts.token_spans import Caption, Frame, captions
from spotdiff.types import Detections, Image, ModelInfo

_STRIP = 16  # sides of an image from which the network would see fewer places than it has queries
_STOPS = re.compile(r"[.?]")  # marks at which the network parts what it looks for


class GroundingDino(Borrowed):
    """Finds objects by their names; a `Detector`.

    The names are one caption, or several where they do not fit the model, in an order of their own.
    How well a box fits a name is the mean over the tokens of that name in the caption, as in the
    paper's evaluation on closed sets: a label is never read from decoded text. The caption passes
    the text encoder once, whatever the number of images.

    Images of one size go through the model together, so that none is padded. Strips, with sides
    above 16 : 1, repeat their last row or column until they are no longer.

    Args:
        model: A `GroundingDinoForObjectDetection` of transformers; its text encoder is replaced by
            one that remembers what it said.
        processor: Its processor.
        info: Name and hash of the weights.
        min_score: Of an object, in [0, 1].
        max_objects: Of an image.
        batch_size: Images that go through the model at once.
        half: Compute in float16 on a GPU and in bfloat16 on a CPU.

    Raises:
        ValueError: If the model is of another kind.
    """

    classes: tuple[str, ...] = ()

    def __init__(
        self,
        model: nn.Module,
        processor: Any,  # noqa: ANN401 - transformers is imported where it is used
        info: ModelInfo,
        *,
        min_score: float = 0.25,
        max_objects: int = 100,
        batch_size: int = 4,
        half: bool = False,
    ) -> None:
        core: Any = getattr(model, "model", None)
        if not hasattr(core, "text_backbone"):
            raise ValueError(
                f"Expected Grounding DINO, got {type(model).__name__} ({info.name}): give weights "
                "of that kind."
            )
        said = {"min_score": min_score, "max_objects": max_objects, "half": half}
        super().__init__(model, with_settings(info, **said), half=half)
        core.text_backbone = RememberingEncoder(core.text_backbone).eval()
        self.images = processor.image_processor
        self.tokenizer = processor.tokenizer
        self.min_score = min_score
        self.max_objects = max_objects
        self.batch_size = batch_size
        self.vocabularies = Recent[list[Caption]]()

    @classmethod
    def from_pretrained(
        cls,
        name_or_dir: str | Path,
        *,
        min_score: float = 0.25,
        max_objects: int = 100,
        batch_size: int = 4,
        half: bool = False,
    ) -> Self:
        """Loads an id of the model hub that is in its cache, or a local folder.

        The settings are those of `GroundingDino`.

        Raises:
            WeightsMissing: If they are not on this machine; nothing is downloaded.
            ValueError: If they are of another kind of model, or damaged.
        """
        parts = pretrained(name_or_dir, "AutoModelForZeroShotObjectDetection")
        return cls(
            parts.model,
            parts.processor,
            parts.info,
            min_score=min_score,
            max_objects=max_objects,
            batch_size=batch_size,
            half=half,
        )

    @torch.inference_mode()
    def forward(self, images: Sequence[Image], names: Sequence[str]) -> list[Detections]:
        """The objects of every image in its own pixels, best first, labelled by one of `names`.

        Neither the order of the names nor a name given twice changes an answer. Of names that
        differ only in capitals, the first in the order of the alphabet is the label.

        Raises:
            ValueError: If a name has nothing to look for, or a score is no number.
        """
        found = [Detections.none() for _ in images]
        words = tuple(sorted(set(names)))
        if not words:
            return found
        written = self.vocabularies.get(words, lambda: self._written(words))
        for batch in one_size_batches(images, self.batch_size):
            objects = self._objects([images[i] for i in batch], written)
            for i, own in zip(batch, objects, strict=True):
                found[i] = own
        return found

    def _objects(self, images: Sequence[Image], written: Sequence[Caption]) -> list[Detections]:
        """The objects of images of one size."""
        padded = [_padded(image) for image in images]
        prepared = self.images(
            images=padded, input_data_format="channels_last", return_tensors="pt"
        ).to(self.device)
        parts = [self._fits(prepared.pixel_values, caption) for caption in written]
        boxes = torch.cat([part.boxes for part in parts], dim=1)
        scores = np.concatenate([part.scores for part in parts], axis=1)
        starts = np.cumsum([0, *(len(caption.names) for caption in written)])
        rows = [part.rows + start for part, start in zip(parts, starts, strict=False)]
        fitting = np.concatenate(rows, axis=1)
        names = [name for caption in written for name in caption.names]
        return [
            ranked(
                absolute(boxes[i], (padded[i].shape[0], padded[i].shape[1])),
                scores[i],
                fitting[i],
                names,
                (image.shape[0], image.shape[1]),
                min_score=self.min_score,
                max_objects=self.max_objects,
            )
            for i, image in enumerate(images)
        ]

    def _fits(self, pixels: Tensor, caption: Caption) -> _Fits:
        """Of every query of every image the name of the caption that fits its box best."""
        ids = torch.tensor([caption.ids], device=self.device).expand(len(pixels), -1)
        with self.precision():
            answer = self.model(pixel_values=pixels, input_ids=ids)
        chances = answer.logits.float().sigmoid()
        shares = torch.from_numpy(caption.shares(chances.shape[-1])).to(self.device)
        best = (chances @ shares.T).max(dim=-1)
        return _Fits(answer.pred_boxes, best.values.cpu().numpy(), best.indices.cpu().numpy())

    def _written(self, words: Sequence[str]) -> list[Caption]:
        """The captions that hold words, each of its pieces once."""
        pieces: dict[str, str] = {}
        for word in words:
            pieces.setdefault(_STOPS.sub(" ", word).lower().strip(), word)
        names = list(pieces.values())
        tokens = self.tokenizer(list(pieces), add_special_tokens=False).input_ids
        if silent := [name for name, own in zip(names, tokens, strict=True) if not own]:
            raise ValueError(
                f"Expected names with something to look for, got {silent[0]!r}: {self.info.name} "
                "reads neither full stops nor blanks."
            )
        stop = self.tokenizer.convert_tokens_to_ids(".")
        frame = Frame(self.tokenizer.cls_token_id, stop, self.tokenizer.sep_token_id)
        limit = min(self.model.config.max_text_len, self.tokenizer.model_max_length)
        return captions(names, tokens, frame, limit)


class _Fits(NamedTuple):
    """Boxes (n, queries, 4) as shares of the image, scores and rows of names (n, queries)."""

    boxes: Tensor
    scores: np.ndarray
    rows: np.ndarray


def _padded(image: Image) -> Image:
    height, width = image.shape[:2]
    least = -(-max(height, width) // _STRIP)
    more = ((0, max(0, least - height)), (0, max(0, least - width)), (0, 0))
    return np.pad(image, more, mode="edge")
