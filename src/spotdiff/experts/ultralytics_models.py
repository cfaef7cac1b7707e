"""What the experts that run through ultralytics share; it is AGPL-3.0 and so are its weights.

Nothing is downloaded, files of strangers are read without running what is in them, the licence is
told once, and what ultralytics does to a process stays within `contained`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import torch
from torch import nn

from spotdiff.experts.catalogue import (
    WeightsMissing,
    catalogue,
    file_sha256,
    missing,
    place,
    weights_folder,
)
from spotdiff.experts.containment import contained
from spotdiff.types import ModelInfo

log = logging.getLogger("spotdiff")


@dataclass(frozen=True, slots=True)
class Family:
    """A family of models of ultralytics, and who asks for it.

    Attributes:
        name: Of its class in ultralytics.
        tasks: Which of its models are meant, in the words of ultralytics.
        setting: That asks for it, such as `proposer=fastsam`.
        extra: Of this package that installs ultralytics.
        instead: Settings that ask for something under a permissive licence.
    """

    name: str
    tasks: tuple[str, ...]
    setting: str
    extra: str
    instead: tuple[str, ...]


class UltralyticsModel(nn.Module):
    """A model of ultralytics as a frozen part of a module, which predicts where the module is.

    Only its network is a part of this module: the `train` of an ultralytics model starts a
    training. An exported model (.onnx) is a path instead and has no network.

    Args:
        model: An `ultralytics.YOLO` or `ultralytics.FastSAM`.
        info: Name and hash of the weights, and of the settings that belong to the identity.
        settings: Of its predictor, in the words of ultralytics.
    """

    def __init__(
        self,
        model: Any,  # noqa: ANN401 - ultralytics is imported where it is used
        info: ModelInfo,
        settings: dict[str, object],
    ) -> None:
        super().__init__()
        self.info = info
        self.settings = settings
        self.source: str | None = None
        self.network: nn.Module | None = None
        if isinstance(model.model, nn.Module):
            self.network = model.model.eval().requires_grad_(False)
        else:
            self.source = str(model.model)
        self.register_buffer("where", torch.zeros(()), persistent=False)
        self.where: torch.Tensor
        self._kind = model.task_map[model.task]["predictor"]
        self._predictor: Any = None

    def train(self, mode: bool = True) -> Self:
        """Stays in evaluation mode: these weights are borrowed."""
        del mode
        return super().train(False)

    def _on(self, device: torch.device) -> Any:  # noqa: ANN401 - a BasePredictor
        """What predicts on `device`: ultralytics copies the network there once, and fuses it."""
        if self._predictor is None or self._predictor.device != device:
            with contained():
                fixed = {"device": device, "mode": "predict", "save": False, "verbose": False}
                self._predictor = self._kind(overrides=self.settings | fixed)
                self._predictor.callbacks.clear()  # they report to services
                model = self.source if self.network is None else self.network
                self._predictor.setup_model(model, verbose=False)
        return self._predictor


def load(path_or_name: str | Path, family: Family, *, trust: bool) -> tuple[Any, ModelInfo]:
    """A model of ultralytics from a local file, with the name and the hash of that file.

    Args:
        path_or_name: A file `.pt` or `.onnx`, or a name of the catalogue.
        family: Which class of ultralytics reads it.
        trust: Unpickle whatever the file holds. A file with a hash of the catalogue is trusted; of
            any other one only tensors and known classes are read.

    Raises:
        WeightsMissing: If there is no such file.
        ImportError: If ultralytics is not installed.
        ValueError: If the file is not what the catalogue says, must not be trusted, or holds a
            model of another task.
    """
    path, known = _file(str(path_or_name))
    info = ModelInfo(path.stem, file_sha256(path))
    if known is not None and info.sha256 != known:
        msg = (
            f"Expected the {path.name} of the catalogue, sha256 {known}, but {path} has "
            f"{info.sha256}: remove it and run `spotdiff models fetch {path.name}`."
        )
        raise ValueError(msg)
    hashes = {weight.sha256 for weight in catalogue().values()}
    model = _read(path, family, trust or info.sha256 in hashes)
    check_task(family, path.name, model.task)
    return model, info


def check_task(family: Family, name: str, task: str) -> None:
    """Refuses a model that answers another question.

    Raises:
        ValueError: If `task` is none of the family's.
    """
    if task not in family.tasks:
        msg = (
            f"Expected a model of the task {' or '.join(family.tasks)} for {family.setting}, but "
            f"{name} is one of the task {task}. Give other weights."
        )
        raise ValueError(msg)


def _file(name: str) -> tuple[Path, str | None]:
    """The file of a path or of a name of the catalogue, with the hash that it must have, if any."""
    weight = catalogue().get(name)
    in_folder = weight is not None and not weight.on_hub
    path = place(weight) if weight is not None and in_folder else Path(name)
    if not path.is_file():
        raise WeightsMissing(missing(name, path if in_folder else weights_folder()))
    return path, weight.sha256 if weight is not None and in_folder else None


def _read(path: Path, family: Family, trusted: bool) -> Any:  # noqa: ANN401 - of ultralytics
    if find_spec("ultralytics") is None:
        msg = (
            f'{family.setting} needs ultralytics (AGPL-3.0): pip install "spotdiff[{family.extra}]"'
        )
        raise ImportError(msg)
    if path.suffix == ".onnx" and find_spec("onnxruntime") is None:
        raise ImportError(f"{path.name} needs ONNX Runtime: pip install onnxruntime")
    tell_the_licence(family)
    with contained():
        import ultralytics
        from ultralytics.nn import tasks

        restricted = getattr(tasks, "SAFE_LOAD", None)
        if not trusted and path.suffix == ".pt" and restricted is None:
            raise ValueError(_UNTRUSTED.format(path=path))
        try:
            tasks.SAFE_LOAD = not trusted
            return getattr(ultralytics, family.name)(path)
        except TypeError as error:  # how ultralytics refuses a file
            raise ValueError(_UNTRUSTED.format(path=path)) from error
        finally:
            tasks.SAFE_LOAD = restricted


_UNTRUSTED = (
    "{path} holds more than tensors and known classes, or is damaged: unpickling it could run any "
    "code. Its hash is not in the catalogue; give trust=true if you know where it comes from."
)


@cache
def tell_the_licence(family: Family) -> None:
    """Says once in a process what using a family asks for, and what can be used instead."""
    log.warning(
        "%s runs ultralytics and %s, which are under AGPL-3.0: who distributes this combination, "
        "or lets others use it over a network, owes them its source code under that licence. "
        "%s and %s are under permissive licences.",
        family.setting,
        family.name,
        ", ".join(family.instead[:-1]),
        family.instead[-1],
    )
