"""Objects of fixed classes by YOLO, through ultralytics; its code and its weights are AGPL-3.0.

Redmon et al., You Only Look Once: Unified, Real-Time Object Detection, 2016 (arXiv 1506.02640);
YOLOv8 and its successors have no paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from spotdiff.experts.batches import one_size_batches
from spotdiff.experts.pretrained import with_settings
from spotdiff.experts.ranking import ranked
from spotdiff.experts.ultralytics_models import Family, UltralyticsModel, check_task, load
from spotdiff.types import Detections, Image, ModelInfo

YOLO = Family(
    "YOLO",
    tasks=("detect", "segment"),
    setting="detector=yolo",
    extra="yolo",
    instead=("detector=dfine", "detector=rtdetr", "detector=owlv2"),
)

_PATIENCE = 2000.0  # milliseconds, after which ultralytics leaves out the rest of a batch


class Yolo(UltralyticsModel):
    """YOLO as a `Detector` of the classes that it was trained for.

    Only images of one size go through the network together: ultralytics pads others to one, so that
    an answer would depend on its neighbours. The masks of a segmenter are left out.

    Args:
        model: An `ultralytics.YOLO` that detects or segments.
        info: Name and hash of the weights.
        image_size: Longest side that the network sees, in pixels; an exported model may have its
            own.
        min_score: Of an object, in [0, 1].
        max_overlap: IoU of boxes of one class above which the one of lower score is dropped;
            without meaning for networks that suppress nothing afterwards (YOLOv10, YOLO26).
        max_objects: Of an image.
        batch_size: Images that go through the network at once; exported models take one.

    Raises:
        ValueError: If an exported model is of another task.
    """

    def __init__(
        self,
        model: Any,  # noqa: ANN401 - ultralytics is imported where it is used
        info: ModelInfo,
        *,
        image_size: int = 640,
        min_score: float = 0.05,
        max_overlap: float = 0.7,
        max_objects: int = 100,
        batch_size: int = 8,
    ) -> None:
        settings: dict[str, object] = {
            "imgsz": image_size,
            "conf": min_score,
            "iou": max_overlap,
            "max_det": max_objects,
            "agnostic_nms": False,
        }
        super().__init__(model, with_settings(info, **settings), settings)
        self.min_score = min_score
        self.max_objects = max_objects
        self.batch_size = 1 if self.network is None else batch_size
        self.classes = self._classes()

    @classmethod
    def from_pretrained(
        cls,
        path_or_name: str | Path = "yolov8n.pt",
        *,
        trust: bool = False,
        image_size: int = 640,
        min_score: float = 0.05,
        max_overlap: float = 0.7,
        max_objects: int = 100,
        batch_size: int = 8,
    ) -> Self:
        """Loads local weights; nothing is downloaded.

        Args:
            path_or_name: A file `.pt` or `.onnx`, or a name of the catalogue: `yolov8n.pt`.
            trust: A `.pt` is a pickle, and unpickling can run any code in it. Only tensors and
                known classes are read, unless the catalogue has the hash of the file, or you know
                where it comes from and say so here.
            image_size: As in `Yolo`, like the rest.
            min_score: Of an object.
            max_overlap: Of boxes of one class.
            max_objects: Of an image.
            batch_size: Of images.

        Raises:
            WeightsMissing: If there is no such file.
            ImportError: If ultralytics is not installed.
            ValueError: If the file is not what the catalogue says, must not be trusted, or holds a
                model of another task.
        """
        model, info = load(path_or_name, YOLO, trust=trust)
        return cls(
            model,
            info,
            image_size=image_size,
            min_score=min_score,
            max_overlap=max_overlap,
            max_objects=max_objects,
            batch_size=batch_size,
        )

    def forward(self, images: Sequence[Image], names: Sequence[str]) -> list[Detections]:
        """The objects of every image in its own pixels, best first, labelled by `classes`.

        Args:
            images: RGB, of any sizes.
            names: Without meaning here: what is found is told whatever is asked for.
        """
        del names
        found = [Detections.none() for _ in images]
        for rows in one_size_batches(images, self.batch_size):
            batch = [images[row] for row in rows]
            for row, result in zip(rows, self._results(batch), strict=True):
                found[row] = self._objects(result, images[row])
        return found

    def _results(self, images: Sequence[Image]) -> list[Any]:
        """What ultralytics says of images of one size.

        Its suppression gives up on the rest of a batch after some seconds and leaves those images
        empty. On a machine that stalls so long, each is asked for alone, which it never gives up.
        """
        predictor = self._on(self.where.device)
        turned = [np.ascontiguousarray(image[..., ::-1]) for image in images]  # it takes BGR
        results: list[Any] = predictor(turned)
        if len(images) > 1 and sum(r.speed["postprocess"] for r in results) > _PATIENCE:
            return [result for image in turned for result in predictor([image])]
        return results

    def _objects(self, result: Any, image: Image) -> Detections:  # noqa: ANN401 - a Results
        boxes = result.boxes
        return ranked(
            boxes.xyxy.float().cpu().numpy(),
            boxes.conf.float().cpu().numpy(),
            boxes.cls.long().cpu().numpy(),
            self.classes,
            (image.shape[0], image.shape[1]),
            min_score=self.min_score,
            max_objects=self.max_objects,
        )

    def _classes(self) -> tuple[str, ...]:
        """The names that the weights hold; an exported model has to be opened to tell."""
        names: Any = getattr(self.network, "names", None)
        if self.network is None:
            opened = self._on(torch.device("cpu")).model
            check_task(YOLO, self.info.name, opened.task or "unknown")
            names = opened.names
        if isinstance(names, dict):
            return tuple(str(names[number]) for number in sorted(names))
        return tuple(map(str, names))
