"""A checkpoint carries its recipe, its vocabulary and its thresholds, so it needs no configuration.

The file is a plain dictionary of plain values and tensors and is only ever loaded with
`weights_only=True`. Since a recipe is a list of things to call, it may name nothing but network
modules of this package.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import pickle
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from spotdiff.labels import Vocabulary
from spotdiff.models.siamese import SiameseChangeNet
from spotdiff.types import ModelInfo, Thresholds, Tuned

KEY = "spotdiff"  # of our part in a Lightning checkpoint
PREFIX = "net."  # of the network in the state dict of the Lightning module
ALLOWED = "spotdiff.models."  # where the targets of a recipe live
# What torch raises on damaged files, from truncation to absurd header fields.
_LOADING_ERRORS = (
    pickle.UnpicklingError,
    RuntimeError,
    EOFError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
    struct.error,
)


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
        tuned: How objects become changes and words; None where nobody tuned that.
    """

    recipe: dict[str, Any]
    vocabulary: Vocabulary
    thresholds: Thresholds
    state: dict[str, Tensor]
    info: ModelInfo
    tuned: Tuned | None = None

    def network(self) -> SiameseChangeNet:
        """The network with its weights, in evaluation mode, on the CPU.

        Raises:
            CheckpointError: If the recipe must not be followed, or the weights do not fit it.
        """
        try:
            net = build(self.recipe)
        except (TypeError, ValueError, LookupError, RuntimeError) as error:
            if isinstance(error, CheckpointError):
                raise
            msg = f"The network of {self.info.name} cannot be built: {' '.join(str(error).split())}"
            raise CheckpointError(msg) from error
        if not isinstance(net, SiameseChangeNet):
            kind = type(net).__name__
            msg = f"Expected a recipe for a SiameseChangeNet in {self.info.name}, got {kind}."
            raise CheckpointError(msg)
        state = {k: v.float() if v.is_floating_point() else v for k, v in self.state.items()}
        try:
            net.load_state_dict(state)
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:200]
            msg = f"The weights of {self.info.name} do not fit its recipe: {reason}"
            raise CheckpointError(msg) from error
        return net.eval()


def averaged(checkpoints: Sequence[Checkpoint]) -> Checkpoint:
    """One checkpoint with the mean of the weights of several, all else from the last one.

    Of stages of one training, the mean sees mostly what each of them sees and costs no more than
    one. Wortsman et al. 2022, Model soups (https://arxiv.org/abs/2203.05482), their uniform soup.

    Raises:
        ValueError: If there are none, or they are not of one network and one vocabulary.
    """
    if not checkpoints:
        raise ValueError("Expected checkpoints to average, got none.")
    *others, last = checkpoints
    for one in others:
        if (one.recipe, one.vocabulary) != (last.recipe, last.vocabulary):
            names = f"{one.info.name} and {last.info.name}"
            msg = f"Expected checkpoints of one network and vocabulary to average, {names} differ."
            raise ValueError(msg)
    state = {
        key: torch.stack([one.state[key].float() for one in checkpoints]).mean(dim=0)
        if value.is_floating_point()
        else value
        for key, value in last.state.items()
    }
    return replace(last, state=state)


def describe(
    recipe: Mapping[str, Any], vocabulary: Vocabulary, thresholds: Thresholds
) -> dict[str, Any]:
    """Our part of a checkpoint, as plain values."""
    return {
        "recipe": dict(recipe),
        "vocabulary": vocabulary.to_dict(),
        "thresholds": asdict(thresholds),
    }


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
    except _LOADING_ERRORS as error:
        named = re.search(r"(?:GLOBAL|class) ([\w.]+)", str(error))
        reason = f"it names {named[1]}" if named else "it is damaged or no checkpoint"
        msg = f"Expected a checkpoint of plain values and tensors in {path}, but {reason}."
        raise CheckpointError(msg) from error
    if not isinstance(content, dict) or KEY not in content:
        msg = f"Expected a checkpoint written by train.py, but {path} has no {KEY!r} entry."
        raise CheckpointError(msg)
    try:
        return _parsed(content, path)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        msg = (
            f"Expected a checkpoint of this version in {path}, but {type(error).__name__}: {error}."
        )
        raise CheckpointError(msg) from error


def _parsed(content: Mapping[str, Any], path: Path) -> Checkpoint:
    own = content[KEY]
    state = {
        name.removeprefix(PREFIX): value
        for name, value in content["state_dict"].items()
        if name.startswith(PREFIX)
    }
    plain: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in own["thresholds"].items()
    }
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Checkpoint(
        recipe=dict(own["recipe"]),
        vocabulary=Vocabulary.from_dict(own["vocabulary"]),
        thresholds=Thresholds(**plain),
        state=state,
        info=ModelInfo(path.stem, digest),
        tuned=Tuned.from_plain(own["tuned"]) if own.get("tuned") else None,
    )


def export(checkpoint: Checkpoint, path: str | Path) -> None:
    """Writes the checkpoint without optimiser state and with half-precision weights, atomically."""
    path = Path(path)
    state = {
        PREFIX + k: v.half() if v.is_floating_point() else v for k, v in checkpoint.state.items()
    }
    own = describe(checkpoint.recipe, checkpoint.vocabulary, checkpoint.thresholds)
    if checkpoint.tuned is not None:
        own["tuned"] = checkpoint.tuned.plain()
    temporary = path.with_name(f".{path.name}.part")
    torch.save({KEY: own, "state_dict": state}, temporary)
    temporary.replace(path)


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
