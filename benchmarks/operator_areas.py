"""The published procedure of difference areas, one crop at a time, and what counts its model calls.

A rendering of what data-juicer's difference area generator does, for comparison only; see areas.py.
"""

from __future__ import annotations

import string
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import cv2
import numpy as np
import torch
import transformers
from PIL import Image as Picture
from torch import nn
from torch.nn import functional

from spotdiff.experts.blip import BlipMatcher
from spotdiff.experts.clip import Clip
from spotdiff.stages.area_rules import AreaRules
from spotdiff.stages.similarity import Similarity
from spotdiff.types import Boxes, ModelInfo, PairRow

CAPTIONS = ("a dog and a cat and a tree", "a car and a sign and a boat")
RANDOM = ModelInfo("random weights", "")
Proposed = tuple[Boxes, Boxes]
Nouns = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True)
class Models:
    """CLIP ViT-B/32 and BLIP base for matching, as large as the published ones, weights drawn."""

    clip: Any
    clip_images: Any
    blip: Any
    blip_processor: Any

    @classmethod
    def drawn(cls, device: str) -> Models:
        """New ones, always the same."""
        torch.manual_seed(0)
        text, vision = {"num_attention_heads": 12}, {"image_size": 384}
        blip = transformers.BlipConfig(text_config=text, vision_config=vision)
        letters = string.ascii_lowercase + string.digits + string.punctuation
        tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *" ".join(CAPTIONS).split()]
        tokens = list(dict.fromkeys([*tokens, *letters, *(f"##{letter}" for letter in letters)]))
        tokenizer = transformers.BertTokenizer(
            vocab={token: number for number, token in enumerate(tokens)}, model_max_length=512
        )
        images = transformers.BlipImageProcessor(size={"height": 384, "width": 384})
        return cls(
            _awake(transformers.CLIPModel(transformers.CLIPConfig())).to(device),
            transformers.CLIPImageProcessor(),
            _awake(transformers.BlipForImageTextRetrieval(blip)).to(device),
            transformers.BlipProcessor(images, tokenizer),
        )

    @property
    def similarity(self) -> Similarity:
        """Ours on this CLIP."""
        return Similarity(Clip(self.clip, self.clip_images, RANDOM))

    @property
    def matcher(self) -> BlipMatcher:
        """Ours on this BLIP."""
        return BlipMatcher(self.blip, self.blip_processor, RANDOM)


def _awake(model: nn.Module) -> nn.Module:
    """Weights so large that inputs matter: those of a new BLIP hardly let an image through."""
    for weight in model.parameters():
        if weight.dim() > 1:
            nn.init.normal_(weight, std=1.5 / weight[0].numel() ** 0.5)
    return model.eval().requires_grad_(False)


class Meter:
    """Calls, inputs and seconds of the parts of the models while it is open."""

    def __init__(self, models: Models) -> None:
        self.parts: dict[str, tuple[nn.Module, str]] = {
            "CLIP vision, images": (models.clip.vision_model, "pixel_values"),
            "CLIP text, texts": (models.clip.text_model, "input_ids"),
            "BLIP vision, images": (models.blip.vision_model, "pixel_values"),
            "BLIP cross-attention, texts": (models.blip.text_encoder, "input_ids"),
        }
        self.first = models.blip_processor.tokenizer.cls_token_id
        self.device = models.blip.device.type
        self.calls, self.items = (dict.fromkeys(self.parts, 0) for _ in range(2))
        self.inside = 0.0
        self._handles: list[Any] = []
        self._since = 0.0

    def __enter__(self) -> Self:
        for name, (module, argument) in self.parts.items():
            self._handles.append(module.register_forward_pre_hook(self._start))
            ended = self._ended(name, argument)
            self._handles.append(module.register_forward_hook(ended, with_kwargs=True))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for handle in self._handles:
            handle.remove()

    def _start(self, *_: object) -> None:
        _synchronise(self.device)
        self._since = time.perf_counter()

    def _ended(self, name: str, argument: str) -> Callable[..., None]:
        def ended(_module: nn.Module, _args: object, given: dict[str, Any], _out: object) -> None:
            _synchronise(self.device)
            self.inside += time.perf_counter() - self._since
            batch = given[argument]
            # several texts may share a sequence: each begins with the same token
            texts = name.startswith("BLIP") and argument == "input_ids"
            self.items[name] += int((batch == self.first).sum()) if texts else len(batch)
            self.calls[name] += 1

        return ended


def _synchronise(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


class Operator:
    """The published procedure: one crop at a time, through files.

    Args:
        models: What it asks.
        rules: Its thresholds.
        suffix: Of the files of crops; .png loses nothing.
    """

    def __init__(self, models: Models, rules: AreaRules, suffix: str = ".jpg") -> None:
        self.models = models
        self.rules = rules
        self.suffix = suffix
        self.written = self.survivors = 0

    def __call__(self, row: PairRow, proposed: Proposed, nouns: Nouns) -> list[list[float]]:
        """The boxes that are left, in the order of their arrival."""
        rules = self.rules
        whole = self._alike(row.before, row.after)
        if not rules.min_similarity <= whole <= rules.max_similarity:
            return []
        boxes = np.concatenate(proposed).tolist()
        with tempfile.TemporaryDirectory() as folder:
            crops = self._crops(row, boxes, Path(folder))
            shown = [[self._shows(two[side], nouns[side]) for side in (0, 1)] for two in crops]
            matched = [number for number, sides in enumerate(shown) if all(sides)]
            self.survivors += len(matched)
            alike = [self._alike(*crops[i]) for i in matched]
        low, high = rules.min_region_similarity, rules.max_region_similarity
        left = [boxes[i] for i, s in zip(matched, alike, strict=True) if low <= s <= high]
        return _suppressed(left, rules.max_overlap)

    def _crops(
        self, row: PairRow, boxes: Sequence[Sequence[float]], folder: Path
    ) -> list[tuple[Path, Path]]:
        before, after = (np.asarray(cv2.imread(str(path))) for path in (row.before, row.after))
        after = cv2.resize(after, before.shape[1::-1])
        found = []
        for number, box in enumerate(boxes):
            x0, y0, x1, y1 = map(int, box)
            two = tuple(folder / f"{number}_{side}{self.suffix}" for side in (1, 2))
            for path, view in zip(two, (before, after), strict=True):
                cv2.imwrite(str(path), view[y0:y1, x0:x1])
                self.written += 1
            found.append((two[0], two[1]))
        return found

    def _shows(self, crop: Path, nouns: Sequence[str]) -> bool:
        return max([self._match(crop, noun) for noun in nouns]) >= self.rules.min_match

    @torch.inference_mode()
    def _match(self, crop: Path, noun: str) -> float:
        picture = Picture.open(crop).convert("RGB")
        inputs = self.models.blip_processor(images=picture, text=noun, return_tensors="pt")
        logits = self.models.blip(**inputs.to(self.models.blip.device)).itm_score
        return float(logits.softmax(dim=-1)[0, 1])

    @torch.inference_mode()
    def _alike(self, first: Path, second: Path) -> float:
        vectors = []
        for path in (first, second):
            picture = Picture.open(path).convert("RGB")
            pixels = self.models.clip_images(images=picture, return_tensors="pt").pixel_values
            found = self.models.clip.get_image_features(
                pixel_values=pixels.to(self.models.clip.device)
            )
            vectors.append(found.pooler_output)
        return float(functional.cosine_similarity(*vectors))


def _suppressed(boxes: Sequence[list[float]], max_overlap: float) -> list[list[float]]:
    kept: list[list[float]] = []
    for box in boxes:
        if all(_overlap(box, other) <= max_overlap for other in kept):
            kept.append(box)
    return kept


def _overlap(one: Sequence[float], two: Sequence[float]) -> float:
    """Intersection over union, the last pixel counted in."""
    width = min(one[2], two[2]) - max(one[0], two[0]) + 1
    height = min(one[3], two[3]) - max(one[1], two[1]) + 1
    shared = max(0.0, width) * max(0.0, height)
    areas = [(box[2] - box[0] + 1) * (box[3] - box[1] + 1) for box in (one, two)]
    return shared / (sum(areas) - shared)
