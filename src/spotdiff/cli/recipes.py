"""Chains by the settings of `conf/build.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf
from torch import nn

from spotdiff.apps.loading import device_named
from spotdiff.building.chain import Chain
from spotdiff.cli.sharing import TARGET, Sharing, takes
from spotdiff.types import Plain

# What changes how fast a step is, or where its pictures go, and nothing else.
_PACE = ("batch_size", "readers", "device", "out")


def plain_steps(cfg: DictConfig) -> dict[str, dict[str, Any]]:
    """The steps of a recipe by their names, as plain values.

    Raises:
        ValueError: There are none and nothing is exported, or one of them names no step.
    """
    steps = cfg.get("steps")
    if not steps and not cfg.get("exports"):
        raise ValueError(
            "Expected at least one step, got none: add +step@steps.NAME=OPTION, or take a recipe "
            "such as recipe=pairs."
        )
    if not steps:
        return {}
    for key in sorted(OmegaConf.missing_keys(steps)):
        raise ValueError(f"Expected a value for {key}, got none: add {key}=… to the command.")
    plain: Any = OmegaConf.to_container(steps, resolve=True)
    for name, node in plain.items():
        if not isinstance(node, dict) or TARGET not in node:
            raise ValueError(f"Expected steps.{name} to have a {TARGET}, got {node}.")
    found: dict[str, dict[str, Any]] = plain
    return found


def chain_of(steps: Mapping[str, Mapping[str, Any]], device: str) -> Chain:
    """The chain of some steps, in whatever process; equal models in them are one, on the device.

    Args:
        steps: As `plain_steps` gives them. A step is called as in the recipe, if it takes a name.
        device: `auto` takes the first accelerator there is.
    """
    sharing = Sharing()
    named = {
        name: {"name": name, **node} if takes(node, "name") else node
        for name, node in steps.items()
    }
    made = {name: sharing.make(node, f"steps.{name}") for name, node in named.items()}
    place = device_named(device)
    for one in sharing.made:
        if isinstance(one, nn.Module):
            one.to(place)
    return Chain(made)


def settings_of(chain: Chain, steps: Mapping[str, Mapping[str, Any]]) -> dict[str, Plain]:
    """All that decides what becomes of a row: of each step what it says itself and its recipe."""
    told = chain.settings.items()
    return {
        name: {"said": said, "recipe": _decisive(node)}
        for (name, said), node in zip(told, steps.values(), strict=True)
    }


def _decisive(node: Any) -> Any:  # noqa: ANN401 - whatever is configured
    """A configuration without what only makes it fast."""
    if isinstance(node, Mapping):
        return {name: _decisive(one) for name, one in node.items() if name not in _PACE}
    return [_decisive(one) for one in node] if isinstance(node, list) else node
