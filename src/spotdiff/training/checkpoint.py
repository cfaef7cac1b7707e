"""A checkpoint carries its recipe, its vocabulary and its thresholds, so it needs no configuration.

The file is a plain dictionary of plain values and tensors and is only ever loaded with
`weights_only=True`. Since a recipe is a list of things to call, it may name nothing but network
modules of this package.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import os
import pickle
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from spotdiff.labels import Vocabulary
from spotdiff.models.siamese import SiameseChangeNet
from spotdiff.types import ModelInfo, Thresholds

KEY = "spotdiff"  # of our part in a Lightning checkpoint
PREFIX = "net."  # of the network in the state dict of the Lightning module
ALLOWED = "spotdiff.models."  # where the targets of a recipe live


class CheckpointError(ValueError):
    """A file that is no checkpoint of this package, or one that must not be trusted."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint file holds.

    Attributes:
        recipe: Nested mappings with `_target_`, the construction of the network.
        vocabulary: The labels and the words they are written with.
        thresholds: Fitted on validation data.
        state: Parameters and buffers of the network.
        info: The file's stem and hash.
    """

    recipe: dict[str, Any]
    vocabulary: Vocabulary
    thresholds: Thresholds
    state: dict[str, Tensor]
    info: ModelInfo

    def network(self) -> SiameseChangeNet:
        """The network with its weights, in evaluation mode, on the CPU."""
        net = build(self.recipe)
        if not isinstance(net, SiameseChangeNet):
            msg = f"Expected a recipe for a SiameseChangeNet in {self.info.name}, got {type(net).__name__}."
            raise CheckpointError(msg)
        net.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in self.state.items()})
        return net.eval()


def describe(recipe: Mapping[str, Any], vocabulary: Vocabulary, thresholds: Thresholds) -> dict[str, Any]:
    """Our part of a checkpoint, as plain values."""
    return {"recipe": dict(recipe), "vocabulary": vocabulary.to_dict(), "thresholds": asdict(thresholds)}


def read(path: str | Path) -> Checkpoint:
    """Reads a training checkpoint or an exported one.

    Raises:
        FileNotFoundError: If there is no such file.
        CheckpointError: If the file holds anything but plain values and tensors, or not ours.
    """
    path = Path(path)
    if not path.is_file():
        msg = f"Expected a checkpoint, but {path} does not exist."
        raise FileNotFoundError(msg)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, KeyError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        msg = f"Expected a checkpoint of plain values and tensors in {path}, but it cannot be loaded: {reason}"
        raise CheckpointError(msg) from error
    if not isinstance(content, dict) or KEY not in content:
        msg = f"Expected a checkpoint written by train.py, but {path} has no {KEY!r} entry."
        raise CheckpointError(msg)
    own = content[KEY]
    state = {k.removeprefix(PREFIX): v for k, v in content["state_dict"].items() if k.startswith(PREFIX)}
    thresholds = Thresholds(**{k: tuple(v) if isinstance(v, list) else v for k, v in own["thresholds"].items()})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    vocabulary = Vocabulary.from_dict(own["vocabulary"])
    return Checkpoint(own["recipe"], vocabulary, thresholds, state, ModelInfo(path.stem, digest))


def export(checkpoint: Checkpoint, path: str | Path) -> None:
    """Writes the checkpoint without optimiser state and with half-precision weights, atomically."""
    path = Path(path)
    state = {
        PREFIX + k: v.half() if v.is_floating_point() else v for k, v in checkpoint.state.items()
    }
    own = describe(checkpoint.recipe, checkpoint.vocabulary, checkpoint.thresholds)
    temporary = path.with_name(f".{path.name}.part")
    torch.save({KEY: own, "state_dict": state}, temporary)
    os.replace(temporary, path)


def build(recipe: Mapping[str, Any]) -> nn.Module:
    """Constructs the module that a recipe describes, innermost parts first.

    Raises:
        CheckpointError: If a target is not a network module of this package, or does not take its
            arguments.
    """
    arguments = {
        key: build(value) if isinstance(value, Mapping) and "_target_" in value else value
        for key, value in recipe.items()
        if key not in ("_target_", "_convert_")
    }
    target = _target(str(recipe.get("_target_")))
    try:
        inspect.signature(target).bind(**arguments)
    except TypeError as error:
        msg = f"The recipe of {target.__name__} does not fit this version: {error}."
        raise CheckpointError(msg) from error
    return target(**arguments)


def _target(name: str) -> type[nn.Module]:
    module, _, attribute = name.rpartition(".")
    found = None
    if name.startswith(ALLOWED):
        try:
            found = getattr(importlib.import_module(module), attribute, None)
        except ModuleNotFoundError:
            found = None
    if not (inspect.isclass(found) and issubclass(found, nn.Module)):
        msg = f"A recipe may only name network modules under {ALLOWED}*, this one names {name!r}."
        raise CheckpointError(msg)
    return found
