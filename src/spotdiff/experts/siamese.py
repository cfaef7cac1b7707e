"""How alike regions look to the encoders of our own model; nothing to download."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from itertools import groupby
from typing import TypeAlias

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.ops import roi_align

from spotdiff.models.precision import exact_convolutions
from spotdiff.models.siamese import SiameseChangeNet
from spotdiff.ops.frames import resize
from spotdiff.types import Boxes, Embeddings, Image, ModelInfo

_STRIDES = (4, 8)  # of the pyramid's levels that are read: fine enough for small things
_Maps: TypeAlias = list[Tensor]


class SiameseEmbedder(nn.Module):
    """Describes a region by the features of a grid of cells in it; a `RegionEmbedder`.

    Every cell of every map is a unit vector, and all of them one after the other, scaled to length
    one, are the region's. So the dot product of two regions is the mean cosine of what lies in the
    same place: a change of layout counts, and light that scales all features does not.

    Args:
        net: Its encoders are used, its decoder is not.
        info: Which weights these are.
        cells: Cells of a region along each side.
        whole_cells: Cells of a whole image along each side.
        max_side: Larger images are shrunk to this longest side, in pixels.
        max_pixels: Pixels that go through the encoders at once.
    """

    def __init__(
        self,
        net: SiameseChangeNet,
        info: ModelInfo,
        cells: int = 3,
        whole_cells: int = 8,
        max_side: int = 1024,
        max_pixels: int = 2**20,
    ) -> None:
        super().__init__()
        self.pyramid = net.pyramid.eval().requires_grad_(False)
        self.encoder = net.encoder.eval().requires_grad_(False)
        self.levels = [self.pyramid.strides.index(stride) for stride in _STRIDES]
        self.multiple = net.multiple
        self.info = info
        self.cells = cells
        self.whole_cells = whole_cells
        self.max_side = max_side
        self.max_pixels = max_pixels
        # Views come twice, as wholes and with their regions: their maps live as long as they do.
        self._seen: dict[int, tuple[weakref.ref[Image], _Maps]] = {}

    @torch.inference_mode()
    @exact_convolutions()
    def forward(
        self, images: Sequence[Image], boxes: Sequence[Boxes] | None = None
    ) -> list[Embeddings]:
        """One unit vector a box; without boxes one row for the whole of every image."""
        self._see(images)
        found = []
        for index, image in enumerate(images):
            height, width = image.shape[:2]
            whole = np.array([[0, 0, width, height]], np.float32)
            regions = whole if boxes is None else boxes[index]
            cells = self.whole_cells if boxes is None else self.cells
            found.append(self._embedded(image, regions, cells))
        return found

    def _embedded(self, image: Image, boxes: Boxes, cells: int) -> Embeddings:
        maps = self._seen[id(image)][1]
        if not len(boxes):
            return np.zeros((0, sum(m.shape[1] for m in maps) * cells**2), np.float32)
        sides = [side / (side + -side % self.multiple) for side in self._fitted_size(image)]
        covered = np.array([sides[1], sides[0]] * 2, np.float32)  # of the maps, by the image
        unit = boxes / np.array([*image.shape[1::-1]] * 2, np.float32) * covered
        parts = [functional.normalize(_cut(m, unit, cells), dim=1).flatten(1) for m in maps]
        vectors = functional.normalize(torch.cat(parts, dim=1), dim=1)
        return np.asarray(vectors.float().cpu().numpy(), np.float32)

    def _see(self, images: Sequence[Image]) -> None:
        """Makes the maps of the images that are new, those of one size together."""
        new = list({id(i): i for i in images if not self._knows(i)}.values())
        small = [self._fitted(image) for image in new]
        order = sorted(range(len(new)), key=lambda i: small[i].shape)
        for shape, group in groupby(order, key=lambda i: small[i].shape):
            members = list(group)
            step = max(1, self.max_pixels // (shape[0] * shape[1]))
            for start in range(0, len(members), step):
                chosen = members[start : start + step]
                maps = self._maps([small[i] for i in chosen])
                for place, i in enumerate(chosen):
                    self._remember(new[i], [m[place : place + 1] for m in maps])

    def _maps(self, images: Sequence[Image]) -> _Maps:
        """Maps of images of one size, padded to whole multiples by repeating their edge."""
        height, width = images[0].shape[:2]
        down, right = -height % self.multiple, -width % self.multiple
        padded = [
            cv2.copyMakeBorder(image, 0, down, 0, right, cv2.BORDER_REPLICATE) for image in images
        ]
        views = torch.from_numpy(np.stack(padded)).to(self.encoder.mean.device)
        views = views.permute(0, 3, 1, 2).float() / 255
        pyramid = self.pyramid(views)
        return [*(pyramid[level] for level in self.levels), self.encoder(views)]

    def _fitted(self, image: Image) -> Image:
        return resize(image, self._fitted_size(image))

    def _fitted_size(self, image: Image) -> tuple[int, int]:
        factor = min(1.0, self.max_side / max(image.shape[:2]))
        return max(1, round(image.shape[0] * factor)), max(1, round(image.shape[1] * factor))

    def _knows(self, image: Image) -> bool:
        known = self._seen.get(id(image))
        return known is not None and known[0]() is image

    def _remember(self, image: Image, maps: _Maps) -> None:
        key = id(image)
        self._seen[key] = (weakref.ref(image, lambda _: self._seen.pop(key, None)), maps)


def _cut(maps: Tensor, boxes: Boxes, cells: int) -> Tensor:
    """(n, c, cells, cells) from one map (1, c, h, w) and boxes in shares of its sides."""
    height, width = maps.shape[-2:]
    places = boxes * np.array([width, height] * 2, np.float32)
    rows = np.concatenate([np.zeros((len(boxes), 1), np.float32), places], axis=1)
    regions = torch.from_numpy(rows.astype(np.float32)).to(maps)
    cut: Tensor = roi_align(maps, regions, (cells, cells), sampling_ratio=2, aligned=True)
    return cut
