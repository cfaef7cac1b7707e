"""Names for regions: a small network that looks at both views of a region, at full resolution.

Cells of a label map are too coarse for a mousebite on a track, and one view alone does not show
what is wrong with it. So each region that the change map found is cut out of both views, in one
batch over all regions of all pairs, and read by a tower of convolutions.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.ops import roi_align

MIN_WINDOW = 64.0  # px a side; less would show a spot without its surroundings
SEMANTIC_STRIDES = (8, 16)  # of the pyramid maps that a head may read
_POOLS = (torch.mean, torch.amax)
CONTEXT = 1.6  # window side over the long side of the box


class RegionHead(nn.Module):
    """What a region shows, from both views of it.

    Before, after and their absolute difference pass four convolutions down to stride 8; with
    `semantic` features of a pretrained pyramid join there. Three more go on to stride 16, where
    each place sees the whole window: whether a gap crosses a track is not told by its rim. Mean and
    maximum over the window at both strides are read by a linear layer.

    Args:
        vocabulary: The labels; beside them stands an unnamed rest with logit 0.
        side: Of the windows as the tower sees them, in pixels, a multiple of 32.
        width: Channels of the first convolution; the last has four times as many.
        semantic: Channels of the pyramid maps at strides 8 and 16 that are read as well; empty
            where looks alone decide, as on circuit boards.
        directed: Whether a name depends on which view came first: copper that is gone is an open
            track, copper that came a short one. If not, both orders are read and averaged, so that
            exchanging the views exchanges nothing in the names.
        upright: Whether regions have a right way up. If not, answers are those of all eight ways to
            turn and mirror them, averaged; see `SiameseChangeNet.region_logits`.
        max_gap: Regions of one kind and name with at most so many pixels between them are parts of
            one thing; negative where things of one name stand side by side.
        dropout: Share of the features that is dropped in training.

    Raises:
        ValueError: If `side` is no multiple of 32, or `semantic` is not one number a stride.
    """

    def __init__(
        self,
        vocabulary: tuple[str, ...] | list[str],
        side: int = 64,
        width: int = 24,
        semantic: tuple[int, ...] | list[int] = (),
        directed: bool = False,
        upright: bool = True,
        max_gap: float = -1.0,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        if side % 32 or side < 32:
            raise ValueError(f"Expected side to be a multiple of 32 pixels, got {side}.")
        if len(semantic) not in (0, len(SEMANTIC_STRIDES)):
            wanted = "channels at strides 8 and 16, or none"
            raise ValueError(f"Expected semantic to be the {wanted}, got {list(semantic)}.")
        self.vocabulary = tuple(vocabulary)
        self.side = side
        self.semantic = tuple(semantic)
        self.directed = directed
        self.upright = upright
        self.max_gap = max_gap
        self.tower = nn.Sequential(
            _block(9, width, 2), _block(width, 2 * width, 2), _block(2 * width, 4 * width, 2)
        )
        self.laterals = nn.ModuleList(nn.Conv2d(3 * c, 4 * width, 1) for c in self.semantic)
        self.join = _block(4 * width, 4 * width, 1)
        self.whole = nn.Sequential(
            _block(4 * width, 4 * width, 2),
            _block(4 * width, 4 * width, 1),
            _block(4 * width, 4 * width, 1),
        )
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(16 * width, len(self.vocabulary))

    def forward(self, before: Tensor, after: Tensor, maps: Sequence[Tensor] = ()) -> Tensor:
        """(n, v) logits of windows (n, 3, side, side) in [0, 1].

        Args:
            before: Windows of the before view.
            after: The same windows of the after view.
            maps: Pyramid maps of both, stacked on the batch axis (before first), one for each entry
                of `semantic`.
        """
        halves = [both.chunk(2) for both in maps]
        logits = self._read(before, after, halves)
        if self.directed:
            return logits
        return (logits + self._read(after, before, [(b, a) for a, b in halves])) / 2

    def _read(self, before: Tensor, after: Tensor, halves: Sequence[tuple[Tensor, ...]]) -> Tensor:
        seen = self.tower(_side_by_side(before, after) - 0.5)
        for lateral, (one, other) in zip(self.laterals, halves, strict=True):
            beside = lateral(_side_by_side(one, other))
            seen = seen + functional.interpolate(beside, seen.shape[-2:], mode="nearest")
        seen = self.join(seen)
        both = (seen, self.whole(seen))
        pooled = torch.cat([pool(some, (2, 3)) for some in both for pool in _POOLS], dim=1)
        logits: Tensor = self.out(self.dropout(pooled))
        return logits


def windows(boxes: Tensor) -> Tensor:
    """Square windows (n, 4) around boxes (n, 4), with their surroundings; both xyxy in pixels.

    Example:
        >>> windows(torch.tensor([[10.0, 10.0, 14.0, 18.0], [0.0, 0.0, 100.0, 20.0]]))
        tensor([[-20., -18.,  44.,  46.],
                [-30., -70., 130.,  90.]])
    """
    centre, size = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    half = (size.amax(dim=1, keepdim=True) * CONTEXT).clamp(min=MIN_WINDOW) / 2
    return torch.cat([centre - half, centre + half], dim=1)


def cut(image: Tensor, boxes: Tensor, side: int) -> Tensor:
    """The `windows` of boxes in an image (3, h, w), resampled to (n, 3, side, side).

    A window of `side` pixels is not resampled; of larger ones, areas are averaged. What lies
    outside the image is black in both views, hence no difference.
    """
    rows = torch.cat([boxes.new_zeros(len(boxes), 1), windows(boxes)], dim=1)
    cuts: Tensor = roi_align(image[None].float(), rows, side, sampling_ratio=-1, aligned=True)
    return cuts


def turns(images: Tensor) -> list[Tensor]:
    """The eight ways to turn and mirror square images (n, c, s, s) by quarter turns."""
    both = (images, images.flip(-1))
    return [torch.rot90(one, quarter, (-2, -1)) for one in both for quarter in range(4)]


def label_probabilities(logits: Tensor) -> Tensor:
    """(n, v + 1) probabilities of (n, v) logits; the last column is the unnamed rest."""
    return functional.softmax(torch.cat([logits, torch.zeros_like(logits[:, :1])], dim=1), dim=1)


def _side_by_side(one: Tensor, other: Tensor) -> Tensor:
    return torch.cat([one, other, (one - other).abs()], dim=1)


def _block(channels: int, width: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
    )
