"""The moving average of the weights."""

import pytest
import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from torch.utils.data import DataLoader

from spotdiff.training.averaging import WarmWeightAveraging


class Counting(LightningModule):
    """One weight that is 1, 2, 3, … after each step, and what validation saw of it."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.frozen = torch.nn.Parameter(torch.full((1,), 0.1), requires_grad=False)
        self.register_buffer("count", torch.zeros((), dtype=torch.long))
        self.seen: list[float] = []

    def training_step(self, batch: torch.Tensor) -> torch.Tensor:
        self.count += 1
        return -self.weight.sum() + 0 * batch.sum()

    def validation_step(self, batch: torch.Tensor) -> None:
        del batch
        self.seen.append(self.weight.item())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD([self.weight], lr=1.0)


class Looking(Callback):
    """What a block sees in which the average is in force, and what there is around it."""

    def __init__(self, fails: bool = False) -> None:
        super().__init__()
        self.fails = fails
        self.seen: list[float] = []

    def on_train_batch_end(self, trainer, pl_module, *_) -> None:
        average = next(c for c in trainer.callbacks if isinstance(c, WarmWeightAveraging))
        around = pl_module.weight.item()
        try:
            with average.in_force(pl_module):
                self.seen.append(pl_module.weight.item())
                if self.fails:
                    raise LookupError
        except LookupError:
            assert self.fails
        assert pl_module.weight.item() == around


@pytest.fixture
def fit(tmp_path):
    def run(decay: float, steps: int, *callbacks: Callback) -> Counting:
        module = Counting()
        data = DataLoader(torch.zeros(steps, 1))
        trainer = Trainer(
            max_epochs=1,
            accelerator="cpu",
            callbacks=[WarmWeightAveraging(decay), *callbacks],
            default_root_dir=tmp_path,
            **dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar"), False),
            enable_model_summary=False,
            num_sanity_val_steps=0,
        )
        trainer.fit(module, data, DataLoader(torch.zeros(1, 1)))
        return module

    return run


def test_the_average_follows_closely_at_first(fit):
    # After the first step it is 1; update n keeps (1 + n) / (10 + n) of it.
    expected = 1.0
    for n, value in ((1, 2.0), (2, 3.0)):
        kept = (1 + n) / (10 + n)
        expected = kept * expected + (1 - kept) * value
    module = fit(0.999, 3)
    assert module.seen == [pytest.approx(expected)]
    assert module.weight.item() == pytest.approx(expected)


def test_the_decay_bounds_how_much_is_kept(fit):
    assert fit(0.0, 4).seen == [pytest.approx(4.0)]


def test_a_short_training_is_not_the_average_of_its_start(fit):
    assert fit(0.998, 60).seen[0] > 45


def test_frozen_weights_and_counters_stay_exact(fit):
    module = fit(0.998, 30)
    assert module.frozen.item() == torch.tensor(0.1).item()
    assert module.count.item() == 30


@pytest.mark.parametrize("fails", [False, True])
def test_the_average_is_in_force_for_a_block_and_nowhere_else(fit, fails):
    looking = Looking(fails)
    module = fit(0.999, 3, looking)
    second = 2 / 11 + 9 / 11 * 2
    assert looking.seen == [
        pytest.approx(1),
        pytest.approx(second),
        pytest.approx(0.25 * second + 0.75 * 3),
    ]
    assert module.seen == [looking.seen[-1]]  # validation sees the same


def test_before_training_there_is_no_average_and_weights_stay():
    module = Counting()
    with WarmWeightAveraging().in_force(module):
        assert module.weight.item() == 0
    assert module.weight.item() == 0
