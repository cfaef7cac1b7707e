"""A FastSAM of ultralytics' real classes with few random weights, which fires on any picture."""

from __future__ import annotations

from pathlib import Path

import torch
import yaml

from spotdiff.experts.containment import contained


def write_tiny_fastsam(folder: Path, seed: int = 0) -> Path:
    """Writes FastSAM-tiny.pt: a sixteenth of the width of the published small one, one class."""
    with contained():
        import ultralytics
        from ultralytics import YOLO

        plan = Path(ultralytics.__file__).parent / "cfg" / "models" / "v8" / "yolov8-seg.yaml"
        shape = yaml.safe_load(plan.read_text())
        shape |= {"nc": 1, "scales": {"t": [0.33, 0.0625, 1024]}, "scale": "t"}
        recipe = folder / "yolov8t-seg.yaml"
        recipe.write_text(yaml.safe_dump(shape))
        torch.manual_seed(seed)
        model = YOLO(recipe, task="segment")
        for branch in model.model.model[-1].cv3:
            torch.nn.init.constant_(branch[-1].bias, 0.0)
            torch.nn.init.normal_(branch[-1].weight, std=2.0)
        path = folder / "FastSAM-tiny.pt"
        model.save(path)
    return path
