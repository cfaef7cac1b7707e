"""A convolutional pyramid: the early, high-resolution features that patch tokens lack."""

from __future__ import annotations

from difflib import get_close_matches
from itertools import pairwise

import timm
import torch
from timm.layers import BatchNormAct2d
from timm.models import FeatureListNet
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights


class PyramidEncoder(nn.Module):
    """Maps at strides 2, 4, 8, … of any timm network that gives features.

    Its batch norms are folded into the convolutions before them: the same function in half the
    time, and nothing to re-estimate on small batches. Fine-tuning moves the folded convolutions.

    Args:
        name: A timm network with `features_only`, e.g. `tf_efficientnet_lite0`.
        frozen: Keep the weights as they are, without gradients.

    Raises:
        ValueError: If timm has no network of that name that gives features.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, name: str = "tf_efficientnet_lite0", frozen: bool = True) -> None:
        super().__init__()
        features = _features(name)
        self.channels: list[int] = features.feature_info.channels()
        self.strides: list[int] = features.feature_info.reduction()
        self.features = fold_batch_norms(features).to(memory_format=torch.channels_last)
        self.frozen = frozen
        config = timm.get_pretrained_cfg(name)
        self.register_buffer("mean", torch.tensor(config.mean)[:, None, None], False)
        self.register_buffer("std", torch.tensor(config.std)[:, None, None], False)
        if frozen:
            self.requires_grad_(False)

    def train(self, mode: bool = True) -> PyramidEncoder:
        """Sets the mode; a frozen pyramid stays in evaluation mode."""
        return super().train(mode and not self.frozen)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Maps of images (b, 3, h, w) in [0, 1], finest first; h and w are multiples of 32."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            normal = ((images - self.mean) / self.std).contiguous(memory_format=torch.channels_last)
            maps: list[Tensor] = self.features(normal)
            return maps


def _features(name: str) -> FeatureListNet:
    """A timm network without weights that gives its maps at every stride."""
    if not timm.is_model(name):
        near = get_close_matches(name, timm.list_models(), n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        msg = f"Expected the name of a timm network, got {name!r}.{hint}"
        raise ValueError(msg)
    return timm.create_model(name, pretrained=False, features_only=True)


def fold_batch_norms(network: nn.Module) -> nn.Module:
    """Folds each batch norm that follows a convolution into it, in place; returns the network.

    A batch norm in evaluation mode is y = γ (x − μ) / √(σ² + ε) + β, linear in x, so the
    convolution before it can carry it: w' = w γ / √(σ² + ε), b' = (b − μ) γ / √(σ² + ε) + β.
    """
    for parent in list(network.modules()):
        children = list(parent.named_children())
        for (_, first), (name, second) in pairwise(children):
            if not (isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d)):
                continue
            if second.running_mean is None or second.running_var is None:
                continue  # it measures every batch, so it is no fixed function
            first.weight, first.bias = fuse_conv_bn_weights(
                first.weight,
                first.bias,
                second.running_mean,
                second.running_var,
                second.eps,
                second.weight,
                second.bias,
            )
            rest = second.act if isinstance(second, BatchNormAct2d) else nn.Identity()
            setattr(parent, name, rest)
    return network
