"""Regions of images, cut and brought to the input of a model on the device of that model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Self

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as pixels

from spotdiff.types import Boxes, Image

_STRIP = 32  # sides from which nearly all of a resized region would be cut away
_MODES = {  # by their numbers in PIL, which is how processors keep them
    0: InterpolationMode.NEAREST_EXACT,
    2: InterpolationMode.BILINEAR,
    3: InterpolationMode.BICUBIC,
}


@dataclass(frozen=True, slots=True)
class ModelInput:
    """What a model wants to see, as its image processor says.

    Regions are resized, the middle is cut out, and grey levels are scaled by `mean` and `std`, as
    the torchvision backend of the processor does it: on a CPU bit for bit, on a GPU within two
    grey levels. Only strips (sides above 32 : 1) of a model that keeps the aspect take another
    way: their long side is resized and cut before the short one, where the processor would blow up
    one of 1 × 1000 pixels to 224 × 224,000. For a tall one that clips elsewhere: by two grey levels
    at most where the picture is smooth, by up to 30 at single pixels where it is white noise.

    Attributes:
        size: Height and width that a region is stretched to, or the length of its shorter side.
        cut: Height and width of the middle that is kept.
        mode: Of the resizing, antialiased.
        mean: Of each channel, in grey levels from 0 to 255.
        std: Of each channel, in grey levels.
    """

    size: tuple[int, int] | int
    cut: tuple[int, int]
    mode: InterpolationMode
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def of(cls, processor: Any) -> Self:  # noqa: ANN401 - transformers is imported where it is used
        """The settings of an image processor of transformers.

        Raises:
            ValueError: If it does something else, or inputs would differ in size.
        """
        size, cut = _size(processor)
        steps = ("do_resize", "do_rescale", "do_normalize")
        skipped = [step for step in steps if not getattr(processor, step, False)]
        mode = _MODES.get(int(getattr(processor, "resample", None) or 0))
        edges = size if isinstance(size, tuple) else (size, size)
        if skipped or mode is None or cut[0] > edges[0] or cut[1] > edges[1]:
            raise ValueError(
                f"Expected an image processor that resizes (nearest, bilinear or bicubic), cuts no "
                f"more than that, rescales and normalises, got {type(processor).__name__} with "
                f"resample {processor.resample}, size {size}, cut {cut}, without {skipped}."
            )
        levels = 1 / processor.rescale_factor
        mean, std = (
            tuple(float(value) * levels for value in values)
            for values in (processor.image_mean, processor.image_std)
        )
        return cls(size, cut, mode, mean, std)

    def place(self, region: UInt8[Tensor, "3 h w"]) -> UInt8[Tensor, "3 H W"]:
        """A region at the size of the input."""
        if isinstance(self.size, tuple):
            return _middle(self._resized(region, *self.size), *self.cut)
        height, width = region.shape[-2:]
        longer = int(self.size * max(height, width) / min(height, width))
        tall = height > width
        size = (longer, self.size) if tall else (self.size, longer)
        if max(height, width) > _STRIP * min(height, width):
            along = (longer, width) if tall else (height, longer)
            kept = (self.cut[0], width) if tall else (height, self.cut[1])
            region = _middle(self._resized(region, *along), *kept)
            size = (self.cut[0], self.size) if tall else (self.size, self.cut[1])
        return _middle(self._resized(region, *size), *self.cut)

    def normalise(self, regions: UInt8[Tensor, "n 3 H W"]) -> Float[Tensor, "n 3 H W"]:
        """Numbers for the model, as float32."""
        scaled: Tensor = pixels.normalize(regions.float(), list(self.mean), list(self.std))
        return scaled

    def _resized(self, region: Tensor, height: int, width: int) -> Tensor:
        resized: Tensor = pixels.resize(region, [height, width], self.mode, antialias=True)
        return resized


def region_batches(
    images: Sequence[Image],
    boxes: Sequence[Boxes] | None,
    wanted: ModelInput,
    device: torch.device,
    batch_size: int,
) -> Iterator[Float[Tensor, "n 3 H W"]]:
    """All regions of all images in their order, in batches that do not stop at an image's end.

    Every image goes to the device once and stays no longer than its regions are being cut.

    Args:
        images: Of any sizes.
        boxes: Of each image, cut as `windows` says; None takes every image as a whole.
        wanted: What the model wants to see.
        device: Where that is done.
        batch_size: Regions of a batch at most.

    Raises:
        ValueError: If an image has no pixels or is no uint8 array (h, w, 3), or a box has no place.
    """
    placed = (wanted.place(region) for region in _regions(images, boxes, device))
    while batch := list(islice(placed, batch_size)):
        yield wanted.normalise(torch.stack(batch))


def windows(boxes: Boxes, height: int, width: int) -> Int64[np.ndarray, "n 4"]:
    """The whole pixels that boxes cut out of an image.

    Corners lose their fractions; a window lies in the image and has one pixel at least.

    Raises:
        ValueError: If a corner is no finite number, or rows are not of four.

    Example:
        >>> windows(np.float32([[1.9, 0, 4.9, 2.2], [-3, 5, 0.5, 5], [7, 8, 99, 99]]), 6, 8)
        array([[1, 0, 4, 2],
               [0, 5, 1, 6],
               [7, 5, 8, 6]])
    """
    if boxes.ndim != 2 or boxes.shape[1] != 4 or not np.isfinite(boxes).all():
        raise ValueError(f"Expected boxes (n, 4) of finite numbers, got {boxes.shape}: {boxes}")
    limits = np.array([width, height])
    first = boxes[:, :2].clip(0, limits - 1).astype(np.int64)
    last = boxes[:, 2:].clip(0, limits).astype(np.int64)
    return np.concatenate([first, np.maximum(last, first + 1)], axis=1)


def _regions(
    images: Sequence[Image], boxes: Sequence[Boxes] | None, device: torch.device
) -> Iterator[UInt8[Tensor, "3 h w"]]:
    wholes = boxes is None
    for image, own in zip(images, images if boxes is None else boxes, strict=True):
        if not wholes and not len(own):
            continue
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
            raise ValueError(
                f"Expected an image as uint8 array (h, w, 3), got {image.dtype} {image.shape}."
            )
        # channels come first from here on: a region of 3 rows is never taken for one
        whole = torch.from_numpy(np.array(image)).to(device).permute(2, 0, 1)
        height, width = image.shape[:2]
        cuts = [(0, 0, width, height)] if wholes else windows(own, height, width).tolist()
        for x0, y0, x1, y1 in cuts:
            yield whole[:, y0:y1, x0:x1].contiguous()


def _middle(region: Tensor, height: int, width: int) -> Tensor:
    top, left = (region.shape[-2] - height) // 2, (region.shape[-1] - width) // 2
    return region[..., top : top + height, left : left + width]


def _size(processor: Any) -> tuple[tuple[int, int] | int, tuple[int, int]]:  # noqa: ANN401 - see `of`
    """What an image processor resizes to and what it keeps of that, in pixels."""
    size, cut = getattr(processor, "size", None), None
    if getattr(processor, "do_center_crop", False):
        cut = _sides(processor.crop_size)
    square, edge = _sides(size), getattr(size, "shortest_edge", None)
    resized = int(edge) if edge and cut else square
    if resized is None or getattr(size, "longest_edge", None):
        raise ValueError(
            f"Expected an image processor whose outputs have one size, got "
            f"{type(processor).__name__} with size {size} and crop_size {cut}."
        )
    return resized, cut or square or (0, 0)


def _sides(size: Any) -> tuple[int, int] | None:  # noqa: ANN401 - see `of`
    height, width = getattr(size, "height", None), getattr(size, "width", None)
    return (int(height), int(width)) if height and width else None
