"""The network as a localiser: photographs of any size in, probabilities in their pixels out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, TypeAlias, get_args

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from spotdiff.models.batch import CELL
from spotdiff.models.pooling import label_log_probabilities
from spotdiff.models.precision import exact_convolutions
from spotdiff.models.siamese import ChangeLogits, SiameseChangeNet
from spotdiff.ops.frames import resize
from spotdiff.ops.seams import Tile, blend, tiles
from spotdiff.types import ChangeMap, Image, Pair

Tiling: TypeAlias = Literal["auto", "off"]

_OUT = 2  # stride of the network's change logits


@dataclass(frozen=True, slots=True)
class _Maps:
    """Logits of one pair as arrays: (3, h/2, w/2) and twice (v, h/16, w/16)."""

    kinds: np.ndarray
    before: np.ndarray
    after: np.ndarray


class SiameseLocalizer:
    """Runs a `SiameseChangeNet` on pairs; implements `ChangeLocalizer`.

    Args:
        net: In evaluation mode; moved to `device`.
        words: What each label of the network is called in results; None takes its vocabulary.
        device: Where the network is moved to.
        tile: `auto` cuts views with a side above `max_side` into overlapping tiles, so that small
            things stay as large as they are; `off` shrinks such views.
        max_side: Longest side that is looked at in one piece, in pixels, a multiple of 32.
        overlap: Pixels that neighbouring tiles share at least, a multiple of 32; at most half a
            tile is shared.
        flip: Look at the mirrored pair too and average, at twice the cost.
        half: Compute in bfloat16 where it is safe; else float32 is exact, on a GPU too.
        max_pixels: Pixels of one view that go through the network at once.
    """

    def __init__(  # noqa: PLR0913 each is a setting of its own
        self,
        net: SiameseChangeNet,
        words: Sequence[str] | None = None,
        device: str | torch.device = "cpu",
        tile: Tiling = "auto",
        max_side: int = 1024,
        overlap: int = 128,
        flip: bool = False,
        half: bool = False,
        max_pixels: int = 2**20,
    ) -> None:
        if tile not in get_args(Tiling):
            msg = f"Expected tile to be one of {', '.join(get_args(Tiling))}, got {tile!r}."
            raise ValueError(msg)
        for name, value, least in (("max_side", max_side, net.multiple), ("overlap", overlap, 0)):
            if value % net.multiple or value < least:
                wanted = f"a multiple of {net.multiple} pixels, at least {least}"
                msg = f"Expected {name} to be {wanted}, got {value}."
                raise ValueError(msg)
        self.net = net.to(device).eval()
        self.words = tuple(net.vocabulary if words is None else words)
        self.tile = tile
        self.max_side = max_side
        self.overlap = overlap
        self.flip = flip
        self.half = half
        self.max_pixels = max_pixels

    @property
    def device(self) -> torch.device:
        """Where the network is now; a trainer may have moved it."""
        return self.net.equality.log_slope.device

    def __call__(self, pairs: Sequence[Pair]) -> list[ChangeMap]:
        """One map a pair, in the frame of its views.

        Raises:
            ValueError: If the two views of a pair differ in size.
        """
        for pair in pairs:
            if pair.before.shape != pair.after.shape:
                sizes = f"{pair.before.shape[:2]} and {pair.after.shape[:2]}"
                msg = f"Expected both views of pair {pair.pair_id!r} in one frame, got {sizes}."
                raise ValueError(msg)
        padded = [self._prepared(pair) for pair in pairs]
        maps = self._logits(padded)
        return [
            self._finished(pair, views, m)
            for pair, views, m in zip(pairs, padded, maps, strict=True)
        ]

    def _prepared(self, pair: Pair) -> tuple[Image, Image]:
        """Both views, shrunk if tiles are off, grown to whole multiples by repeating their edge."""
        height, width = pair.after.shape[:2]
        shrink = min(1.0, self.max_side / max(height, width)) if self.tile == "off" else 1.0
        size = (max(1, round(height * shrink)), max(1, round(width * shrink)))
        return self._padded(resize(pair.before, size)), self._padded(resize(pair.after, size))

    def _padded(self, image: Image) -> Image:
        down, right = (-side % self.net.multiple for side in image.shape[:2])
        if not down and not right:
            return image
        padded = cv2.copyMakeBorder(image, 0, down, 0, right, cv2.BORDER_REPLICATE)
        return np.asarray(padded, np.uint8)

    def _logits(self, views: Sequence[tuple[Image, Image]]) -> list[_Maps]:
        """Maps of padded pairs; all their tiles go through the network in batches of one size."""
        layouts = [self._layout(after) for _, after in views]
        crops = [
            (before[tile.window], after[tile.window])
            for (before, after), layout in zip(views, layouts, strict=True)
            for tile in layout
        ]
        pieces = iter(self._batched(crops))
        return [
            _stitched(layout, [next(pieces) for _ in layout], after.shape[:2])
            for (_, after), layout in zip(views, layouts, strict=True)
        ]

    def _layout(self, image: Image) -> list[Tile]:
        """Tiles on the grid of the network's multiple, so that maps of tiles fall on one raster."""
        unit = self.net.multiple
        height, width = (side // unit for side in image.shape[:2])
        if max(height, width) * unit <= self.max_side:
            return [Tile(0, 0, height * unit, width * unit)]
        size = self.max_side // unit
        small = tiles(height, width, size, min(self.overlap // unit, size // 2))
        return [Tile(*(edge * unit for edge in tile)) for tile in small]

    def _batched(self, crops: Sequence[tuple[Image, Image]]) -> list[_Maps]:
        found: dict[int, _Maps] = {}
        order = sorted(range(len(crops)), key=lambda i: crops[i][0].shape)
        for shape, group in groupby(order, key=lambda i: crops[i][0].shape):
            members = list(group)
            step = max(1, self.max_pixels // (shape[0] * shape[1]))
            for start in range(0, len(members), step):
                chosen = members[start : start + step]
                answers = self._network([crops[i] for i in chosen])
                found.update(zip(chosen, answers, strict=True))
        return [found[i] for i in range(len(crops))]

    @torch.inference_mode()
    def _network(self, crops: Sequence[tuple[Image, Image]]) -> Iterator[_Maps]:
        try:
            out = self._seen(crops)
        except torch.OutOfMemoryError as error:
            height, width = crops[0][0].shape[:2]
            raise RuntimeError(
                f"Expected memory on {self.device} for views of {width}x{height} pixels, times "
                f"{len(crops)}, there is too little: a smaller max_side or half=true needs less."
            ) from error
        parts = (out.kinds, out.labels_before, out.labels_after)
        arrays = [part.float().cpu().numpy() for part in parts]
        return (_Maps(*(a[i] for a in arrays)) for i in range(len(crops)))

    @exact_convolutions()
    def _seen(self, crops: Sequence[tuple[Image, Image]]) -> ChangeLogits:
        before, after = (self._tensor([crop[view] for crop in crops]) for view in (0, 1))
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            out: ChangeLogits = self.net(before, after)
            if self.flip:
                out = _mean(out, self.net(before.flip(-1), after.flip(-1)))
        return out

    def _tensor(self, images: Sequence[Image]) -> Tensor:
        stacked = torch.from_numpy(np.ascontiguousarray(np.stack(images)))
        return stacked.to(self.device).permute(0, 3, 1, 2)

    @torch.inference_mode()
    def _finished(self, pair: Pair, views: tuple[Image, Image], maps: _Maps) -> ChangeMap:
        """Probabilities in the pair's own pixels, and what they say about the whole pair."""
        kinds, before, after = (
            torch.from_numpy(m)[None].to(self.device) for m in (maps.kinds, maps.before, maps.after)
        )
        gates, sets = self.net.pool(kinds, before, after)
        height, width = pair.after.shape[:2]
        padded_height, padded_width = views[1].shape[:2]
        shown = min(padded_height, height), min(padded_width, width)
        if self.tile == "off" and max(height, width) > self.max_side:
            shrink = self.max_side / max(height, width)
            shown = max(1, round(height * shrink)), max(1, round(width * shrink))
        heat = functional.interpolate(
            kinds, scale_factor=_OUT, mode="bilinear", align_corners=False
        )
        heat = heat[..., : shown[0], : shown[1]]
        if shown != (height, width):
            heat = functional.interpolate(
                heat, (height, width), mode="bilinear", align_corners=False
            )
        cells = tuple(-(-side // CELL) for side in shown)
        seen = [
            label_log_probabilities(m)[0, :, : cells[0], : cells[1]].exp() for m in (before, after)
        ]
        return ChangeMap(
            heat=heat[0].sigmoid().cpu().numpy(),
            gates=gates[0].sigmoid().cpu().numpy(),
            label_scores=sets[0].sigmoid().cpu().numpy(),
            labels_before=seen[0].cpu().numpy(),
            labels_after=seen[1].cpu().numpy(),
            vocabulary=self.words,
        )


def _mean(out: ChangeLogits, mirrored: ChangeLogits) -> ChangeLogits:
    return ChangeLogits(
        kinds=(out.kinds + mirrored.kinds.flip(-1)) / 2,
        labels_before=(out.labels_before + mirrored.labels_before.flip(-1)) / 2,
        labels_after=(out.labels_after + mirrored.labels_after.flip(-1)) / 2,
        gates=(out.gates + mirrored.gates) / 2,
        label_sets=(out.label_sets + mirrored.label_sets) / 2,
    )


def _stitched(layout: Sequence[Tile], pieces: Sequence[_Maps], size: tuple[int, ...]) -> _Maps:
    """One set of maps for an image of `size` from those of its tiles."""
    if len(pieces) == 1:
        return pieces[0]
    height, width = size
    return _Maps(
        *(
            blend(
                [Tile(*(edge // stride for edge in tile)) for tile in layout],
                [getattr(piece, name) for piece in pieces],
                (height // stride, width // stride),
            )
            for name, stride in (("kinds", _OUT), ("before", CELL), ("after", CELL))
        )
    )
