"""The borrowed models that the GPU table asks: published sizes or tiny ones, random weights."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from gpu_clock import Busy, busy, median_seconds, seconds, table
from operator_areas import CAPTIONS, RANDOM, Models

from spotdiff.apps.own_experts import siamese_embedder
from spotdiff.experts.blip import BlipMatcher
from spotdiff.experts.clip import Clip
from spotdiff.experts.owlvit import OwlViT
from spotdiff.types import Boxes, Image, Pair

ROOT = Path(__file__).resolve().parents[1]
NAMES = ("dog", "car", "traffic light", "person")
Ask = Callable[[], list[np.ndarray]]


def models(tiny: bool) -> Models:
    """CLIP and BLIP, as large as the published ones or as those of the tests."""
    if not tiny:
        return Models.drawn("cpu")
    sys.path.insert(0, str(ROOT))
    from tests.experts.conftest import SIDE, _blip_parts, _layers, _vision

    torch.manual_seed(0)
    config = transformers.CLIPConfig(text_config=_layers(), vision_config=_vision())
    clip = transformers.CLIPModel(config).eval()
    images = transformers.CLIPImageProcessor(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
    )
    return Models(clip, images, *_blip_parts("BlipForImageTextRetrieval"))


def owl(tiny: bool, half: bool = False) -> OwlViT:
    """OWLv2 that reports everything it looks at; the builders of the tests draw its parts."""
    sys.path.insert(0, str(ROOT))
    from tests.experts.tiny_detectors import owl_parts

    model, processor = owl_parts("Owlv2")
    if not tiny:
        side = {"height": 768, "width": 768}
        processor.image_processor = transformers.Owlv2ImageProcessor(size=side)
        torch.manual_seed(3)
        model = transformers.Owlv2ForObjectDetection(transformers.Owlv2Config()).eval()
    return OwlViT(model, processor, RANDOM, min_score=0.0, max_objects=100_000, half=half)


def print_experts(device: str, pairs: Sequence[Pair], tiny: bool) -> None:
    """What each expert says of some regions, on the device and on the CPU, and how fast."""
    images = [view for pair in pairs for view in (pair.before, pair.after)]
    boxes = [_boxes(image, 4 if tiny else 6, seed) for seed, image in enumerate(images)]
    columns = (
        "expert",
        "numbers",
        "largest number",
        "float32, largest difference",
        "half, largest difference",
        "CPU, s",
        "float32, s",
        "half, s",
        "busy, half",
    )
    title = f"Experts, random weights: images {len(images)}, regions {sum(map(len, boxes))}"
    rows = (_row(name, make, device, images, boxes) for name, make in _makers(tiny).items())
    table(title, columns, rows)


def _makers(tiny: bool) -> dict[str, Callable[[bool], Any]]:
    drawn = models(tiny)
    clip, blip = (drawn.clip, drawn.clip_images), (drawn.blip, drawn.blip_processor)
    base = "tiny" if tiny else "base"
    return {
        f"CLIP {'tiny' if tiny else 'B/32'}, vectors": lambda half: Clip(*clip, RANDOM, half=half),
        f"BLIP {base}, match": lambda half: BlipMatcher(*blip, RANDOM, half=half),
        f"OWLv2 {base}, scores": lambda half: owl(tiny, half),
        "own encoders, vectors": lambda half: None if half else siamese_embedder(),
    }


def _row(
    name: str,
    make: Callable[[bool], Any],
    device: str,
    images: Sequence[Image],
    boxes: Sequence[Boxes],
) -> Sequence[str]:
    true, cpu, _ = _asked(make(False).to("cpu"), "cpu", images, boxes)
    cells, times, seen = [], [], Busy()
    for half in (False, True):
        expert = make(half)
        if expert is None:
            cells.append("–")
            times.append("–")
            continue
        said, spent, seen = _asked(expert.to(device), device, images, boxes)
        cells.append(f"{np.abs(said - true).max():.1e}" if said.shape == true.shape else "–")
        times.append(f"{spent:.3f}")
        expert.to("cpu")
    most = f"{np.abs(true).max():.3f}"
    return [name, f"{true.size}", most, *cells, f"{cpu:.2f}", *times, seen.share]


def _asked(
    expert: Any,  # noqa: ANN401 - any of the experts
    device: str,
    images: Sequence[Image],
    boxes: Sequence[Boxes],
) -> tuple[np.ndarray, float, Busy]:
    """What it says as one array in an order that a rank does not change, seconds, the card."""
    if isinstance(expert, OwlViT):
        ask = partial(expert, images, NAMES)
        found = np.concatenate([np.sort(seen.scores) for seen in ask()])
    elif isinstance(expert, BlipMatcher):
        nouns = CAPTIONS[0].split()[1::3]
        ask = partial(expert, images, boxes, [nouns] * len(images))
        found = np.concatenate([scores.ravel() for scores in ask()])
    else:
        # copies: our own encoders remember the images that they have seen
        ask = lambda: expert([image.copy() for image in images], boxes)  # noqa: E731
        found = np.concatenate([vectors.ravel() for vectors in ask()])
    if device == "cpu":
        return found, seconds(ask, device), Busy()
    spent = median_seconds(ask, device, repeats=3, warm_up=1)
    with busy(device) as seen:
        ask()
    return found, spent, seen


def _boxes(image: Image, count: int, seed: int) -> Boxes:
    """Boxes of 3 to 60 % of the sides."""
    rng = np.random.default_rng(seed)
    size = np.exp(rng.uniform(np.log(0.03), np.log(0.6), (count, 2)))
    start = rng.uniform(0, 1 - size)
    sides = np.tile(image.shape[1::-1], 2)
    return (np.concatenate([start, start + size], axis=1) * sides).astype(np.float32)
