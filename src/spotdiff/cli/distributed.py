"""Prediction by a Lightning trainer: each rank answers its share into a file, rank 0 joins them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import torch.distributed
from hydra.utils import instantiate
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from omegaconf import DictConfig
from torch.utils.data import DataLoader, IterableDataset

from spotdiff.cli.quiet import quieten_lightning
from spotdiff.contracts import Writer
from spotdiff.models.siamese import SiameseChangeNet
from spotdiff.pipeline import PairPipeline, Read, Row
from spotdiff.training.losses import ChangeLoss
from spotdiff.training.module import ChangeModule
from spotdiff.types import PairResult
from spotdiff.writers.jsonl import JsonlWriter, merge, read_records

_PART = "predictions.rank{}.jsonl"


class Share(IterableDataset[list[Read]]):
    """Batches of every world_size-th row from the rank's own number on, read ahead by threads."""

    def __init__(
        self, rows: Iterable[Row], read: Callable[[Iterable[Row]], Iterator[list[Read]]]
    ) -> None:
        self.rows = rows
        self.read = read

    def __iter__(self) -> Iterator[list[Read]]:
        ready = torch.distributed.is_available() and torch.distributed.is_initialized()
        rank = torch.distributed.get_rank() if ready else 0
        step = torch.distributed.get_world_size() if ready else 1
        return self.read(islice(self.rows, rank, None, step))


class RankWriter(Callback):
    """Writes what a rank answered as soon as it is answered, and tells it.

    Args:
        out: The folder of the rank's file.
        drawing: Writers of pictures; they come before the record, which names their files.
        tell: Is given every result of this rank.
    """

    def __init__(
        self, out: Path, drawing: Sequence[Writer], tell: Callable[[PairResult], None]
    ) -> None:
        super().__init__()
        self.out = out
        self.drawing = drawing
        self.tell = tell
        self.records: JsonlWriter | None = None

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Opens the rank's file."""
        del pl_module, stage
        self.records = JsonlWriter(rank_file(self.out, trainer.global_rank)).__enter__()

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Closes the rank's file."""
        del trainer, pl_module, stage
        if self.records is not None:
            self.records.__exit__(None, None, None)

    def on_predict_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,  # noqa: ANN401
        batch: Any,  # noqa: ANN401
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Writes the results of one batch."""
        del trainer, pl_module, batch, batch_idx, dataloader_idx
        results: list[PairResult] = outputs
        for result in results:
            written = result
            for writer in self.drawing:
                written = writer.write(written)
            if self.records is not None:
                self.records.write(written)
            self.tell(written)


def rank_file(out: Path, rank: int) -> Path:
    """Where a rank writes."""
    return out / _PART.format(rank)


def gather(out: Path) -> None:
    """Joins what ranks have written into the records of the run; also what a killed run left."""
    parts = sorted(out.glob(_PART.format("*")))
    target = out / "predictions.jsonl"
    if parts:
        merge([path for path in (target, *parts) if path.is_file()], target)
    for part in parts:
        part.unlink()


def predict_distributed(
    cfg: DictConfig,
    net: SiameseChangeNet,
    rows: Iterable[Row],
    answering: PairPipeline,
    drawing: Sequence[Writer],
    finished: Mapping[str, tuple[str, str]],
    tell: Callable[[PairResult], None],
) -> None:
    """Answers `rows` on the devices of `cfg.trainer`; rank 0 joins the files at the end.

    `finished` is that of `PairPipeline.stream`; `tell` is given every result, on rank 0 also those
    of the other ranks.
    """
    quieten_lightning()
    out = Path(cfg.out)
    os.environ["SPOTDIFF_OUT"] = str(out)  # the default is a time, which ranks would not agree on
    module = ChangeModule(net, ChangeLoss(), predictor=answering.answer, experts=answering.experts)
    trainer: Trainer = instantiate(
        cfg.trainer,
        callbacks=[RankWriter(out, drawing, tell)],
        logger=False,
        enable_progress_bar=False,
        **_chosen(cfg.device),
    )

    def read(share: Iterable[Row]) -> Iterator[list[Read]]:
        return answering.batches(share, cfg.batch_size, cfg.readers, finished)

    trainer.predict(
        module, DataLoader(Share(rows, read), batch_size=None), return_predictions=False
    )
    trainer.strategy.barrier()
    if trainer.is_global_zero:
        for rank in range(1, trainer.world_size):
            for result in read_records(rank_file(out, rank)):
                tell(result)
        gather(out)


def _chosen(device: str) -> dict[str, Any]:
    """A device as Lightning calls it; none leaves the choice to the trainer."""
    kind, _, index = device.partition(":")
    if kind == "auto":
        return {}
    accelerator = {"accelerator": {"cuda": "gpu"}.get(kind, kind)}
    return accelerator | ({"devices": [int(index)]} if index else {})
