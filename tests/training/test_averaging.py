"""The moving average of the weights."""

import pytest
import torch
from lightning import LightningModule, Trainer
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


@pytest.fixture
def fit(tmp_path):
    def run(decay: float, steps: int) -> Counting:
        module = Counting()
        data = DataLoader(torch.zeros(steps, 1))
        trainer = Trainer(
            max_epochs=1,
            accelerator="cpu",
            callbacks=[WarmWeightAveraging(decay)],
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
