"""The Siamese change network: two photographs in, a map per kind and label maps per view out.

Both views pass the same weights as one batch, in both orders: (before, after) and (after, before).
"Only here" in the after view is *added*, "only here" in the before view is *removed*, so exchanging
the photographs exchanges the two maps exactly. *Changed* is the mean of both orders and stays. A
gate that is zero where the views are equal bounds every logit, so identical photographs give no
change whatever the weights are.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from spotdiff.models.batch import CELL
from spotdiff.models.encoder import ViTEncoder
from spotdiff.models.fusion import LocalCorrelation, TwoWayAttention
from spotdiff.models.pooling import GatePool, LabelPool
from spotdiff.models.pyramid import PyramidEncoder
from spotdiff.models.regions import SEMANTIC_STRIDES, RegionHead, turns

MIN_GATE = 1e-6  # of the equality gate: identical views get at most this probability of change


@dataclass(frozen=True, slots=True)
class ChangeLogits:
    """What the network says of b pairs; every value is a logit.

    Attributes:
        kinds: (b, 3, h/2, w/2), change of each kind at each place.
        labels_before: (b, v, h/16, w/16), labels of what the before view shows; see
            `label_log_probabilities` for their scale.
        labels_after: The same for the after view.
        gates: (b, 3), whether the pair holds a change of each kind.
        label_sets: (b, 3, v), whether it holds a change of each kind and label.
    """

    kinds: Tensor
    labels_before: Tensor
    labels_after: Tensor
    gates: Tensor
    label_sets: Tensor


class SiameseChangeNet(nn.Module):
    """See the module's docstring.

    Args:
        encoder: Patch tokens: what things are, and where they went.
        pyramid: Convolutional features at strides 2 to 32: where edges are, to the pixel.
        vocabulary: The labels that may be named; may be empty.
        widths: Channels of the decoder at strides 2, 4, 8, …, one a level of the pyramid.
        depths: Convolution blocks at each of these strides; the coarse ones are cheap, and they
            are where a thing is filled in that only its edges tell from the ground.
        correlation_strides: Levels that search their neighbourhood for a match.
        regions: Names what single regions show, once they are found; see `region_logits`.
    """

    multiple = 32  # height and width of the input are multiples of it

    def __init__(
        self,
        encoder: ViTEncoder,
        pyramid: PyramidEncoder,
        vocabulary: tuple[str, ...] | list[str] = (),
        widths: tuple[int, ...] | list[int] = (24, 32, 48, 64, 64),
        depths: tuple[int, ...] | list[int] = (1, 1, 1, 1, 1),
        correlation_strides: tuple[int, ...] | list[int] = (4, 8),
        regions: RegionHead | None = None,
    ) -> None:
        super().__init__()
        self.vocabulary = tuple(vocabulary)
        self.encoder = encoder
        self.pyramid = pyramid
        self.attention = TwoWayAttention(encoder.channels, widths[-1])
        self.pixels = nn.Sequential(_block(9, 16, stride=2), _block(16, 16))
        self.levels = nn.ModuleList(
            Level(channels, width, coarser, depth, stride in correlation_strides)
            for channels, width, coarser, depth, stride in zip(
                pyramid.channels,
                widths,
                [*widths[1:], widths[-1]],
                depths,
                pyramid.strides,
                strict=True,
            )
        )
        last = nn.Conv2d(widths[0], 2, 1)
        if last.bias is not None:
            nn.init.constant_(last.bias, -3.0)  # change is rare: start from there
        self.head = nn.Sequential(_block(widths[0] + 16, widths[0]), last)
        self.equality = EqualityGate(levels=len(widths) + 1)
        self.labels = LabelHead([*pyramid.channels[3:], encoder.channels], len(self.vocabulary))
        self.gate_pool = GatePool()
        self.label_pool = LabelPool(len(self.vocabulary))
        self.regions = regions

    def forward(self, before: Tensor, after: Tensor) -> ChangeLogits:
        """Logits of (b, 3, h, w) uint8 or [0, 1] photographs, h and w multiples of 32."""
        views = torch.cat([before, after])
        views = views.float() / 255 if views.dtype == torch.uint8 else views
        maps, tokens = self.pyramid(views), self.encoder(views)
        kinds = self._kinds(views, maps, tokens)
        labels_before, labels_after = self.labels([*maps[3:], tokens], views.shape[-2:]).chunk(2)
        gates, sets = self.pool(kinds, labels_before, labels_after)
        return ChangeLogits(kinds, labels_before, labels_after, gates, sets)

    def region_logits(self, before: Tensor, after: Tensor, averaged: bool = False) -> Tensor:
        """(n, v) logits of `regions` for windows (n, 3, s, s) in [0, 1] of both views.

        Args:
            before: Windows of the before view.
            after: The same windows of the after view.
            averaged: Reads regions that have no right way up in all eight ways.

        Raises:
            ValueError: If the network has no head for regions.
        """
        if self.regions is None:
            raise ValueError("Expected a network with a region head, this one has none.")
        if averaged and not self.regions.upright:
            ways = zip(turns(before), turns(after), strict=True)
            return torch.stack([self.region_logits(*way) for way in ways]).mean(dim=0)
        maps: list[Tensor] = []
        if self.regions.semantic:
            seen = self.pyramid(torch.cat([before, after]))
            maps = [seen[self.pyramid.strides.index(stride)] for stride in SEMANTIC_STRIDES]
        logits: Tensor = self.regions(before, after, maps)
        return logits

    def pool(self, kinds: Tensor, before: Tensor, after: Tensor) -> tuple[Tensor, Tensor]:
        """Gates (b, 3) and label sets (b, 3, v) from the maps; also of maps stitched from tiles."""
        return self.gate_pool(kinds), self.label_pool(kinds, before, after)

    def _kinds(self, views: Tensor, maps: list[Tensor], tokens: Tensor) -> Tensor:
        """(b, 3, h/2, w/2) from both views stacked on the batch axis."""
        decoded = self.attention(tokens, exchange(tokens))
        for level, here in zip(reversed(self.levels), reversed(maps), strict=True):
            decoded = level(here, exchange(here), decoded)
        pixels = self.pixels(_side_by_side(views, exchange(views)))
        only_here, differs = self.head(torch.cat([decoded, pixels], dim=1)).split(1, dim=1)
        removed, added = only_here.chunk(2)
        one_way, other_way = differs.chunk(2)
        logits = torch.cat([added, removed, (one_way + other_way) / 2], dim=1)
        return gated(logits, self.equality([views, *maps], size=logits.shape[-2:]))


class Level(nn.Module):
    """One step of the decoder: compare the views at one stride, join what coarser steps found.

    Args:
        channels: Of the pyramid at this stride.
        width: Of the map that goes out.
        coarser: Channels of the coarser map that comes in.
        depth: Convolution blocks.
        correlate: Whether to search the neighbourhood for a match.
    """

    def __init__(
        self, channels: int, width: int, coarser: int, depth: int = 1, correlate: bool = False
    ) -> None:
        super().__init__()
        self.correlation = LocalCorrelation(channels) if correlate else None
        extra = self.correlation.channels if self.correlation else 0
        self.lateral = nn.Conv2d(3 * channels + extra, width, 1)
        self.down = nn.Conv2d(coarser, width, 1) if coarser != width else nn.Identity()
        blocks = (_block(width, width) for _ in range(depth))
        self.refine = nn.Sequential(*(layer for block in blocks for layer in block))

    def forward(self, here: Tensor, there: Tensor, coarser: Tensor) -> Tensor:
        """(b, width, h, w) from two maps (b, channels, h, w) and a smaller (b, coarser, ·, ·)."""
        compared = _side_by_side(here, there)
        if self.correlation is not None:
            compared = torch.cat([compared, self.correlation(here, there)], dim=1)
        out: Tensor = self.refine(
            self.lateral(compared) + _resize(self.down(coarser), here.shape[-2:])
        )
        return out


class EqualityGate(nn.Module):
    """Zero where the two views are equal at every scale, near one where they are not.

    g = 1 − exp(−Σ_l k_l d_l), with d_l the squared difference of the views' features at scale l,
    relative to their energy, and k_l > 0 learnt.

    Args:
        levels: How many scales are compared.
    """

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.log_slope = nn.Parameter(torch.full((levels,), 5.0))

    def forward(self, maps: list[Tensor], size: torch.Size) -> Tensor:
        """(b, 1, *size) in [0, 1) from maps with both views stacked on the batch axis."""
        evidence = torch.zeros((), device=maps[0].device)
        for slope, both in zip(self.log_slope.exp(), maps, strict=True):
            before, after = both.chunk(2)
            energy = (before.square() + after.square()).mean(dim=1, keepdim=True)
            change = (before - after).square().mean(dim=1, keepdim=True)
            evidence = evidence + slope * _resize(change / (energy + 1e-4), size)
        return -torch.expm1(-evidence)


class LabelHead(nn.Module):
    """What each cell of 16 × 16 pixels of a view shows.

    Args:
        channels: Of the maps that are read together.
        labels: Size of the vocabulary.
        width: Of the hidden layer.
    """

    def __init__(self, channels: list[int], labels: int, width: int = 192) -> None:
        super().__init__()
        self.norm = nn.ModuleList(nn.BatchNorm2d(c, affine=False) for c in channels)
        self.hidden = nn.Conv2d(sum(channels), width, 1)
        self.out = nn.Conv2d(width, labels, 1) if labels else None

    def forward(self, maps: list[Tensor], size: torch.Size) -> Tensor:
        """(b, v, h/16, w/16) logits for images of `size` (h, w)."""
        grid = torch.Size((size[0] // CELL, size[1] // CELL))
        if self.out is None:
            return maps[0].new_zeros(len(maps[0]), 0, *grid)
        read = [_resize(norm(m), grid) for norm, m in zip(self.norm, maps, strict=True)]
        out: Tensor = self.out(functional.gelu(self.hidden(torch.cat(read, dim=1))))
        return out


def exchange(views: Tensor) -> Tensor:
    """The two halves of the batch axis traded: (before, after) becomes (after, before)."""
    return views.roll(len(views) // 2, dims=0)


def gated(logits: Tensor, gate: Tensor) -> Tensor:
    """The logit of g · σ(s): s + log g − log(1 + eˢ (1 − g)), for a gate g in [0, 1).

    Example:
        >>> gated(torch.tensor([9.0]), torch.tensor([0.5])).sigmoid()
        tensor([0.4999])
    """
    gate = gate.clamp(MIN_GATE, 1 - MIN_GATE)
    return logits + gate.log() - functional.softplus(logits + torch.log1p(-gate))


def _side_by_side(here: Tensor, there: Tensor) -> Tensor:
    return torch.cat([here, there, (here - there).abs()], dim=1)


def _resize(maps: Tensor, size: torch.Size) -> Tensor:
    if maps.shape[-2:] == size:
        return maps
    return functional.interpolate(maps, size, mode="bilinear", align_corners=False)


def _block(channels: int, width: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
    )
