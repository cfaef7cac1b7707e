"""YOLOs of ultralytics' real classes with few random weights, which fire on any picture."""

from __future__ import annotations

from pathlib import Path

import torch
import yaml

from spotdiff.experts.containment import contained

CLASSES = ("person", "car", "dog")
_PLANS = {"detect": "yolov8.yaml", "segment": "yolov8-seg.yaml", "pose": "yolov8-pose.yaml"}


def write_tiny_yolo(folder: Path, task: str = "detect", seed: int = 0) -> Path:
    """Writes yolo-tiny-TASK.pt: a quarter of the width of the published nano one, three classes."""
    with contained():
        import ultralytics
        from ultralytics import YOLO

        plans = Path(ultralytics.__file__).parent / "cfg" / "models" / "v8"
        shape = yaml.safe_load((plans / _PLANS[task]).read_text())
        shape |= {"nc": len(CLASSES), "scales": {"t": [0.33, 0.0625, 1024]}, "scale": "t"}
        recipe = folder / f"yolov8t-{task}.yaml"
        recipe.write_text(yaml.safe_dump(shape))
        torch.manual_seed(seed)
        model = YOLO(recipe, task=task)
        model.model.names = dict(enumerate(CLASSES))
        for branch in model.model.model[-1].cv3:
            torch.nn.init.constant_(branch[-1].bias, 0.0)
            torch.nn.init.normal_(branch[-1].weight, std=2.0)
        path = folder / f"yolo-tiny-{task}.pt"
        model.save(path)
    return path
