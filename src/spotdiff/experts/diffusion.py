"""Pipelines of the diffusers library, loaded from this machine or refused in one sentence."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import nn

from spotdiff.experts.catalogue import WeightsMissing
from spotdiff.experts.hub import PIPELINE, files_sha256, local, weight_files
from spotdiff.experts.pretrained import quiet as quiet_transformers
from spotdiff.models.precision import exact_convolutions
from spotdiff.types import Image, ModelInfo

DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
_HALF = ".fp16."  # in the names of files that hold half precision
# What diffusers and transformers raise about files; a tokenizer may need an absent package.
_FAILURES = (OSError, ValueError, RuntimeError, KeyError, ImportError, AttributeError)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline of diffusers and which weights it has."""

    pipeline: Any
    info: ModelInfo


class Drawing(nn.Module):
    """A pipeline of somebody else's whose networks move like any module and are never trained.

    Args:
        pipeline: Of diffusers.
        info: Name and hash of its weights.
    """

    def __init__(self, pipeline: Any, info: ModelInfo) -> None:  # noqa: ANN401
        super().__init__()
        self.pipeline = pipeline
        self.info = info
        parts = pipeline.components.items()
        self.networks = nn.ModuleDict({k: part for k, part in parts if isinstance(part, nn.Module)})
        self.networks.eval().requires_grad_(False)
        pipeline.set_progress_bar_config(disable=True)

    def train(self, mode: bool = True) -> Self:
        """Stays in evaluation mode."""
        del mode
        return super().train(False)

    @property
    def dtype(self) -> str:
        """The precision of the denoiser, by its short name."""
        found = self.pipeline.unet.dtype
        return next((name for name, dtype in DTYPES.items() if dtype == found), str(found))

    def drawn(self, **arguments: object) -> list[Image]:
        """What the pipeline draws.

        Raises:
            ValueError: If a picture has values that are no numbers.
        """
        with quiet(), exact_convolutions():
            pictures = self.pipeline(output_type="np", **arguments).images
        if not np.isfinite(pictures).all():
            raise ValueError(
                f"Expected finite pictures of {self.info.name}, got nan: {self.dtype} may be too "
                "coarse. Give dtype=bf16 or dtype=fp32."
            )
        return list((pictures * 255).round().astype(np.uint8))


def generators(seeds: list[int]) -> list[torch.Generator]:
    """A source of noise for every picture, on the CPU: the same on every machine."""
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def loaded(name_or_dir: str | Path, kind: str, dtype: str) -> Pipeline:
    """Loads an id of the model hub that is in its cache, or a local folder; downloads nothing.

    Only safetensors are read. Files of half precision are taken for fp16, and where there are no
    others.

    Args:
        name_or_dir: The id or the folder.
        kind: Name of the class in diffusers.
        dtype: fp32, fp16 or bf16, in which the networks are kept and compute.

    Raises:
        WeightsMissing: If they are not on this machine.
        ValueError: If there is no such dtype; if the files are damaged, or of another kind.
    """
    if dtype not in DTYPES:
        raise ValueError(f"Expected a dtype of {', '.join(DTYPES)}, got '{dtype}'.")
    folder = local(name_or_dir)
    files = _files(folder, half=dtype == "fp16")
    diffusers = _diffusers()
    with quiet():
        try:
            pipeline = getattr(diffusers, kind).from_pretrained(
                folder,
                torch_dtype=DTYPES[dtype],
                variant="fp16" if _HALF in files[0].name else None,
                use_safetensors=True,
                local_files_only=True,
                add_watermarker=False,
            )
            _check(pipeline, files)
        except _FAILURES as error:
            raise ValueError(_damaged(folder, kind, error)) from error
    return Pipeline(pipeline, ModelInfo(Path(name_or_dir).name, files_sha256(files)))


def _files(folder: Path, *, half: bool) -> list[Path]:
    """The weights of all networks in the precision that is taken."""
    files = weight_files(folder) if (folder / PIPELINE).is_file() else []
    if not files:
        raise WeightsMissing(
            f"Expected {PIPELINE} and networks as safetensors in {folder}, found "
            f"{', '.join(sorted(path.name for path in folder.iterdir())) or 'nothing'}."
        )
    halves = [path for path in files if _HALF in path.name]
    whole = [path for path in files if _HALF not in path.name]
    return halves if halves and (half or not whole) else whole


def _check(pipeline: Any, files: list[Path]) -> None:  # noqa: ANN401
    """That every tensor of denoiser and autoencoder came from a file: the rest is random."""
    from safetensors import safe_open

    for name in ("unet", "vae"):
        known: set[str] = set()
        for path in files:
            if path.parent.name == name:
                with safe_open(path, "pt") as stored:
                    known |= set(stored.keys())
        if lacking := sorted(set(getattr(pipeline, name).state_dict()) - known):
            raise ValueError(f"{len(lacking)} tensors of its {name} are missing, as {lacking[0]}")


def _diffusers() -> Any:  # noqa: ANN401 - a package that may be absent
    try:
        import diffusers
    except ImportError as error:
        raise ImportError(
            "Expected the package diffusers to draw pictures, found none: "
            'pip install "spotdiff[synthesis]".'
        ) from error
    return diffusers


@contextmanager
def quiet() -> Iterator[None]:
    """Without the bars and remarks of both libraries: what matters in them is told as an error.

    They also warn of what they do themselves.
    """
    from diffusers.utils import logging as theirs

    remarks, bars = theirs.get_verbosity(), theirs.is_progress_bar_enabled()
    theirs.set_verbosity(logging.ERROR)
    theirs.disable_progress_bar()
    try:
        with quiet_transformers(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=DeprecationWarning)
            warnings.filterwarnings("ignore", category=FutureWarning)
            yield
    finally:
        theirs.set_verbosity(remarks)
        if bars:
            theirs.enable_progress_bar()


def _damaged(folder: Path, kind: str, error: Exception) -> str:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".:")
    return (
        f"Expected {kind} in {folder}, but cannot load it: {reason}. "
        "Give weights of that kind, or fetch them again."
    )
