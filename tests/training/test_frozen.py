"""Experts travel with the module that holds them and leave no trace in its training."""

from copy import deepcopy

import pytest
import torch
from torch import nn

from spotdiff.training.frozen import FrozenExperts
from spotdiff.training.losses import ChangeLoss
from spotdiff.training.module import ChangeModule
from tests.fakes import tiny_network


class Expert(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Sequential(nn.Linear(3, 2), nn.Dropout())


@pytest.fixture
def module() -> ChangeModule:
    return ChangeModule(tiny_network(), ChangeLoss(), experts={"matcher": Expert(), "tagger": "x"})


def test_experts_stay_in_evaluation_mode_and_without_gradients(module):
    module.train()
    assert module.net.training
    assert not any(child.training for child in module.experts["matcher"].modules())
    assert not any(p.requires_grad for p in module.experts["matcher"].parameters())


def test_experts_are_in_no_checkpoint_and_none_is_missed_when_one_is_loaded(module):
    state = module.state_dict()
    assert state
    assert not [key for key in state if key.startswith("experts")]
    module.load_state_dict(state)
    del state[next(iter(state))]
    with pytest.raises(RuntimeError, match="Missing key"):
        module.load_state_dict(state)


def test_optimisers_and_averages_see_the_network_alone(module):
    assert {id(p) for p in module.parameters()} == {id(p) for p in module.net.parameters()}
    assert deepcopy(module).experts is module.experts


def test_experts_move_with_the_module(module):
    module.to(torch.float64)
    assert module.experts["matcher"].layer[0].weight.dtype == torch.float64


def test_an_expert_that_holds_a_network_brings_it_and_one_without_brings_nothing():
    class Holder:
        net = nn.Linear(1, 1)

    experts = FrozenExperts({"localizer": Holder(), "tagger": object()})
    assert list(experts.keys()) == ["localizer"]
