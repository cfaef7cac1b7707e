"""Regions of whatever class by FastSAM, through ultralytics, both of which are AGPL-3.0.

Zhao et al., Fast Segment Anything, 2023 (arXiv 2306.12156): a YOLOv8 segmenter with a single
class, trained on the masks of Segment Anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from spotdiff.experts.ultralytics_models import Family, UltralyticsModel, load
from spotdiff.ops.boxes import area, clip
from spotdiff.types import Detections, Image, ModelInfo

FASTSAM = Family(
    "FastSAM",
    tasks=("segment",),
    setting="proposer=fastsam",
    extra="fastsam",
    instead=("proposer=sam2", "proposer=heatmap"),
)

_MASKS_AT_ONCE = 16  # that are brought to the size of the image together


class FastSam(UltralyticsModel):
    """FastSAM as a `Proposer`.

    Every image is read as it is given, never from disk, and goes through the network by itself:
    ultralytics pads images of unequal sizes to one, so in a batch an answer would depend on the
    others. The default numbers are those of the published difference areas.

    Args:
        model: An `ultralytics.FastSAM`.
        info: Name and hash of the weights.
        image_size: Longest side that the network sees, in pixels.
        min_score: Of a region, in [0, 1].
        max_overlap: IoU of boxes above which the one of lower score is dropped.
        max_regions: Of an image.
        masks: Give masks too.
    """

    def __init__(
        self,
        model: Any,  # noqa: ANN401 - ultralytics is imported where it is used
        info: ModelInfo,
        *,
        image_size: int = 1024,
        min_score: float = 0.05,
        max_overlap: float = 0.5,
        max_regions: int = 300,
        masks: bool = False,
    ) -> None:
        settings: dict[str, object] = {
            "imgsz": image_size,
            "conf": min_score,
            "iou": max_overlap,
            "max_det": max_regions,
            "agnostic_nms": True,  # regions have no class
        }
        super().__init__(model, info, settings)
        self.masks = masks

    @classmethod
    def from_pretrained(
        cls,
        path_or_name: str | Path = "FastSAM-x.pt",
        *,
        trust: bool = False,
        image_size: int = 1024,
        min_score: float = 0.05,
        max_overlap: float = 0.5,
        max_regions: int = 300,
        masks: bool = False,
    ) -> Self:
        """Loads local weights; nothing is downloaded.

        Args:
            path_or_name: A file `.pt` or `.onnx`, or a name of the catalogue: `FastSAM-s.pt`.
            trust: A `.pt` is a pickle, and unpickling can run any code in it. A file with a hash of
                the catalogue is trusted; of any other one only tensors and known classes are read,
                unless you know where it comes from and say so here.
            image_size: As in `FastSam`, like the rest.
            min_score: Of a region.
            max_overlap: Of boxes.
            max_regions: Of an image.
            masks: Give masks too.

        Raises:
            WeightsMissing: If there is no such file.
            ImportError: If ultralytics is not installed.
            ValueError: If the file is not what the catalogue says, or must not be trusted, or is
                no segmenter.
        """
        model, info = load(path_or_name, FASTSAM, trust=trust)
        return cls(
            model,
            info,
            image_size=image_size,
            min_score=min_score,
            max_overlap=max_overlap,
            max_regions=max_regions,
            masks=masks,
        )

    def forward(self, images: Sequence[Image]) -> list[Detections]:
        """The regions of every image in its own pixels, best first, none of them without area."""
        return [self._regions(image) for image in images]

    def _regions(self, image: Image) -> Detections:
        predictor = self._on(self.where.device)
        (result,) = predictor([np.ascontiguousarray(image[..., ::-1])])  # it takes BGR
        size = (image.shape[0], image.shape[1])
        boxes = clip(result.boxes.xyxy.float().cpu().numpy(), size)
        scores = result.boxes.conf.float().cpu().numpy()
        order = np.argsort(-scores, kind="stable")
        order = order[area(boxes[order]) > 0]
        masks = _in_image(result.masks, order, size) if self.masks else None
        return Detections(boxes[order], scores[order], masks=masks)


def _in_image(masks: Any, order: np.ndarray, size: tuple[int, int]) -> np.ndarray:  # noqa: ANN401
    """The masks of the padded frame of the network, brought to an image of `size` (h, w)."""
    found = np.zeros((len(order), *size), bool)
    if len(order):
        from ultralytics.utils.ops import scale_masks

        chosen = masks.data[torch.from_numpy(order).to(masks.data.device)]
        for start in range(0, len(order), _MASKS_AT_ONCE):
            part = chosen[None, start : start + _MASKS_AT_ONCE].float()
            found[start : start + _MASKS_AT_ONCE] = (scale_masks(part, size)[0] > 0.5).cpu().numpy()
    return found
