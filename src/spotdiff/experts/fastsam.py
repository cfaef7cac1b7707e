"""Regions of whatever class by FastSAM, through ultralytics, both of which are AGPL-3.0.

Zhao et al., Fast Segment Anything, 2023 (arXiv 2306.12156): a YOLOv8 segmenter with a single
class, trained on the masks of Segment Anything.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import nn

from spotdiff.experts.catalogue import (
    WeightsMissing,
    catalogue,
    file_sha256,
    missing,
    place,
    weights_folder,
)
from spotdiff.experts.containment import contained
from spotdiff.ops.boxes import area, clip
from spotdiff.types import Detections, Image, ModelInfo

log = logging.getLogger("spotdiff")

_MASKS_AT_ONCE = 16  # that are brought to the size of the image together


class FastSam(nn.Module):
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
        super().__init__()
        self.info = info
        self.masks = masks
        self.settings = {
            "imgsz": image_size,
            "conf": min_score,
            "iou": max_overlap,
            "max_det": max_regions,
            "agnostic_nms": True,  # regions have no class
        }
        # Only its network is a part of this module: the `train` of an ultralytics model starts a
        # training. An exported model (.onnx) is a path instead and has no network.
        self.source: str | None = None
        self.network: nn.Module | None = None
        if isinstance(model.model, nn.Module):
            self.network = model.model.eval().requires_grad_(False)
        else:
            self.source = str(model.model)
        self.register_buffer("where", torch.zeros(()), persistent=False)
        self.where: torch.Tensor
        self._predictor: Any = None

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
            ValueError: If the file is not what the catalogue says, or must not be trusted.
        """
        path, known = _file(str(path_or_name))
        info = ModelInfo(path.stem, file_sha256(path))
        if known is not None and info.sha256 != known:
            msg = (
                f"Expected the {path.name} of the catalogue, sha256 {known}, but {path} has "
                f"{info.sha256}: remove it and run `spotdiff models fetch {path.name}`."
            )
            raise ValueError(msg)
        hashes = {weight.sha256 for weight in catalogue().values()}
        model = _load(path, trust or info.sha256 in hashes)
        return cls(
            model,
            info,
            image_size=image_size,
            min_score=min_score,
            max_overlap=max_overlap,
            max_regions=max_regions,
            masks=masks,
        )

    def train(self, mode: bool = True) -> Self:
        """Stays in evaluation mode: these weights are borrowed."""
        del mode
        return super().train(False)

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

    def _on(self, device: torch.device) -> Any:  # noqa: ANN401 - a FastSAMPredictor
        """What predicts on `device`: ultralytics copies the network there once, and fuses it."""
        if self._predictor is None or self._predictor.device != device:
            with contained():
                from ultralytics.models.fastsam import FastSAMPredictor

                fixed = {"device": device, "mode": "predict", "save": False, "verbose": False}
                self._predictor = FastSAMPredictor(overrides=self.settings | fixed)
                self._predictor.callbacks.clear()  # they report to services
                model = self.source if self.network is None else self.network
                self._predictor.setup_model(model, verbose=False)
        return self._predictor


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


def _file(name: str) -> tuple[Path, str | None]:
    """The file of a path or of a name of the catalogue, with the hash that it must have."""
    weight = catalogue().get(name)
    if weight is None or weight.on_hub:
        path, known = Path(name), None
    else:
        path, known = place(weight), weight.sha256
    if not path.is_file():
        raise WeightsMissing(missing(name, path if known else weights_folder()))
    return path, known


def _load(path: Path, trusted: bool) -> Any:  # noqa: ANN401 - an ultralytics.FastSAM
    if find_spec("ultralytics") is None:
        msg = 'proposer=fastsam needs ultralytics (AGPL-3.0): pip install "spotdiff[fastsam]"'
        raise ImportError(msg)
    if path.suffix == ".onnx" and find_spec("onnxruntime") is None:
        raise ImportError(f"{path.name} needs ONNX Runtime: pip install onnxruntime")
    _tell_the_licence()
    with contained():
        from ultralytics import FastSAM
        from ultralytics.nn import tasks

        restricted = getattr(tasks, "SAFE_LOAD", None)
        if not trusted and path.suffix == ".pt" and restricted is None:
            raise ValueError(_UNTRUSTED.format(path=path))
        try:
            tasks.SAFE_LOAD = not trusted
            return FastSAM(path)
        except TypeError as error:  # how ultralytics refuses a file
            raise ValueError(_UNTRUSTED.format(path=path)) from error
        finally:
            tasks.SAFE_LOAD = restricted


_UNTRUSTED = (
    "{path} holds more than tensors and known classes, or is damaged: unpickling it could run any "
    "code. Its hash is not in the catalogue; give trust=true if you know where it comes from."
)


@cache
def _tell_the_licence() -> None:
    """Once in a process."""
    log.warning(
        "proposer=fastsam runs ultralytics and FastSAM, which are under AGPL-3.0: who distributes "
        "this combination, or lets others use it over a network, owes them its source code under "
        "that licence. proposer=sam2 and proposer=heatmap are under permissive licences."
    )
