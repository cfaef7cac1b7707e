"""Where the weights of the borrowed encoders come from: timm, a local file, or another network.

timm: https://github.com/huggingface/pytorch-image-models
"""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlparse

import timm
from torch import Tensor, nn

from spotdiff.models.encoder import ViTEncoder
from spotdiff.models.pyramid import PyramidEncoder, fold_batch_norms
from spotdiff.models.siamese import SiameseChangeNet


class WeightsUnreachable(RuntimeError):  # noqa: N818 it is a state of the world
    """Pretrained weights are neither in the cache nor to be had from the hub."""


def load_encoder(encoder: ViTEncoder, name: str, source: str) -> None:
    """Fills a ViT encoder with pretrained weights.

    Args:
        encoder: Changed in place.
        name: Its timm name.
        source: `timm` (cache or hub), or the path of a state dict (`.safetensors`, or `.pth` that
            loads with `weights_only=True`).

    Raises:
        WeightsUnreachable: If `source` is `timm` and the hub does not answer.
        FileNotFoundError: If the path does not exist.
    """
    pretrained = _pretrained(name, source, num_classes=0, dynamic_img_size=True)
    _copy(pretrained.state_dict(), encoder.vit, f"{name} from {source}")


def load_pyramid(pyramid: PyramidEncoder, name: str, source: str) -> None:
    """Fills a pyramid with pretrained weights; arguments and errors as in `load_encoder`."""
    pretrained = _pretrained(name, source, features_only=True)
    _copy(fold_batch_norms(pretrained).state_dict(), pyramid.features, f"{name} from {source}")


def borrow_encoders(network: SiameseChangeNet, state: dict[str, Tensor]) -> None:
    """Fills both encoders of `network` from the state dict of another network of that shape."""
    for part in ("encoder", "pyramid"):
        prefix = f"{part}."
        own = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
        _copy(own, getattr(network, part), f"the {part} of a checkpoint")


def _copy(state: dict[str, Tensor], target: nn.Module, origin: str) -> None:
    """Loads what `target` has; more may come (dropped blocks, heads), less may not."""
    wanted = target.state_dict()
    missing = [k for k in wanted if k not in state or state[k].shape != wanted[k].shape]
    if missing:
        shape = tuple(wanted[missing[0]].shape)
        msg = f"Expected weights for {missing[0]!r} of shape {shape} in {origin}, found none."
        raise ValueError(msg)
    target.load_state_dict({k: state[k] for k in wanted})


def _pretrained(name: str, source: str, **arguments: object) -> nn.Module:
    if source != "timm":
        if not Path(source).is_file():
            msg = (
                f"Expected timm or a file with the weights of {name}, but {source} does not exist."
            )
            raise FileNotFoundError(msg)
        overlay = {"file": source}
        network: nn.Module = timm.create_model(
            name, pretrained=True, pretrained_cfg_overlay=overlay, **arguments
        )
        return network
    _stay_offline_without_hub()
    try:
        network = timm.create_model(name, pretrained=True, **arguments)
    except OSError as error:
        msg = (
            f"The pretrained weights of {name} cannot be reached: "
            "the model hub does not answer and its cache has none."
        )
        raise WeightsUnreachable(msg) from error
    return network


def _stay_offline_without_hub() -> None:
    """Spares the user a minute of retries when the hub's name does not even resolve."""
    from huggingface_hub import constants

    try:
        socket.getaddrinfo(urlparse(constants.ENDPOINT).hostname, 443)
    except OSError:
        constants.HF_HUB_OFFLINE = True
