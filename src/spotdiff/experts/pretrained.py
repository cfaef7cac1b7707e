"""Models of the transformers library, loaded from this machine or refused in one sentence."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Self

import torch
from torch import nn

from spotdiff.experts.catalogue import WeightsMissing
from spotdiff.experts.hub import WEIGHT_FILES, local, weight_files, weights_sha256
from spotdiff.models.precision import exact_convolutions
from spotdiff.types import ModelInfo

# What transformers raises about files; a tokenizer may need a package that is not installed.
_FAILURES = (OSError, ValueError, RuntimeError, KeyError, ImportError)


class Borrowed(nn.Module):
    """A model of somebody else's: never trained, moved to a device like any other module.

    Args:
        model: Of transformers.
        info: Name and hash of its weights.
        half: Compute in float16 on a GPU and in bfloat16 on a CPU.
    """

    def __init__(self, model: nn.Module, info: ModelInfo, *, half: bool = False) -> None:
        super().__init__()
        self.model: Any = model.eval().requires_grad_(False)
        self.info = info
        self.half_precision = half

    def train(self, mode: bool = True) -> Self:
        """Stays in evaluation mode."""
        del mode
        return super().train(False)

    @property
    def device(self) -> torch.device:
        """Where the weights are now."""
        return next(self.parameters()).device

    @contextmanager
    def precision(self) -> Iterator[None]:
        """The context to call the model in."""
        kind = self.device.type
        dtype = torch.float16 if kind == "cuda" else torch.bfloat16
        with exact_convolutions(), torch.autocast(kind, dtype, enabled=self.half_precision):
            yield


@dataclass(frozen=True, slots=True)
class Pretrained:
    """A model of transformers, what prepares its inputs, and which weights these are."""

    model: Any
    processor: Any
    info: ModelInfo


def pretrained(
    name_or_dir: str | Path,
    model: str,
    *,
    texts: bool = True,
    dtype: torch.dtype = torch.float32,
) -> Pretrained:
    """Loads an id of the model hub that is in its cache, or a local folder; downloads nothing.

    Pickles are read as tensors only.

    Args:
        name_or_dir: The id or the folder.
        model: Name of the class in transformers.
        texts: Load the whole processor; without, only that of images.
        dtype: What the weights are kept in, whatever the file holds.

    Raises:
        WeightsMissing: If they are not on this machine.
        ValueError: If the files are damaged, unsafe, or of another kind of model.
    """
    folder = _whole(local(name_or_dir))
    info = ModelInfo(Path(name_or_dir).name, weights_sha256(folder))
    import transformers
    from safetensors import SafetensorError

    kind = getattr(transformers, model)
    preparing = transformers.AutoProcessor if texts else transformers.AutoImageProcessor
    with quiet():
        try:
            network, report = kind.from_pretrained(
                folder,
                dtype=dtype,
                local_files_only=True,
                weights_only=True,
                output_loading_info=True,
            )
            processor = preparing.from_pretrained(folder, local_files_only=True)
        except UnpicklingError as error:
            raise ValueError(_UNSAFE.format(folder=folder)) from error
        except (*_FAILURES, SafetensorError) as error:
            raise ValueError(_damaged(folder, model, _first_line(error))) from error
    # whatever a file lacks would be drawn at random
    if lacking := sorted(report["missing_keys"]) + sorted(map(str, report["mismatched_keys"])):
        reason = f"{len(lacking)} of its tensors are missing or of another shape, as {lacking[0]}"
        raise ValueError(_damaged(folder, model, reason))
    return Pretrained(network, processor, info)


def with_settings(info: ModelInfo, **settings: object) -> ModelInfo:
    """The identity of weights together with the settings that decide what they answer.

    Example:
        >>> info = ModelInfo("tiny", "0" * 64)
        >>> one, same = (with_settings(info, half=False, min_score=0.5) for _ in range(2))
        >>> one == same, one.sha256[:12]
        (True, '595c250030ac')
        >>> one == with_settings(info, half=False, min_score=0.25)
        False
    """
    said = repr((info.sha256, sorted(settings.items())))
    return replace(info, sha256=hashlib.sha256(said.encode()).hexdigest())


def _whole(folder: Path) -> Path:
    if not (folder / "config.json").is_file() or not weight_files(folder):
        raise WeightsMissing(
            f"Expected config.json and weights ({' or '.join(WEIGHT_FILES)}) in {folder}, found "
            f"{', '.join(sorted(path.name for path in folder.iterdir())) or 'nothing'}."
        )
    return folder


@contextmanager
def quiet() -> Iterator[None]:
    """Without the bars and tables of transformers: what matters in them is told as an error."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _damaged(folder: Path, model: str, reason: str) -> str:
    return (
        f"Expected {model} with its processor in {folder}, but cannot load it: {reason}. "
        "Give weights of that kind, or fetch them again."
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".:")


_UNSAFE = (
    "The weights in {folder} are a pickle that holds more than tensors, or are damaged: reading it "
    "could run any code. Give a copy with model.safetensors."
)
