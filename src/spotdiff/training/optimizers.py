"""Parameter groups and the learning-rate schedule."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from torch import nn
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler


def layerwise_groups(
    network: nn.Module, lr: float, weight_decay: float, layer_decay: float
) -> list[dict[str, Any]]:
    """Parameter groups whose rate falls with depth, lr · layer_decay^(distance from the head).

    The blocks of a ViT under `encoder.` are its layers; everything outside the pretrained encoders
    learns at the full rate. Norms, biases and other vectors get no weight decay. Frozen parameters
    are left out. Clark et al. 2020 (ELECTRA), appendix: https://arxiv.org/abs/2003.10555
    """
    blocks = [int(m[1]) for name, _ in network.named_parameters() if (m := _BLOCK.search(name))]
    depth = max(blocks, default=-1) + 1
    members: dict[tuple[float, float], list[nn.Parameter]] = defaultdict(list)
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            decay = 0.0 if parameter.ndim <= 1 else weight_decay
            members[lr * layer_decay ** _distance(name, depth), decay].append(parameter)
    return [
        {"params": parameters, "lr": rate, "weight_decay": decay}
        for (rate, decay), parameters in members.items()
    ]


_BLOCK = re.compile(r"encoder\..*blocks\.(\d+)\.")


def _distance(name: str, depth: int) -> int:
    """How many layers lie between a parameter and the head."""
    if match := _BLOCK.search(name):
        return depth - int(match[1])
    return depth + 1 if name.startswith(("encoder.", "pyramid.")) else 0


def cosine_with_warmup(optimizer: Optimizer, steps: int, warmup: float = 0.05) -> LambdaLR:
    """Rate factor: rises over `warmup` (a share of `steps`), then falls to 0 as a cosine."""
    rise = max(1, round(steps * warmup))

    def factor(step: int) -> float:
        if step < rise:
            return (step + 1) / rise
        progress = min(1.0, (step - rise) / max(1, steps - rise))
        return 0.5 * (1 + math.cos(math.pi * progress))

    return LambdaLR(optimizer, factor)


@dataclass(frozen=True, slots=True)
class LayerwiseAdamW:
    """AdamW over `layerwise_groups`, on `cosine_with_warmup`.

    Args:
        lr: Rate of the head at its highest.
        weight_decay: Of matrices and kernels.
        layer_decay: Factor of the rate per layer towards the input, in (0, 1].
        warmup: Share of the steps over which the rate rises.
    """

    lr: float = 1e-3
    weight_decay: float = 0.02
    layer_decay: float = 0.75
    warmup: float = 0.05

    def __call__(self, network: nn.Module, steps: int) -> tuple[Optimizer, LRScheduler]:
        """The optimiser of what `network` lets train, and its schedule over `steps` steps."""
        groups = layerwise_groups(network, self.lr, self.weight_decay, self.layer_decay)
        optimizer = AdamW(groups, lr=self.lr)
        return optimizer, cosine_with_warmup(optimizer, steps, self.warmup)
