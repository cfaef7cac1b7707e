"""The convolutional pyramid, and its batch norms folded away."""

from copy import deepcopy

import pytest
import timm
import torch
from torch import nn

from spotdiff.models.pyramid import PyramidEncoder, fold_batch_norms


def _lived_in(network: nn.Module) -> nn.Module:
    """The network with batch statistics and weights as after a training."""
    torch.manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
    return network.eval()


@pytest.mark.parametrize("name", ["test_efficientnet", "test_resnet", "test_byobnet"])
def test_folding_batch_norms_keeps_the_function(name):
    network = _lived_in(timm.create_model(name, features_only=True))
    folded = fold_batch_norms(deepcopy(network))
    images = torch.randn(1, 3, 64, 64)
    for expected, found in zip(network(images), folded(images), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_no_batch_norm_is_left_behind():
    pyramid = PyramidEncoder("test_efficientnet")
    assert not any(isinstance(m, nn.BatchNorm2d) for m in pyramid.modules())


def test_a_norm_that_measures_every_batch_is_not_folded():
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4, track_running_stats=False))
    assert isinstance(fold_batch_norms(network)[1], nn.BatchNorm2d)


def test_maps_come_finest_first_at_the_strides_that_are_told():
    pyramid = PyramidEncoder("test_efficientnet").eval()
    maps = pyramid(torch.rand(2, 3, 64, 96))
    assert [tuple(m.shape[-2:]) for m in maps] == [(64 // s, 96 // s) for s in pyramid.strides]
    assert [m.shape[1] for m in maps] == pyramid.channels
    assert pyramid.strides == [2, 4, 8, 16, 32]


def test_a_frozen_pyramid_stays_as_it_is():
    pyramid = PyramidEncoder("test_efficientnet", frozen=True).train()
    assert not pyramid.training
    assert not pyramid(torch.rand(1, 3, 32, 32))[-1].requires_grad


def test_a_thawed_pyramid_learns_its_folded_convolutions():
    pyramid = PyramidEncoder("test_efficientnet", frozen=False).train()
    pyramid(torch.rand(1, 3, 32, 32))[-1].sum().backward()
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in pyramid.parameters())


def test_an_unknown_name_gets_the_nearest_one():
    with pytest.raises(ValueError, match="Did you mean 'tf_efficientnet_lite0'"):
        PyramidEncoder("tf_efficientnet_light0")
