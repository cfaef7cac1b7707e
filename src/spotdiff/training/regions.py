"""The Lightning module that trains the names of regions; everything else of the network rests."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from lightning import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.swa_utils import AveragedModel

from spotdiff.models.batch import RegionBatch
from spotdiff.models.regions import RegionHead
from spotdiff.models.siamese import SiameseChangeNet
from spotdiff.training.averaging import warm_average
from spotdiff.training.region_loss import RegionLoss

OptimizerFactory = Callable[[nn.Module, int], tuple[Optimizer, LRScheduler]]


class RegionModule(LightningModule):
    """Trains the region head of a network on bags of regions.

    An average of the head over the steps is its teacher, and in the end the head that is kept.

    Args:
        net: A network with a region head; only the head learns.
        loss: What it learns from.
        optimizer: Gives the optimiser and the schedule for a module and a number of steps.
        decay: Share of the average that stays at every step.
        warmup: Share of the steps after which the teacher is heard.
    """

    def __init__(
        self,
        net: SiameseChangeNet,
        loss: RegionLoss,
        optimizer: OptimizerFactory,
        decay: float = 0.99,
        warmup: float = 0.3,
    ) -> None:
        super().__init__()
        if net.regions is None:
            raise ValueError("Expected a network with a region head to train, this one has none.")
        self.net = net.requires_grad_(False)
        net.regions.requires_grad_(True)
        self.loss = loss
        self.optimizer = optimizer
        self.warmup = warmup
        self.average = AveragedModel(
            net.regions, avg_fn=warm_average(decay), use_buffers=True
        ).requires_grad_(False)
        self.steps = 1

    @property
    def teacher(self) -> RegionHead:
        """The average of the head so far."""
        return cast("RegionHead", self.average.module)

    def logits(self, batch: RegionBatch) -> Tensor:
        """(n, v) logits of the head that learns."""
        return self.net.region_logits(batch.before.float() / 255, batch.after.float() / 255)

    @torch.no_grad()
    def taught(self, batch: RegionBatch) -> Tensor:
        """(n, v) logits of its average."""
        learning, self.net.regions = self.net.regions, self.teacher
        try:
            return self.logits(batch)
        finally:
            self.net.regions = learning

    def on_fit_start(self) -> None:
        """Counts the steps, to know when the teacher may speak."""
        self.steps = int(self.trainer.estimated_stepping_batches)

    def on_train_epoch_start(self) -> None:
        """Only what learns is in training mode; fresh turns for every epoch."""
        self.net.eval()
        self.average.eval()
        if self.net.regions is not None:
            self.net.regions.train()
        loader = self.trainer.train_dataloader
        if loader is not None and hasattr(loader.dataset, "epoch"):
            loader.dataset.epoch = self.current_epoch

    def training_step(self, batch: RegionBatch, batch_idx: int) -> Tensor:
        """The loss of one batch of bags."""
        del batch_idx
        heard = self.loss.teacher and self.global_step >= self.warmup * self.steps
        teacher = self.taught(batch).float() if heard else None
        loss: Tensor = self.loss(self.logits(batch).float(), batch, teacher)
        self.log("train/loss", loss, prog_bar=True, batch_size=len(batch))
        return loss

    @torch.no_grad()
    def on_train_batch_end(self, *_: object) -> None:
        """Moves the average."""
        if self.net.regions is not None:
            self.average.update_parameters(self.net.regions)

    def on_fit_end(self) -> None:
        """The average is what is kept."""
        self.net.regions = self.teacher
        self.net.eval()

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """The optimiser of the head, its rate moved every step."""
        steps = int(self.trainer.estimated_stepping_batches)
        optimizer, schedule = self.optimizer(self.net, steps)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
