"""Parameter groups and the learning-rate schedule."""

import pytest
import torch
from torch import nn
from torch.optim import SGD

from spotdiff.models.siamese import SiameseChangeNet
from spotdiff.training.optimizers import LayerwiseAdamW, cosine_with_warmup, layerwise_groups
from tests.fakes import tiny_network


def _rates(net: SiameseChangeNet, layer_decay: float = 0.5) -> dict[int, tuple[float, float]]:
    groups = layerwise_groups(net, lr=1.0, weight_decay=0.1, layer_decay=layer_decay)
    return {id(p): (g["lr"], g["weight_decay"]) for g in groups for p in g["params"]}


def test_rates_fall_with_the_distance_from_the_head():
    net = tiny_network()
    rates, blocks = _rates(net), net.encoder.vit.blocks
    depth = len(blocks)
    assert rates[id(net.head[-1].weight)][0] == 1.0
    assert rates[id(blocks[-1].mlp.fc1.weight)][0] == 0.5
    assert rates[id(blocks[0].mlp.fc1.weight)][0] == 0.5**depth
    assert rates[id(net.encoder.vit.patch_embed.proj.weight)][0] == 0.5 ** (depth + 1)
    pyramid = next(net.pyramid.parameters())
    assert rates[id(pyramid)][0] == 0.5 ** (depth + 1)


def test_vectors_get_no_weight_decay_and_matrices_do():
    net = tiny_network()
    rates = _rates(net)
    assert rates[id(net.head[-1].weight)][1] == 0.1
    assert rates[id(net.head[-1].bias)][1] == 0.0
    assert rates[id(net.equality.log_slope)][1] == 0.0


def test_every_learning_parameter_is_in_one_group_and_frozen_ones_in_none():
    net = tiny_network()
    net.encoder.requires_grad_(False)
    groups = layerwise_groups(net, 1.0, 0.1, 0.5)
    listed = [id(p) for group in groups for p in group["params"]]
    assert len(listed) == len(set(listed))
    assert set(listed) == {id(p) for p in net.parameters() if p.requires_grad}


def test_a_network_without_blocks_learns_at_one_rate():
    groups = layerwise_groups(nn.Linear(2, 2), 0.3, 0.1, 0.5)
    assert {group["lr"] for group in groups} == {0.3}


def _factors(steps: int, warmup: float) -> list[float]:
    optimizer = SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = cosine_with_warmup(optimizer, steps, warmup)
    factors = []
    for _ in range(steps + 2):
        factors.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return factors


def test_the_rate_rises_linearly_then_falls_as_a_cosine_to_nothing():
    factors = _factors(steps=12, warmup=1 / 3)
    assert factors[:4] == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert factors[4] == pytest.approx(1.0)
    assert factors[8] == pytest.approx(0.5)
    assert factors[12] == pytest.approx(0.0)
    assert factors[13] == pytest.approx(0.0)


@pytest.mark.parametrize("steps", [1, 2])
def test_the_shortest_trainings_have_a_rate(steps):
    assert _factors(steps, 0.05)[0] == 1.0


def test_the_optimizer_and_its_schedule_are_made_for_a_number_of_steps():
    net = tiny_network()
    optimizer, schedule = LayerwiseAdamW(lr=0.01, warmup=0.5)(net, steps=4)
    assert max(g["lr"] for g in optimizer.param_groups) == pytest.approx(0.005)
    optimizer.step()
    schedule.step()
    assert max(g["lr"] for g in optimizer.param_groups) == pytest.approx(0.01)
