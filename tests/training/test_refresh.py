"""Pseudo labels made anew by what has been learnt, and what that must leave alone."""

import pytest
import torch
from lightning import LightningModule, Trainer
from torch.utils.data import DataLoader

from spotdiff.training.averaging import WarmWeightAveraging
from spotdiff.training.refresh import RefreshPseudoLabels
from tests.fakes import tiny_network


class Learning(LightningModule):
    """A network whose weights all move by the same known step."""

    def __init__(self) -> None:
        super().__init__()
        self.net = tiny_network()
        self.net.train()

    def training_step(self, batch: torch.Tensor) -> torch.Tensor:
        return sum(p.sum() for p in self.net.parameters() if p.requires_grad) + 0 * batch.sum()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.net.parameters(), lr=0.1)


class Labeller:
    """Keeps what it was given and how the module looked meanwhile; spoils its own network."""

    def __init__(self, module: LightningModule) -> None:
        self.module = module
        self.weights: list[float] = []
        self.modes: list[bool] = []
        self.trained: list[float] = []
        self.epochs: list[int] = []

    def __call__(self, network) -> None:
        assert network is not self.module.net
        self.weights.append(first(network))
        self.modes.append(network.training)
        self.trained.append(first(self.module.net))
        self.epochs.append(self.module.trainer.current_epoch + 1)
        with torch.no_grad():
            next(network.parameters()).fill_(99)
        network.requires_grad_(False)


def first(network) -> float:
    return next(network.parameters()).flatten()[0].item()


@pytest.fixture
def fit(tmp_path):
    """Two steps an epoch; gives the module and what its labeller was given."""

    def run(epochs: int, every: int, *callbacks) -> tuple[Learning, Labeller]:
        module = Learning()
        labeller = Labeller(module)
        off = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
        trainer = Trainer(
            max_epochs=epochs,
            accelerator="cpu",
            callbacks=[RefreshPseudoLabels(every, labeller), *callbacks],
            default_root_dir=tmp_path,
            **dict.fromkeys(off, False),
        )
        trainer.fit(module, DataLoader(torch.zeros(2, 1)))
        return module, labeller

    return run


def test_it_labels_after_every_few_epochs_but_not_after_the_last(fit):
    assert fit(4, 2)[1].epochs == [2]
    assert fit(5, 2)[1].epochs == [2, 4]
    assert fit(3, 1)[1].epochs == [1, 2]


def test_it_labels_with_the_average_and_leaves_the_trained_weights(fit):
    start = first(tiny_network())
    # weights fall by 0.1 a step; the average is that of step 1, then 2/11 of it and 9/11 of step 2
    module, labeller = fit(2, 1, WarmWeightAveraging(0.998))
    assert labeller.trained == [pytest.approx(start - 0.2, abs=1e-5)]
    average = 2 / 11 * (start - 0.1) + 9 / 11 * (start - 0.2)
    assert labeller.weights == [pytest.approx(average, abs=1e-5)]
    assert first(module.net) != 99


def test_without_an_average_it_labels_with_the_trained_weights(fit):
    _, labeller = fit(2, 1)
    assert labeller.weights == labeller.trained


def test_what_labels_is_in_evaluation_mode_and_what_learns_goes_on_as_it_was(fit):
    module, labeller = fit(3, 1, WarmWeightAveraging(0.998))
    frozen = {name for name, p in tiny_network().named_parameters() if not p.requires_grad}
    assert labeller.modes == [False, False]
    assert module.net.training
    assert {name for name, p in module.net.named_parameters() if not p.requires_grad} == frozen
    # it learns to the end: labelling in between changed no step
    untouched, _ = fit(3, 5, WarmWeightAveraging(0.998))
    for own, other in zip(module.net.parameters(), untouched.net.parameters(), strict=True):
        torch.testing.assert_close(own, other, rtol=0, atol=0)


def test_gradients_stay_where_they_were():
    module = Learning()
    learns = [parameter.requires_grad for parameter in module.net.parameters()]
    for parameter in module.net.parameters():
        parameter.grad = torch.ones_like(parameter)
    callback = RefreshPseudoLabels(1, lambda network: network.requires_grad_(False))
    trainer = Trainer(accelerator="cpu", max_epochs=9, logger=False, enable_checkpointing=False)
    callback.on_train_epoch_end(trainer, module)
    assert all((parameter.grad == 1).all() for parameter in module.net.parameters())
    assert [parameter.requires_grad for parameter in module.net.parameters()] == learns
    assert any(learns)


def test_nobody_labels_where_no_program_says_how():
    module = Learning()
    trainer = Trainer(accelerator="cpu", max_epochs=9, logger=False, enable_checkpointing=False)
    before = first(module.net)
    RefreshPseudoLabels(1).on_train_epoch_end(trainer, module)
    assert first(module.net) == before


def test_less_than_an_epoch_between_labellings_is_refused():
    with pytest.raises(ValueError, match="every to be at least 1 epoch, got 0"):
        RefreshPseudoLabels(0)


def test_another_network_is_refused():
    module = Learning()
    module.net = torch.nn.Linear(1, 1)
    trainer = Trainer(accelerator="cpu", max_epochs=9, logger=False, enable_checkpointing=False)
    with pytest.raises(TypeError, match="SiameseChangeNet"):
        RefreshPseudoLabels(1, print).on_train_epoch_end(trainer, module)
