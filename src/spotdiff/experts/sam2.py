"""Regions of whatever class by SAM 2, asked at every point of a grid; Apache-2.0.

Ravi et al., SAM 2: Segment Anything in Images and Videos, 2024 (arXiv 2408.00714); the grid of
points, the stability score and the suppression are those of Kirillov et al., Segment Anything,
2023 (section 5 and appendix B).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from spotdiff.experts.hub import local, weights_sha256
from spotdiff.types import Detections, Image, ModelInfo

_PIXELS_AT_ONCE = 16_000_000  # of masks, which bounds the memory whatever the photograph
_MEASURED_SIDE = 1024  # the network's own frame: larger masks hold nothing more


class Sam2(nn.Module):
    """SAM 2 as a `Proposer`; scores are the overlap that the network expects of its own mask.

    Args:
        model: A `transformers.Sam2Model`.
        processor: Its `transformers.Sam2Processor`.
        info: Name and hash of the weights.
        points_per_side: Points of the grid along each axis of the image.
        points_per_batch: Points that go through the mask decoder together; decides the memory.
        min_score: Expected overlap of a mask, in [0, 1].
        min_stability: Overlap of the masks at logits of +1 and −1, in [0, 1].
        max_overlap: IoU of boxes above which the one of lower score is dropped.
        max_regions: Of an image.
        masks: Give masks too.
    """

    def __init__(  # noqa: PLR0913 - the settings of conf/proposer/sam2.yaml, each with its default
        self,
        model: nn.Module,
        processor: Any,  # noqa: ANN401 - transformers is imported where it is used
        info: ModelInfo,
        *,
        points_per_side: int = 32,
        points_per_batch: int = 64,
        min_score: float = 0.8,
        min_stability: float = 0.95,
        max_overlap: float = 0.7,
        max_regions: int = 300,
        masks: bool = False,
    ) -> None:
        super().__init__()
        self.model: Any = model.eval().requires_grad_(False)
        self.images = processor.image_processor
        self.info = info
        self.points_per_side = points_per_side
        self.points_per_batch = points_per_batch
        self.min_score = min_score
        self.min_stability = min_stability
        self.max_overlap = max_overlap
        self.max_regions = max_regions
        self.masks = masks

    @classmethod
    def from_pretrained(
        cls,
        name_or_dir: str | Path = "facebook/sam2.1-hiera-tiny",
        *,
        points_per_side: int = 32,
        points_per_batch: int = 64,
        min_score: float = 0.8,
        min_stability: float = 0.95,
        max_overlap: float = 0.7,
        max_regions: int = 300,
        masks: bool = False,
    ) -> Self:
        """Loads an id of the model hub that is in its cache, or a local folder.

        The settings are those of `Sam2`; their defaults are those of SAM 2's own mask generator.

        Raises:
            WeightsMissing: If they are not on this machine; nothing is downloaded.
        """
        folder = local(name_or_dir)
        info = ModelInfo(Path(name_or_dir).name, weights_sha256(folder))
        from transformers import Sam2Model, Sam2Processor

        model = Sam2Model.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
        processor = Sam2Processor.from_pretrained(folder, local_files_only=True)
        return cls(
            model,
            processor,
            info,
            points_per_side=points_per_side,
            points_per_batch=points_per_batch,
            min_score=min_score,
            min_stability=min_stability,
            max_overlap=max_overlap,
            max_regions=max_regions,
            masks=masks,
        )

    def train(self, mode: bool = True) -> Self:
        """Stays in evaluation mode: these weights are borrowed."""
        del mode
        return super().train(False)

    @torch.inference_mode()
    def forward(self, images: Sequence[Image]) -> list[Detections]:
        """The regions of every image in its own pixels, best first.

        Images go through the network one at a time, so that no answer depends on the others.
        """
        return [self._regions(image) for image in images]

    def _regions(self, image: Image) -> Detections:
        size = (image.shape[0], image.shape[1])
        logits, scores = self._candidates(image)
        at_once = _masks_at_once(_measured_size(size))
        parts = [self._boxes(part, size) for part in torch.split(logits, at_once)]
        boxes, stability = (torch.cat(part) for part in zip(*parts, strict=True))
        sure = (stability >= self.min_stability) & (boxes[:, 2:] > boxes[:, :2]).all(1)
        logits, scores, boxes = logits[sure], scores[sure], boxes[sure]
        from torchvision.ops import nms

        best = nms(boxes, scores, self.max_overlap)[: self.max_regions]
        return Detections(
            boxes[best].cpu().numpy(),
            scores[best].cpu().numpy(),
            masks=self._full_masks(logits[best], size) if self.masks else None,
        )

    def _candidates(self, image: Image) -> tuple[Tensor, Tensor]:
        """Mask logits at the resolution of the decoder (n, h', w') and scores (n) of good masks."""
        device = next(self.parameters()).device
        pixels = self.images(
            images=[image], input_data_format="channels_last", return_tensors="pt"
        ).pixel_values.to(device)
        embeddings = self.model.get_image_embeddings(pixels)
        found = []
        for points in torch.split(self._grid(pixels), self.points_per_batch):
            # (image, point, one click, xy): every point is a question of its own
            answer = self.model(image_embeddings=embeddings, input_points=points[None, :, None])
            scores = answer.iou_scores.flatten().clamp(0, 1)
            good = scores >= self.min_score
            found.append((answer.pred_masks.flatten(0, 2)[good], scores[good]))
        logits, scores = zip(*found, strict=True)
        return torch.cat(logits), torch.cat(scores)

    def _grid(self, pixels: Tensor) -> Tensor:
        """Centres of equal cells (n, 2) in pixels of the network's own frame.

        The processor stretches every image to a square, so the grid is spread over all of it.
        `generate_crop_boxes` of transformers keeps the aspect instead and leaves the lower or the
        right part of an oblong image without points.
        """
        height, width = pixels.shape[-2:]
        steps = torch.arange(self.points_per_side, device=pixels.device) + 0.5
        steps = steps / self.points_per_side
        return torch.cartesian_prod(steps * height, steps * width).flip(1)

    def _boxes(self, logits: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """Tight boxes (n, 4) of masks in an image of `size` (h, w), and their stability (n)."""
        shrunk = _measured_size(size)
        full = _enlarged(logits, shrunk)
        inner, outer = ((full > limit).sum((1, 2)) for limit in (1, -1))
        mask = full > 0
        columns, rows = mask.any(1).byte(), mask.any(2).byte()
        first = [line.argmax(1) for line in (columns, rows)]
        last = [line.shape[1] - line.flip(1).argmax(1) for line in (columns, rows)]
        boxes = torch.stack(first + last, 1) * columns.any(1, keepdim=True)
        scale = boxes.new_tensor([size[1] / shrunk[1], size[0] / shrunk[0]], dtype=torch.float32)
        return boxes * scale.repeat(2), inner / outer.clamp(min=1)

    def _full_masks(self, logits: Tensor, size: tuple[int, int]) -> np.ndarray:
        parts = [
            (_enlarged(part, size) > 0).cpu().numpy()
            for part in torch.split(logits, _masks_at_once(size))
        ]
        return np.concatenate(parts)


def _enlarged(logits: Tensor, size: tuple[int, int]) -> Tensor:
    """Mask logits (n, h', w') at `size`, also where n is 0."""
    if not len(logits):
        return logits.new_zeros((0, *size))
    return interpolate(logits[None], size, mode="bilinear")[0]


def _measured_size(size: tuple[int, int]) -> tuple[int, int]:
    """The size at which masks are measured: that of the image, as far as the network sees it."""
    scale = min(1.0, _MEASURED_SIDE / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _masks_at_once(size: tuple[int, int]) -> int:
    return max(1, _PIXELS_AT_ONCE // (size[0] * size[1]))
