"""From a checkpoint to a pipeline that answers pairs, for programs and for Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

from spotdiff.apps.places import shipped_checkpoint
from spotdiff.contracts import Aligner, DifferenceCaptioner, StandaloneLocalizer
from spotdiff.models.labeller import SiameseLabeller
from spotdiff.models.localizer import SiameseLocalizer
from spotdiff.pipeline import PairPipeline
from spotdiff.stages.alignment import ViewAligner
from spotdiff.stages.decision import HeatmapDecision, MapComparer
from spotdiff.stages.registration import Ecc, Homography, Shift
from spotdiff.stages.template_captioner import TemplateCaptioner
from spotdiff.training.checkpoint import Checkpoint, read
from spotdiff.types import Registering, Thresholds

_ALIGNERS: dict[str, Callable[[], Aligner]] = {
    "shift": lambda: ViewAligner(Shift()),
    "ecc": lambda: ViewAligner(Ecc()),
    "homography": lambda: ViewAligner(Homography(), max_side=480),
}


def load(  # noqa: PLR0913 - the settings of conf/predict.yaml, each with its default
    ckpt: str | Path | Checkpoint | None = None,
    *,
    device: str = "auto",
    tile: Literal["auto", "off"] = "auto",
    max_side: int = 1024,
    flip: bool = False,
    half: bool = False,
    min_heat: float | None = None,
    min_score: float | None = None,
    min_label: float | None = None,
    min_area: int = 16,
    alignment: Aligner | Registering | None = "shift",
    captioner: DifferenceCaptioner | Literal["template"] | None = "template",
) -> PairPipeline:
    """A pipeline with the weights and the thresholds of a checkpoint.

    Args:
        ckpt: A file written by train.py; None takes the model that comes with the package.
        device: `auto` takes the first accelerator there is.
        tile: As in `SiameseLocalizer`, like `max_side`, `flip` and `half`.
        max_side: Longest side that is looked at in one piece, in pixels.
        flip: Look at the mirrored pair too.
        half: Compute in bfloat16.
        min_heat: None keeps what the checkpoint says, as with `min_score` and `min_label`; see
            `Thresholds`.
        min_score: Of a box.
        min_label: Of the label of a box.
        min_area: Pixels of the after view that a change covers at least.
        alignment: Lays before onto after where the camera moved; a name is that of a file in
            `conf/alignment`, None takes the camera for fixed.
        captioner: Says the changes in words; `template` does so by rules, None leaves it.

    Raises:
        FileNotFoundError: If there is no such file.
        CheckpointError: If it is no checkpoint, or must not be trusted.
        ValueError: If there is no alignment or no captioner of that name.
    """
    checkpoint = ckpt if isinstance(ckpt, Checkpoint) else read(ckpt or shipped_checkpoint())
    wanted = {"min_heat": min_heat, "min_score": min_score, "min_label": min_label}
    thresholds = _with(checkpoint.thresholds, wanted)
    vocabulary = checkpoint.vocabulary
    network = checkpoint.network()
    localizer = SiameseLocalizer(
        network,
        words=[vocabulary.emit(label) for label in network.vocabulary],
        device=device_named(device),
        tile=tile,
        max_side=max_side,
        flip=flip,
        half=half,
    )
    labeller = None
    if network.regions is not None:
        names = [vocabulary.emit(label) for label in network.regions.vocabulary]
        labeller = SiameseLabeller(network, names)
    decision = HeatmapDecision(thresholds, min_area, labeller=labeller)
    comparer = MapComparer(localizer, decision)
    return PairPipeline(
        comparer,
        checkpoint.info,
        alignment=aligner_named(alignment),
        captioner=captioner_named(captioner),
    )


def localizing(
    localizer: StandaloneLocalizer,
    *,
    device: str = "auto",
    min_heat: float | None = None,
    min_score: float | None = None,
    min_area: int = 16,
    alignment: Aligner | Registering | None = "shift",
    captioner: DifferenceCaptioner | Literal["template"] | None = "template",
) -> PairPipeline:
    """A pipeline that answers by a localiser without a checkpoint.

    Args:
        localizer: Its weights, if it has any, are moved to `device`.
        device: `auto` takes the first accelerator there is.
        min_heat: None keeps what the localiser says, as with `min_score`.
        min_score: Of a box.
        min_area: Pixels of the after view that a change covers at least.
        alignment: Lays before onto after where the camera moved; a name is that of a file in
            `conf/alignment`, None takes the camera for fixed.
        captioner: Says the changes in words; `template` does so by rules, None leaves it.
    """
    if isinstance(localizer, nn.Module):
        localizer.to(device_named(device))
    thresholds = _with(localizer.thresholds, {"min_heat": min_heat, "min_score": min_score})
    comparer = MapComparer(localizer, HeatmapDecision(thresholds, min_area))
    return PairPipeline(
        comparer,
        localizer.info,
        alignment=aligner_named(alignment),
        captioner=captioner_named(captioner),
    )


def aligner_named(wanted: Aligner | Registering | None) -> Aligner | None:
    """What is wanted, made if it is a name.

    Raises:
        ValueError: If there is no such name.
    """
    if not isinstance(wanted, str):
        return wanted
    if wanted not in _ALIGNERS:
        raise ValueError(f"Expected alignment to be one of {', '.join(_ALIGNERS)}, got {wanted!r}.")
    return _ALIGNERS[wanted]()


def captioner_named(
    wanted: DifferenceCaptioner | Literal["template"] | None,
) -> DifferenceCaptioner | None:
    """What is wanted, made if it is a name.

    Raises:
        ValueError: If there is no such name; other captioners have to be made first.
    """
    if not isinstance(wanted, str):
        return wanted
    if wanted != "template":
        raise ValueError(f"Expected captioner to be template, a captioner or None, got {wanted!r}.")
    return TemplateCaptioner()


def _with(thresholds: Thresholds, wanted: Mapping[str, Any]) -> Thresholds:
    """The thresholds, but for those that somebody wants otherwise."""
    return replace(thresholds, **{name: v for name, v in wanted.items() if v is not None})


def device_named(name: str) -> torch.device:
    """The device of that name; `auto` is the first accelerator there is, or the CPU.

    Raises:
        ValueError: If there is no such device on this machine, or nowhere.
    """
    apple = torch.backends.mps.is_available()
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "mps" if apple else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        wanted = "auto, cpu, cuda, cuda:1 or mps"
        raise ValueError(f"Expected device to be one like {wanted}, got {name!r}.") from error
    there = {"cuda": torch.cuda.device_count(), "mps": int(apple)}.get(device.type, 1)
    if (device.index or 0) >= there:
        raise ValueError(
            f"Expected a device that is there, got {name!r}, of whose kind torch can use {there} "
            "here: device=cpu, or device=auto for what there is."
        )
    return device
