"""Several texts in one sequence, so that what they are compared with is looked at once for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float32, Int64
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Pack:
    """Texts one after the other, each with positions of its own and blind for the others.

    Attributes:
        ids: Tokens.
        positions: Of each token in its text, from 0.
        members: Which text each token belongs to, from 0.
        starts: Where each text begins.
    """

    ids: tuple[int, ...]
    positions: tuple[int, ...]
    members: tuple[int, ...]
    starts: tuple[int, ...]

    @classmethod
    def of(cls, texts: Sequence[Sequence[int]]) -> Pack:
        """Packs the tokens of some texts.

        Example:
            >>> pack = Pack.of([[7, 8], [7, 9, 8]])
            >>> pack.ids, pack.starts
            ((7, 8, 7, 9, 8), (0, 2))
            >>> pack.positions, pack.members
            ((0, 1, 0, 1, 2), (0, 0, 1, 1, 1))
        """
        places = [(text, place) for text, ids in enumerate(texts) for place in range(len(ids))]
        return cls(
            tuple(texts[text][place] for text, place in places),
            tuple(place for _, place in places),
            tuple(text for text, _ in places),
            tuple(at for at, (_, place) in enumerate(places) if place == 0),
        )


def packs(texts: Sequence[Sequence[int]], max_tokens: int) -> list[Pack]:
    """Packs texts in their order, each pack as long as it may be; a longer text is one alone.

    Example:
        >>> [pack.ids for pack in packs([[1, 2], [3, 4], [5, 6]], max_tokens=5)]
        [(1, 2, 3, 4), (5, 6)]
    """
    groups: list[list[Sequence[int]]] = []
    room = 0
    for text in texts:
        if not groups or len(text) > room:
            groups.append([])
            room = max_tokens
        groups[-1].append(text)
        room -= len(text)
    return [Pack.of(group) for group in groups]


@dataclass(frozen=True, slots=True)
class PackedBatch:
    """Packs as a model takes them; `mask` is added to what attention scores tokens with."""

    ids: Int64[Tensor, "n l"]
    positions: Int64[Tensor, "n l"]
    mask: Float32[Tensor, "n 1 l l"]


def packed_batch(rows: Sequence[Pack], padding: int, device: torch.device) -> PackedBatch:
    """A batch of packs, filled up to the longest with a token that no text sees."""
    ids = _filled([row.ids for row in rows], padding, device)
    positions = _filled([row.positions for row in rows], 0, device)
    members = _filled([row.members for row in rows], -1, device)
    together = members[:, None, :] == members[:, :, None]
    mask = torch.zeros(together.shape, device=device)
    mask.masked_fill_(~together, torch.finfo(mask.dtype).min)
    return PackedBatch(ids, positions, mask[:, None])


def _filled(rows: Sequence[Sequence[int]], padding: int, device: torch.device) -> Tensor:
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[padding] * (longest - len(row))] for row in rows], device=device)
