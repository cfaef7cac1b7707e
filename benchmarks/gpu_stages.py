"""Difference areas and objects on a GPU beside the CPU: the last table of gpu.py."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from areas import Listed, fitted, listed
from gpu_answers import drawn, same_boxes, same_words, share
from gpu_clock import busy, seconds, table
from gpu_experts import NAMES, models, owl, print_experts
from gpu_speed import written
from hydra import compose, initialize_config_dir
from operator_areas import CAPTIONS

from spotdiff.apps.objects import detecting
from spotdiff.apps.places import travelling
from spotdiff.cli.pipelines import open_checkpoint, pipeline
from spotdiff.experts.hanta import HanTaTagger
from spotdiff.pipeline import PairPipeline
from spotdiff.stages.difference_area import DifferenceAreas
from spotdiff.types import PairResult, PairRow

Make = Callable[[str], PairPipeline]


def print_stages(device: str, count: int, size: tuple[int, int], tiny: bool) -> None:
    """First the experts alone, then the stages that ask them, both beside the CPU."""
    pairs = drawn(count, size)
    print_experts(device, pairs[: 1 if tiny else 2], tiny)
    columns = (
        "stage",
        "pairs",
        "changes on the CPU",
        "pairs of the same boxes",
        "the same words",
        "CPU, pairs/s",
        "here, pairs/s",
        "GPU busy",
    )
    with TemporaryDirectory() as folder:
        rows = [replace(row, captions=CAPTIONS) for row in written(pairs, Path(folder))]
        stages = _stages(rows, tiny)
        table("Stages", columns, (_row(n, make, device, rows) for n, make in stages.items()))


def _stages(rows: Sequence[PairRow], tiny: bool) -> Mapping[str, Make]:
    drawn_models = models(tiny)
    boxes = listed(rows, 4 if tiny else 6)
    rules = fitted(Namespace(differ=1 / 3, match=0.5), drawn_models, rows[:2], boxes)
    checkpoint = open_checkpoint(None)

    def own(device: str) -> PairPipeline:
        with initialize_config_dir(str(travelling("conf")), version_base="1.3"):
            cfg = compose("predict", ["experiment=areas", f"device={device}"])
        return pipeline(cfg, checkpoint)

    def published(device: str) -> PairPipeline:
        drawn_models.clip.to(device)
        drawn_models.blip.to(device)
        tagger = HanTaTagger.from_pretrained()
        return PairPipeline(
            DifferenceAreas(
                rules, Listed(boxes), drawn_models.similarity, drawn_models.matcher, tagger
            )
        )

    def objects(device: str) -> PairPipeline:
        return detecting({"owl": owl(tiny)}, NAMES, device=device)

    base = "tiny" if tiny else "base"
    return {
        "areas: own heatmap and encoders": own,
        f"areas: listed boxes, CLIP and BLIP {base}": published,
        f"objects: OWLv2 {base}, own model and encoders": objects,
    }


def _row(name: str, make: Make, device: str, rows: Sequence[PairRow]) -> Sequence[object]:
    true, on_cpu = _answered(make("cpu"), "cpu", rows)
    here = make(device)
    _answered(here, device, rows[:2])
    said, spent = _answered(make(device), device, rows)  # anew: nothing is remembered
    with busy(device) as seen:
        _answered(make(device), device, rows)
    both = list(zip(said, true, strict=True))
    return (
        name,
        len(rows),
        sum(len(result.changes) for result in true),
        share([same_boxes(*two) for two in both]),
        share([same_words(*two) for two in both]),
        f"{len(rows) / on_cpu:.2f}",
        f"{len(rows) / spent:.2f}",
        seen.share,
    )


def _answered(
    answering: PairPipeline, device: str, rows: Sequence[PairRow]
) -> tuple[list[PairResult], float]:
    results: list[PairResult] = []
    spent = seconds(lambda: results.extend(answering.stream(rows, batch_size=4)), device)
    if wrong := [result.reason for result in results if result.status == "error"]:
        raise ValueError(f"Expected answers, got {wrong[0]}")
    return results, spent
