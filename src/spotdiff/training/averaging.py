"""The weights that are validated and kept: a moving average of those that training goes through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from lightning import LightningModule
from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor

Mixing = Callable[[Tensor, Tensor, Tensor | int], Tensor]


def warm_average(decay: float) -> Mixing:
    """How to mix an average with the weights of now so that it follows closely at first.

    Update n keeps the share min(decay, (1 + n) / (10 + n)) of the average (as in TensorFlow's
    ExponentialMovingAverage), so that a run of a hundred steps is not the average of its random
    start. It is an `avg_fn` of `torch.optim.swa_utils.AveragedModel`.

    Args:
        decay: The share in the long run, in [0, 1).
    """

    def mixed(average: Tensor, current: Tensor, count: Tensor | int) -> Tensor:
        if not average.is_floating_point():
            return current
        # Between equal ends lerp is exact: frozen weights stay as they are, to the bit.
        kept = torch.as_tensor((1 + count) / (10 + count)).clamp(max=decay)
        return torch.lerp(current, average, kept.to(average.dtype))

    return mixed


class WarmWeightAveraging(WeightAveraging):
    """An exponential moving average of the weights, mixed as `warm_average` does.

    Args:
        decay: The share that stays in the long run; 0.998 averages about the last 500 steps.
    """

    def __init__(self, decay: float = 0.998) -> None:
        super().__init__(avg_fn=warm_average(decay))

    @contextmanager
    def in_force(self, module: LightningModule) -> Iterator[None]:
        """The average stands in the place of the module's weights while the block runs."""
        if self._average_model is None:
            yield
            return
        self._swap_models(module)
        try:
            yield
        finally:
            self._swap_models(module)
