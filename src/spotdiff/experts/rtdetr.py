"""Objects of fixed classes by RT-DETR, D-FINE and their kin, through transformers.

Zhao et al., DETRs Beat YOLOs on Real-time Object Detection, 2023 (arXiv 2304.08069); Peng et al.,
D-FINE: Redefine Regression Task in DETRs as Fine-grained Distribution Refinement, 2024
(arXiv 2410.13842). Code and published weights of both are under Apache-2.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import torch
from torch import nn

from spotdiff.experts.batches import one_size_batches
from spotdiff.experts.pretrained import Borrowed, pretrained, with_settings
from spotdiff.experts.ranking import ranked
from spotdiff.types import Detections, Image, ModelInfo


class RtDetr(Borrowed):
    """RT-DETR or D-FINE as a `Detector` of the classes that it was trained for.

    Any other model of transformers' AutoModelForObjectDetection does, such as DETR. Where its
    processor would pad images of unequal sizes to one, only images of one size go through the
    network together: an answer does not depend on its neighbours.

    Args:
        model: Of transformers, with `logits` and `pred_boxes` in its answer.
        processor: Its image processor.
        info: Name and hash of the weights.
        min_score: Of an object, in [0, 1].
        max_objects: Of an image.
        batch_size: Images that go through the model at once.
        half: Compute in float16 on a GPU and in bfloat16 on a CPU.

    Raises:
        ValueError: If the processor makes no objects of what the model says.
    """

    def __init__(
        self,
        model: nn.Module,
        processor: Any,  # noqa: ANN401 - transformers is imported where it is used
        info: ModelInfo,
        *,
        min_score: float = 0.05,
        max_objects: int = 100,
        batch_size: int = 8,
        half: bool = False,
    ) -> None:
        if not hasattr(processor, "post_process_object_detection"):
            raise ValueError(
                f"Expected a processor with post_process_object_detection for {info.name}, got "
                f"{type(processor).__name__}: give weights of a detector of fixed classes."
            )
        said = {"min_score": min_score, "max_objects": max_objects, "half": half}
        super().__init__(model, with_settings(info, **said), half=half)
        self.processor = processor
        self.min_score = min_score
        self.max_objects = max_objects
        self.batch_size = batch_size
        words: dict[int, str] = self.model.config.id2label
        self.classes = tuple(words[number] for number in sorted(words))

    @classmethod
    def from_pretrained(
        cls,
        name_or_dir: str | Path,
        *,
        min_score: float = 0.05,
        max_objects: int = 100,
        batch_size: int = 8,
        half: bool = False,
    ) -> Self:
        """Loads an id of the model hub that is in its cache, or a local folder.

        The settings are those of `RtDetr`.

        Raises:
            WeightsMissing: If they are not on this machine; nothing is downloaded.
            ValueError: If they are of another kind of model, or damaged.
        """
        parts = pretrained(name_or_dir, "AutoModelForObjectDetection", texts=False)
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
        """The objects of every image in its own pixels, best first, labelled by `classes`.

        Args:
            images: RGB, of any sizes.
            names: Without meaning here: what is found is told whatever is asked for.

        Raises:
            ValueError: If a score or a box is no number, as half precision may make it.
        """
        del names
        found = [Detections.none() for _ in images]
        for rows in self._batches(images):
            answers = self._objects([images[row] for row in rows])
            for row, objects in zip(rows, answers, strict=True):
                found[row] = objects
        return found

    def _batches(self, images: Sequence[Image]) -> Iterator[Sequence[int]]:
        """The rows that go together: all where every image is brought to one size anyway."""
        size = self.processor.size
        stretched = getattr(self.processor, "do_resize", False) and size is not None
        if not (stretched and size.get("height") and size.get("width")):
            yield from one_size_batches(images, self.batch_size)
            return
        for start in range(0, len(images), self.batch_size):
            yield range(start, min(start + self.batch_size, len(images)))

    def _objects(self, images: Sequence[Image]) -> list[Detections]:
        inputs = self.processor(
            images=list(images), input_data_format="channels_last", return_tensors="pt"
        ).to(self.device)
        with self.precision():
            answer = self.model(**inputs)
        # half precision would round corners to whole pixels and more
        answer.logits, answer.pred_boxes = answer.logits.float(), answer.pred_boxes.float()
        sizes = [(image.shape[0], image.shape[1]) for image in images]
        results = self.processor.post_process_object_detection(
            answer, threshold=self.min_score, target_sizes=sizes
        )
        return [
            ranked(
                result["boxes"].cpu().numpy(),
                result["scores"].cpu().numpy(),
                result["labels"].cpu().numpy(),
                self.classes,
                size,
                min_score=self.min_score,
                max_objects=self.max_objects,
            )
            for result, size in zip(results, sizes, strict=True)
        ]
