"""Attention of one picture taken from another while both are drawn: prompt-to-prompt.

Hertz et al. 2022, Prompt-to-prompt image editing with cross attention control, section 3.2:
https://arxiv.org/abs/2208.01626. Rows of a batch are before and after of one pair after the other;
with guidance, as many rows without a prompt come first, and these are left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import interpolate, scaled_dot_product_attention

Maps = Float[Tensor, "n heads positions w"]
"""Attention of positions of the picture (rows) to the w tokens of the prompt (columns)."""
Layer: TypeAlias = Any
"""An `Attention` of diffusers, which is imported where it is used."""


@dataclass(frozen=True, slots=True)
class PairControl:
    """What the after view of one pair takes from its before view, and for how long.

    Attributes:
        flow: Its map j is the sum over i of `flow[i, j]` times map i of before, as `TokenMap` says.
        factors: What its maps are multiplied by, at all steps.
        gone: Tokens that only before says.
        come: Tokens that only after says.
        cross_steps: First steps in which it takes the maps of tokens.
        self_steps: First steps in which it takes the attention of the picture to itself.
        max_positions: Larger self-attention is never taken; larger maps say no place.
        blend: Where both say less than this share of the most about what only one of them says,
            it takes the latent of before; None for nowhere.
    """

    flow: Float[Tensor, "w w"]
    factors: Float[Tensor, " w"]
    gone: Bool[Tensor, " w"]
    come: Bool[Tensor, " w"]
    cross_steps: int
    self_steps: int
    max_positions: int
    blend: float | None = None


def taken_maps(
    before: Maps, after: Maps, flow: Float[Tensor, "n w w"], factors: Float[Tensor, "n w"]
) -> Maps:
    """The maps of after: those of before where a token comes from one, its own where it is new.

    The rows of the result need not sum to 1: the method does not scale them anew.
    """
    has_source = flow.sum(1) > 0
    moved = before @ flow[:, None]
    return torch.where(has_source[:, None, None], moved, after) * factors[:, None, None]


def blended(
    latents: Float[Tensor, "two c h w"], heat: Float[Tensor, "two h w"], threshold: float
) -> Float[Tensor, "two c h w"]:
    """Before and after, where after is before but for what either says a word about.

    Args:
        latents: Before and after.
        heat: How much each place of both attends to what only that view says; zero for nothing.
        threshold: Share of the most heat above which a place belongs to it.
    """
    most = heat.flatten(1).amax(1).clamp(min=torch.finfo(heat.dtype).tiny)
    inside = (heat / most[:, None, None] > threshold).any(0)
    return torch.stack([latents[0], torch.where(inside, latents[1], latents[0])])


class AttentionControl:
    """What happens at this step, and what was seen at the steps before.

    Args:
        pairs: How each pair of the batch is controlled.
        size: Of the latents, (h, w).
    """

    def __init__(self, pairs: Sequence[PairControl], size: tuple[int, int]) -> None:
        self.pairs = tuple(pairs)
        self.size = size
        self.heats = {
            i: pair.flow.new_zeros((2, *size))
            for i, pair in enumerate(pairs)
            if pair.blend is not None
        }
        self._scaled = [bool((pair.factors != 1).any()) for pair in pairs]
        self._rows: dict[tuple[int, ...], Tensor] = {}
        self._begin(0)

    def _begin(self, step: int) -> None:
        """Finds out what is taken at a step, once for all layers."""
        self.step = step
        self.mapped = [
            i
            for i, pair in enumerate(self.pairs)
            if step < pair.cross_steps or self._scaled[i] or i in self.heats
        ]
        if self.mapped:
            chosen = [self.pairs[i] for i in self.mapped]
            flows = [p.flow if step < p.cross_steps else torch.zeros_like(p.flow) for p in chosen]
            self._flow = torch.stack(flows)
            self._factors = torch.stack([pair.factors for pair in chosen])

    def copied(self, positions: int) -> list[int]:
        """The pairs whose self-attention over so many positions after takes from before now."""
        return [
            i
            for i, pair in enumerate(self.pairs)
            if self.step < pair.self_steps and positions <= pair.max_positions
        ]

    def rows(self, rows: Sequence[int], device: torch.device) -> Tensor:
        """Numbers of rows as an index that is sent to the device only once."""
        key = tuple(rows)
        if key not in self._rows:
            self._rows[key] = torch.tensor(key, device=device)
        return self._rows[key]

    def taken(self, before: Maps, after: Maps) -> Maps:
        """The maps of after at this step, of the pairs in `mapped`; keeps what a blend needs."""
        found = taken_maps(before, after, self._flow, self._factors)
        for row, i in enumerate(self.mapped):
            pair = self.pairs[i]
            if i in self.heats and before.shape[2] <= pair.max_positions:
                self.heats[i][0] += self._heat(before[row], pair.gone)
                self.heats[i][1] += self._heat(found[row], pair.come)
        return found

    def finished(self, latents: Float[Tensor, "rows c h w"]) -> Float[Tensor, "rows c h w"]:
        """The latents after this step, blended where that is wished; the next step begins."""
        self._begin(self.step + 1)
        if not self.heats:
            return latents
        found = latents.clone()
        for i, heat in self.heats.items():
            rows = slice(2 * i, 2 * i + 2)
            found[rows] = blended(latents[rows], heat, self.pairs[i].blend or 0.0)
        return found

    def _heat(
        self, maps: Float[Tensor, "heads positions w"], words: Bool[Tensor, " w"]
    ) -> Float[Tensor, "h w"]:
        """Attention to some tokens, the mean of all heads, at the size of the latents."""
        height, width = self.size
        # every layer halves both sides, and rounds up
        coarser = round((height * width / maps.shape[1]) ** 0.5)
        size = -(-height // coarser), -(-width // coarser)
        heat = (maps * words).sum(-1).mean(0).reshape(1, 1, *size)
        return interpolate(heat, self.size, mode="bilinear")[0, 0]


class ControlledAttention:
    """A processor of one attention layer of diffusers, for both self- and cross-attention.

    Rows of pairs that nothing is taken in at this step go through the processor that the layer
    had, so that strengths of zero draw what it draws.

    Args:
        control: Shared by all layers.
        plain: The processor that the layer had.
    """

    def __init__(self, control: AttentionControl, plain: Callable[..., Tensor]) -> None:
        self.control = control
        self.plain = plain

    def __call__(
        self,
        attn: Layer,
        hidden_states: Float[Tensor, "rows positions d"],
        encoder_hidden_states: Float[Tensor, "rows w e"] | None = None,
        attention_mask: None = None,
    ) -> Float[Tensor, "rows positions d"]:
        """What the layer adds to the states of every row."""
        del attention_mask  # SDXL has none
        states, context, control = hidden_states, encoder_hidden_states, self.control
        chosen = control.copied(states.shape[1]) if context is None else control.mapped
        if not chosen:
            return self.plain(attn, states, context)
        first = len(states) - 2 * len(control.pairs)  # with guidance half of them
        before = [first + 2 * i for i in chosen]
        own = before + [row + 1 for row in before]
        found = torch.empty_like(states)
        if others := [row for row in range(len(states)) if row not in own]:
            rest = control.rows(others, states.device)
            found[rest] = self.plain(attn, states[rest], None if context is None else context[rest])
        rows = control.rows(own, states.device)
        if context is None:
            found[rows] = _copied(attn, states[rows])
        else:
            found[rows] = self._mapped(attn, states[rows], context[rows])
        return found

    def _mapped(self, attn: Layer, states: Tensor, context: Tensor) -> Tensor:
        """Cross-attention of befores, then of their afters, whose maps are under control."""
        query, key = _heads(attn, attn.to_q(states)), _heads(attn, attn.to_k(context))
        logits = ((query * attn.scale) @ key.transpose(-1, -2)).float()
        before, after = logits.softmax(-1).chunk(2)
        maps = torch.cat([before, self.control.taken(before, after)])
        return _joined(attn, maps.to(query.dtype) @ _heads(attn, attn.to_v(context)))


def _copied(attn: Layer, states: Tensor) -> Tensor:
    """Self-attention of befores, then of their afters by the maps of befores.

    A map is a function of queries and keys, so it is these that are taken; no map is ever made.
    """
    before = states.chunk(2)[0]
    query, key = (
        _heads(attn, layer(before)).repeat(2, 1, 1, 1) for layer in (attn.to_q, attn.to_k)
    )
    value = _heads(attn, attn.to_v(states))
    return _joined(attn, scaled_dot_product_attention(query, key, value, scale=attn.scale))


def _heads(attn: Layer, states: Tensor) -> Float[Tensor, "rows heads positions d"]:
    rows, positions, _ = states.shape
    return states.view(rows, positions, attn.heads, -1).transpose(1, 2)


def _joined(attn: Layer, states: Tensor) -> Tensor:
    project, dropout = attn.to_out
    found: Tensor = dropout(project(states.transpose(1, 2).flatten(2)))
    return found
