"""Steps per second of a training experiment, and what they wait for: a table of gpu.py."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import torch
from gpu_clock import Busy, busy, most_memory, settled, table
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from omegaconf import DictConfig, OmegaConf

from spotdiff.apps.places import travelling
from spotdiff.cli.generated import weak_label_set
from spotdiff.cli.quiet import quieten_lightning
from spotdiff.data.datamodule import PairDataModule, words_of
from spotdiff.labels import Vocabulary
from spotdiff.models.batch import PairBatch
from spotdiff.training import checkpoint
from spotdiff.training.averaging import WarmWeightAveraging
from spotdiff.training.module import ChangeModule

WATCHED = 4  # steps under the profiler, which keeps a line for every kernel


@dataclass(frozen=True)
class Turn:
    """One fit: its overrides, and whether every step gets the same batch, which is there."""

    precision: str
    overrides: tuple[str, ...] = ()
    fixed: bool = False


class Stopwatch(Callback):
    """Seconds of steps after some to warm up; the last ones are watched for how busy a card is.

    Args:
        device: Where the steps are computed.
        warm_up: Steps before the clock starts; they use up what the loader had ready.
        steps: Those that are timed.
    """

    def __init__(self, device: str, warm_up: int, steps: int) -> None:
        super().__init__()
        self.device, self.warm_up, self.steps = device, warm_up, steps
        self.wall = self.waited = self._started = self._ended = 0.0
        self.seen = Busy()
        self._watching: Any = None

    def on_train_batch_start(self, trainer: Trainer, *_: object) -> None:
        """A batch has come."""
        step = trainer.global_step
        if step == self.warm_up:
            settled(self.device)
            self._started = time.perf_counter()
        elif self.warm_up < step < self.warm_up + self.steps:
            self.waited += time.perf_counter() - self._ended

    def on_train_batch_end(self, trainer: Trainer, *_: object) -> None:
        """A step has been taken; it may still be computed."""
        if trainer.global_step == self.warm_up + self.steps:
            settled(self.device)
            self.wall = time.perf_counter() - self._started
            self._watching = busy(self.device)
            self.seen = self._watching.__enter__()
        self._ended = time.perf_counter()

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """No more steps."""
        del trainer, pl_module
        if self._watching is not None:
            self._watching.__exit__(None, None, None)


@dataclass(frozen=True)
class Same:
    """A loader that has one batch ready, some times over."""

    batch: PairBatch
    times: int

    def __len__(self) -> int:
        return self.times

    def __iter__(self) -> Iterator[PairBatch]:
        return repeat(self.batch, self.times)


def print_training(device: str, steps: int, warm_up: int, overrides: Sequence[str]) -> None:
    """Fits the experiment for some steps in several ways, from random weights."""
    quieten_lightning()
    root = str(weak_label_set(seed=42))
    shared = ("experiment=siamese", "init=none", f"data.root={root}", *overrides)
    columns = (
        "precision",
        "batches",
        "deterministic",
        "steps/s",
        "pairs/s",
        "waits for data",
        "GPU busy",
        "memory, MB",
        "loss",
        "warnings",
    )
    title = (
        f"Training, {' '.join(shared[:2] + tuple(overrides))}, generated weak labels, "
        f"steps {steps} after {warm_up}"
    )
    rows = (_row(turn, shared, device, steps, warm_up) for turn in _turns(device))
    table(title, columns, rows)


def _turns(device: str) -> list[Turn]:
    if device == "cpu":
        return [Turn("32-true"), Turn("bf16-mixed", fixed=True)]
    loose, many = "trainer.deterministic=false", "data.module.num_workers=8"
    return [
        Turn("bf16-mixed"),
        Turn("bf16-mixed", fixed=True),
        Turn("bf16-mixed", (loose,)),
        Turn("bf16-mixed", (loose, many)),
        Turn("bf16-mixed", (loose,), fixed=True),
        Turn("32-true"),
        Turn("32-true", (loose,)),
    ]


def _row(
    turn: Turn, shared: Sequence[str], device: str, steps: int, warm_up: int
) -> Iterator[object]:
    accelerator = "cpu" if device == "cpu" else "gpu"
    cfg = composed(
        [
            *shared,
            f"trainer.precision={turn.precision}",
            f"trainer.accelerator={accelerator}",
            *turn.overrides,
        ]
    )
    watch = Stopwatch(device, warm_up, steps)
    most_memory(device)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("default")
        loss, size, workers = fitted(cfg, turn.fixed, watch)
    batches = f"{size}, " + ("one that is there" if turn.fixed else f"{workers} workers")
    speed = steps / watch.wall
    yield from (turn.precision, batches, cfg.trainer.deterministic, f"{speed:.2f}")
    yield from (f"{speed * size:.0f}", f"{watch.waited / watch.wall:.0%}", watch.seen.share)
    yield from (f"{most_memory(device)}", f"{loss:.3f}", len({str(one.message) for one in said}))


def composed(overrides: Sequence[str]) -> DictConfig:
    """The configuration of train.py."""
    with initialize_config_dir(str(travelling("conf")), version_base="1.3"):
        return compose("train", list(overrides))


def fitted(cfg: DictConfig, fixed: bool, watch: Stopwatch) -> tuple[float, int, int]:
    """Fits without validation; the last loss, the pairs of a batch, the workers of the loader."""
    torch.manual_seed(cfg.seed)
    data: PairDataModule = instantiate(cfg.data.module, _convert_="all")
    data.vocabulary = Vocabulary.from_rows(
        words_of(data.sets["train"]), min_count=cfg.vocabulary.min_count
    )
    recipe: Any = OmegaConf.to_container(cfg.model, resolve=True)
    recipe["vocabulary"] = list(data.vocabulary.labels)
    network: Any = checkpoint.build(recipe)
    module = ChangeModule(
        network, instantiate(cfg.loss), instantiate(cfg.optimizer), vocabulary=data.vocabulary
    )
    steps = watch.warm_up + watch.steps + WATCHED
    changed = {"max_steps": steps, "limit_val_batches": 0, "max_epochs": -1}
    trainer: Trainer = instantiate(
        cfg.trainer,
        callbacks=[WarmWeightAveraging(), watch],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        **changed,
    )
    loader: Any = data.train_dataloader()
    batches = Same(next(iter(loader)), steps) if fixed else loader
    trainer.fit(module, train_dataloaders=batches)
    loss = float(trainer.callback_metrics["train/loss"])
    return loss, int(data.batch_size), int(data.num_workers)
