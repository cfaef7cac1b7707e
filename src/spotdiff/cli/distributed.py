"""Prediction on several devices: each rank answers its share into a file, rank 0 joins them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import torch.distributed
from hydra.utils import instantiate
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from omegaconf import DictConfig
from torch.utils.data import DataLoader, IterableDataset

from spotdiff.contracts import Writer
from spotdiff.models.localizer import SiameseLocalizer
from spotdiff.pipeline import PairPipeline, Row
from spotdiff.training.losses import ChangeLoss
from spotdiff.training.module import ChangeModule
from spotdiff.types import PairResult
from spotdiff.writers.jsonl import JsonlWriter, merge, read_records


class Share(IterableDataset[Row]):
    """Every world_size-th row, starting with the rank's own number."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = rows

    def __iter__(self) -> Iterator[Row]:
        ready = torch.distributed.is_available() and torch.distributed.is_initialized()
        rank = torch.distributed.get_rank() if ready else 0
        step = torch.distributed.get_world_size() if ready else 1
        return islice(self.rows, rank, None, step)


class RankWriter(Callback):
    """Writes what a rank answered as soon as it is answered."""

    def __init__(self, out: Path, drawing: Sequence[Writer]) -> None:
        super().__init__()
        self.out = out
        self.drawing = drawing
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


def rank_file(out: Path, rank: int) -> Path:
    """Where a rank writes."""
    return out / f"predictions.rank{rank}.jsonl"


def predict_distributed(
    cfg: DictConfig,
    rows: Iterable[Row],
    answering: PairPipeline,
    drawing: Sequence[Writer],
    finished: Mapping[str, tuple[str, str]],
) -> Iterator[PairResult]:
    """Answers `rows` on all devices of `cfg.trainer`, joins the files, yields the new results.

    Ranks other than 0 yield nothing. `finished` is that of `PairPipeline.stream`.
    """
    out = Path(cfg.out)
    os.environ["SPOTDIFF_OUT"] = str(out)  # the default is a time, which ranks would not agree on
    localizer = answering.localizer
    if not isinstance(localizer, SiameseLocalizer):
        msg = f"Expected a SiameseLocalizer to distribute, got {type(localizer).__name__}."
        raise TypeError(msg)
    module = ChangeModule(
        localizer.net, ChangeLoss(), predictor=partial(answering, finished=finished)
    )
    trainer: Trainer = instantiate(
        cfg.trainer, callbacks=[RankWriter(out, drawing)], logger=False, enable_progress_bar=False
    )
    loader = DataLoader(Share(rows), batch_size=cfg.batch_size, collate_fn=list, num_workers=0)
    trainer.predict(module, loader, return_predictions=False)
    trainer.strategy.barrier()
    if not trainer.is_global_zero:
        return
    parts = [rank_file(out, rank) for rank in range(trainer.world_size)]
    for part in parts:
        yield from read_records(part)
    target = out / "predictions.jsonl"
    merge([p for p in (target, *parts) if p.is_file()], target)
    for part in parts:
        part.unlink()
