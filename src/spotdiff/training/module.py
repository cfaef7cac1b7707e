"""The Lightning module: steps, metrics, optimiser, and what a checkpoint carries. Nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from lightning import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor
from torch.nn import functional
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from spotdiff.labels import Vocabulary
from spotdiff.models.batch import PairBatch
from spotdiff.models.siamese import ChangeLogits, SiameseChangeNet
from spotdiff.training.checkpoint import KEY, describe
from spotdiff.training.evidence import Evaluation
from spotdiff.training.frozen import FrozenExperts
from spotdiff.training.losses import ChangeLoss, LossParts
from spotdiff.types import PairResult, Thresholds

OptimizerFactory = Callable[[torch.nn.Module, int], tuple[Optimizer, LRScheduler]]


class ChangeModule(LightningModule):
    """Trains, validates, tests and predicts.

    Args:
        net: The network that is trained.
        loss: What it is trained for.
        optimizer: Gives the optimiser and the schedule for a network and a number of steps.
        recipe: The construction of `net`, plain values, kept in checkpoints.
        vocabulary: Kept in checkpoints, to write labels as the data set does.
        predictor: Answers a batch of pairs in the predict loop; None where nothing is predicted.
        experts: Borrowed models that the predictor asks, by role; see `FrozenExperts`.
        compile_network: Compile `net` with torch.compile.
    """

    def __init__(
        self,
        net: SiameseChangeNet,
        loss: ChangeLoss,
        optimizer: OptimizerFactory | None = None,
        recipe: Mapping[str, Any] | None = None,
        vocabulary: Vocabulary | None = None,
        predictor: Callable[[Any], list[PairResult]] | None = None,
        experts: Mapping[str, object] | None = None,
        compile_network: bool = False,
    ) -> None:
        super().__init__()
        self.net = net
        self.loss = loss
        self.optimizer = optimizer
        self.recipe = dict(recipe or {})
        self.vocabulary = vocabulary or Vocabulary(())
        self.predictor = predictor
        self.experts = FrozenExperts(experts or {})
        self.register_load_state_dict_post_hook(self.experts.forgive)  # type: ignore[no-untyped-call]
        self.thresholds = Thresholds()
        self.val_scores = Evaluation(self.vocabulary)
        self.test_scores = Evaluation(self.vocabulary)
        if compile_network:
            self.net.compile()

    def forward(self, before: Tensor, after: Tensor) -> ChangeLogits:
        """See `SiameseChangeNet.forward`."""
        logits: ChangeLogits = self.net(before, after)
        return logits

    def transfer_batch_to_device(
        self, batch: PairBatch, device: torch.device, dataloader_idx: int
    ) -> PairBatch:
        """Moves the tensors of a batch; its truths and rows stay where they are."""
        del dataloader_idx
        return batch.to(device) if isinstance(batch, PairBatch) else batch

    def training_step(self, batch: PairBatch, batch_idx: int) -> Tensor:
        """The loss of one batch."""
        del batch_idx
        parts: LossParts = self.loss(self(batch.before, batch.after), batch)
        size = len(batch)
        self.log("train/loss", parts.total, prog_bar=True, batch_size=size)
        for name in ("dense", "gates", "sets", "cells"):
            self.log(f"train/{name}", getattr(parts, name), batch_size=size)
        return parts.total

    def validation_step(self, batch: PairBatch, batch_idx: int) -> None:
        """Gathers what the metrics and the calibration need."""
        del batch_idx
        logits = self._gather(batch, self.val_scores)
        loss = self.loss(logits, batch).total
        self.log("val/loss", loss, batch_size=len(batch), sync_dist=True)

    def on_validation_epoch_end(self) -> None:
        """Fits the thresholds, then logs every metric at them."""
        self.thresholds = self.val_scores.thresholds(self.thresholds)
        self._report("val", self.val_scores)

    def test_step(self, batch: PairBatch, batch_idx: int) -> None:
        """Gathers what the metrics need; thresholds stay as they are."""
        del batch_idx
        self._gather(batch, self.test_scores)

    def on_test_epoch_end(self) -> None:
        """Logs every metric."""
        self._report("test", self.test_scores)

    def predict_step(self, batch: Any, batch_idx: int) -> list[PairResult]:  # noqa: ANN401
        """What the predictor says of a batch of pairs."""
        del batch_idx
        if self.predictor is None:
            msg = (
                "Expected a predictor in ChangeModule(predictor=…) for the predict loop, got none."
            )
            raise ValueError(msg)
        return self.predictor(batch)

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """The optimiser, its rate moved every step."""
        if self.optimizer is None:
            msg = "Expected an optimizer in ChangeModule(optimizer=…) for training, got none."
            raise ValueError(msg)
        steps = int(self.trainer.estimated_stepping_batches)
        optimizer, schedule = self.optimizer(self.net, steps)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds recipe, vocabulary and thresholds."""
        checkpoint[KEY] = describe(self.recipe, self.vocabulary, self.thresholds)

    def _gather(self, batch: PairBatch, scores: Evaluation) -> ChangeLogits:
        logits: ChangeLogits = self(batch.before, batch.after)
        size = batch.before.shape[-2:]
        kinds = functional.interpolate(logits.kinds, size, mode="bilinear", align_corners=False)
        scores.update(
            kinds.float().sigmoid(),
            logits.gates.float().sigmoid(),
            logits.label_sets.float().sigmoid(),
            batch,
            self.thresholds.min_heat,
        )
        return logits

    def _report(self, stage: str, scores: Evaluation) -> None:
        for name, value in scores.report(self.thresholds).items():
            self.log(f"{stage}/{name}", value, prog_bar=name in ("pixel_ap", "box_ap50"))
        scores.reset()
