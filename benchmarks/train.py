"""How much of the training step's speed remains when its batches are really drawn.

    python benchmarks/train.py experiment=shipped data.root=DIR data.annotations=FILE
    python benchmarks/train.py --steps 10 --repeats 2 experiment=smoke

Loaded: batches from the data loader of the experiment, its workers composing synthetic pairs.
Bare: forward, backward and optimiser on one batch that stays where it is. Both in turns; the
workers of a turn have ended before the bare steps begin, and the batches that they had ready when
the clock started are not counted.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterable
from itertools import chain, islice, repeat

import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from spotdiff.apps.places import travelling
from spotdiff.data.datamodule import PairDataModule, words_of
from spotdiff.labels import Vocabulary
from spotdiff.models.batch import PairBatch
from spotdiff.training import checkpoint
from spotdiff.training.losses import ChangeLoss

Step = Callable[[PairBatch], None]


def main() -> None:
    """Prints steps/s of both and their ratio."""
    asked = _arguments()
    if asked.threads:
        torch.set_num_threads(asked.threads)
    with initialize_config_dir(str(travelling("conf")), version_base="1.3"):
        cfg = compose("train", asked.overrides)
    data: PairDataModule = instantiate(cfg.data.module, _convert_="all")
    data.vocabulary = Vocabulary.from_rows(
        words_of(data.sets["train"]), min_count=cfg.vocabulary.min_count
    )
    step = _step(cfg, data.vocabulary, torch.device(asked.device))
    fixed = next(iter(data.train_dataloader())).to(asked.device)
    step(fixed)
    loaded, bare = [], []
    for _ in range(asked.repeats):
        loaded.append(_loaded_speed(data, step, asked))
        bare.append(_speed(step, repeat(fixed), asked.steps))
    ratios = [with_data / alone for with_data, alone in zip(loaded, bare, strict=True)]
    print(
        f"{' '.join(asked.overrides)}: batches of {len(fixed)}, {tuple(fixed.after.shape[-2:])}, "
        f"{data.num_workers} workers, {asked.steps} steps, {asked.repeats} repeats in turns, "
        f"{torch.get_num_threads()} threads, {asked.device}\n"
    )
    print("| | steps/s, median | min | max |\n| --- | --- | --- | --- |")
    for name, values in (("loaded", loaded), ("bare", bare), ("ratio", ratios)):
        print(
            f"| {name} | {statistics.median(values):.3f} | {min(values):.3f} | {max(values):.3f} |"
        )


def _step(cfg: DictConfig, vocabulary: Vocabulary, device: torch.device) -> Step:
    """The training step of the experiment, from random weights."""
    recipe = OmegaConf.to_container(cfg.model, resolve=True)
    if not isinstance(recipe, dict):
        raise ValueError(f"Expected a mapping in model, got {recipe!r}.")
    recipe["vocabulary"] = list(vocabulary.labels)
    network = checkpoint.build({str(key): value for key, value in recipe.items()})
    network.to(device).train()
    loss: ChangeLoss = instantiate(cfg.loss)
    optimizer: Optimizer
    schedule: LRScheduler
    optimizer, schedule = instantiate(cfg.optimizer)(network, 100_000)

    def step(batch: PairBatch) -> None:
        batch = batch.to(device)
        optimizer.zero_grad()
        loss(network(batch.before, batch.after), batch).total.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), cfg.trainer.gradient_clip_val)
        optimizer.step()
        schedule.step()
        if device.type == "cuda":
            torch.cuda.synchronize()

    return step


def _loaded_speed(data: PairDataModule, step: Step, asked: argparse.Namespace) -> float:
    loader = data.train_dataloader()
    ahead = data.num_workers * (loader.prefetch_factor or 0)
    # An epoch of a small experiment may be shorter than a turn.
    batches = chain.from_iterable(repeat(loader))
    for batch in islice(batches, ahead + asked.warm_up):
        step(batch)
    return _speed(step, batches, asked.steps)


def _speed(step: Step, batches: Iterable[PairBatch], steps: int) -> float:
    start = time.perf_counter()
    for batch in islice(batches, steps):
        step(batch)
    return steps / (time.perf_counter() - start)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("overrides", nargs="*", default=[], help="as for train.py")
    add("--steps", type=int, default=30, help="of a turn")
    add("--warm-up", type=int, default=4, help="steps before the clock starts")
    add("--repeats", type=int, default=5)
    add("--device", default="cpu")
    add("--threads", type=int, help="of torch; all cores if left out")
    return parser.parse_args()


if __name__ == "__main__":
    main()
