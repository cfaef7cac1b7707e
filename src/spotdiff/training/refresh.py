"""Pseudo labels made anew during training, by what has been learnt so far."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from copy import deepcopy

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from spotdiff.models.siamese import SiameseChangeNet
from spotdiff.training.averaging import WarmWeightAveraging


class RefreshPseudoLabels(Callback):
    """Labels the training pairs again after every few epochs.

    The labeller is given the network with its averaged weights where the trainer keeps an average
    (Tarvainen and Valpola 2017, mean teacher: https://arxiv.org/abs/1703.01780), which wavers less
    than the one that is trained. Loaders see new labels only if the trainer reloads them as often:
    `reload_dataloaders_every_n_epochs`.

    Args:
        every: Epochs between two labellings, at least 1.
        label: Makes the labels; set by the program that trains, on every rank.

    Raises:
        ValueError: If `every` is below 1.
    """

    def __init__(
        self, every: int = 5, label: Callable[[SiameseChangeNet], None] | None = None
    ) -> None:
        super().__init__()
        if every < 1:
            raise ValueError(f"Expected every to be at least 1 epoch, got {every}.")
        self.every = every
        self.label = label

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Labels after every few epochs, but not after the last one."""
        done = trainer.current_epoch + 1
        if self.label is None or done % self.every or done == trainer.max_epochs:
            return
        averages = [c for c in trainer.callbacks if isinstance(c, WarmWeightAveraging)]  # type: ignore[attr-defined]
        with averages[0].in_force(pl_module) if averages else nullcontext():
            network = deepcopy(pl_module.net)  # what labels is frozen, what learns is not
        if not isinstance(network, SiameseChangeNet):
            raise TypeError(f"Expected a SiameseChangeNet to label with, got {type(network)}.")
        self.label(network.eval())
