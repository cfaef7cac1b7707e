"""How two views look at each other: everywhere at once (attention) and nearby (correlation).

Both are directed: they describe what `here` shows in the light of what is `there`. Calling them on
(before, after) and (after, before), stacked into one batch, gives both directions at one price and
makes the pair symmetric by construction.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class TwoWayAttention(nn.Module):
    """What `here` shows that attention cannot explain from `there`.

    Each token of `here` is rebuilt as a mixture of the tokens of `there` (cross-attention,
    Vaswani et al. 2017, eq. 1); the token, its reconstruction and their difference go on. A thing
    that only moved a little finds itself; a thing that is only here does not.

    Args:
        channels: Of the tokens that come in.
        width: Of the maps that go out.
        heads: Of the attention; divides `width`.
    """

    def __init__(self, channels: int, width: int = 64, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.project = nn.Conv2d(channels, width, 1)
        self.query = nn.Conv2d(width, width, 1)
        self.key = nn.Conv2d(width, width, 1)
        self.out = nn.Conv2d(3 * width, width, 1)

    def forward(self, here: Tensor, there: Tensor) -> Tensor:
        """(b, width, h, w) from two maps (b, channels, h, w)."""
        here, there = self.project(here), self.project(there)
        query, key, value = (self._split(x) for x in (self.query(here), self.key(there), there))
        mixed = functional.scaled_dot_product_attention(query, key, value)
        rebuilt = mixed.transpose(2, 3).reshape(here.shape)
        out: Tensor = self.out(torch.cat([here, rebuilt, (here - rebuilt).abs()], dim=1))
        return out

    def _split(self, maps: Tensor) -> Tensor:
        """(b, c, h, w) as heads of tokens, (b, heads, h·w, c/heads)."""
        batch, channels = maps.shape[:2]
        return maps.reshape(batch, self.heads, channels // self.heads, -1).transpose(2, 3)


class LocalCorrelation(nn.Module):
    """Likeness of each place `here` with the places near it `there` (a cost volume).

    A pair that is out of register by a few pixels has a ridge beside the centre, where plain
    subtraction sees a change. Dosovitskiy et al. 2015 (FlowNet), eq. 1.

    Args:
        channels: Of the maps that come in.
        width: Channels that are compared.
        radius: Of the neighbourhood, in cells; (2 · radius + 1)² channels go out.
    """

    def __init__(self, channels: int, width: int = 16, radius: int = 2) -> None:
        super().__init__()
        self.project = nn.Conv2d(channels, width, 1)
        self.radius = radius
        self.channels = (2 * radius + 1) ** 2

    def forward(self, here: Tensor, there: Tensor) -> Tensor:
        """Cosines in [-1, 1], (b, (2r + 1)², h, w), from two maps (b, channels, h, w)."""
        here, there = (functional.normalize(self.project(x), dim=1) for x in (here, there))
        height, width = here.shape[-2:]
        reach = range(2 * self.radius + 1)
        padded = functional.pad(there, (self.radius,) * 4)
        cosines = [
            (here * padded[..., dy : dy + height, dx : dx + width]).sum(dim=1)
            for dy in reach
            for dx in reach
        ]
        return torch.stack(cosines, dim=1)
