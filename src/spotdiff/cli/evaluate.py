"""The evaluation program: pairs with truth through the pipeline of `predict`, every metric out."""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from rich.console import Console
from rich.table import Table

from spotdiff.apps.places import existing
from spotdiff.cli.measuring import Measuring
from spotdiff.cli.pipelines import open_checkpoint, pipeline, settings_of
from spotdiff.cli.progress import progress
from spotdiff.cli.suites import run_suite
from spotdiff.data.sources import open_source
from spotdiff.evaluation.pair_sets import has_truth
from spotdiff.evaluation.scoreboard import Part, Scoreboard
from spotdiff.evaluation.set_errors import MistakeCounter
from spotdiff.pipeline import PairPipeline, Row
from spotdiff.training.checkpoint import Checkpoint
from spotdiff.types import Mistakes, ModelInfo, PairRow
from spotdiff.writers.errors_page import write_errors
from spotdiff.writers.views import views_as_jpeg

log = logging.getLogger("spotdiff")

MAX_EXIT = 63  # the exit code counts unusable pairs up to here; 64 means a wrong command
_ABSENT = "not measured"


@dataclass
class Tally:
    """What happened to the rows."""

    measured: int = 0
    without_truth: int = 0
    problems: list[str] = field(default_factory=list)


def evaluate(cfg: DictConfig) -> int:
    """Measures a model on pairs, or in a suite beside others.

    Returns:
        How many pairs could not be used, at most 63.

    Raises:
        ValueError: No pair has any truth.
    """
    if cfg.get("suite"):
        return min(run_suite(cfg), MAX_EXIT)
    data = cfg.data
    source = existing(data.path, "pairs for data")
    images = None if data.images is None else existing(data.images, "a folder for data.images")
    rows = open_source(source, pattern=data.pattern, images=images, split=data.split)
    checkpoint = open_checkpoint(cfg.ckpt)
    min_heat = checkpoint.thresholds.min_heat if cfg.min_heat is None else cfg.min_heat
    measuring = Measuring(
        Scoreboard.of_answers(min_heat, cfg.margin),
        MistakeCounter(int(cfg.errors or 0), views_as_jpeg),
    )
    rows = islice(rows, 0, None, cfg.stride)
    answering = pipeline(cfg, checkpoint)
    try:
        tally = _measure(cfg, rows, answering, measuring)
    finally:
        answering.close()
    if not tally.measured and not tally.problems:
        msg = f"Expected pairs with masks, boxes or words in {source}, none of its rows has any."
        raise ValueError(msg)
    model = answering.model or checkpoint.info
    _show_errors(cfg, model, measuring.mistakes.found())
    _report(cfg, checkpoint, model, measuring.board.parts(), tally)
    return min(len(tally.problems), MAX_EXIT)


def _measure(
    cfg: DictConfig, rows: Iterable[Row], answering: PairPipeline, measuring: Measuring
) -> Tally:
    """Answers every row that has truth and holds the answer against it."""
    tally = Tally()
    passed: deque[Row] = deque()  # what the pipeline read ahead
    results = answering.stream(_noted(rows, passed, tally), cfg.batch_size, cfg.readers)
    with progress(results) as shown:
        for result in shown:
            reason = measuring.take(passed.popleft(), result)
            if reason is None:
                tally.measured += 1
            else:
                log.error("%s: %s", result.pair_id, reason)
                tally.problems.append(reason)
    return tally


def _noted(rows: Iterable[Row], passed: deque[Row], tally: Tally) -> Iterator[Row]:
    """The rows that can be measured or are wrong; each is remembered until its result comes."""
    for row in rows:
        if isinstance(row, PairRow) and not has_truth(row):
            tally.without_truth += 1
        else:
            passed.append(row)
            yield row


def _report(
    cfg: DictConfig, checkpoint: Checkpoint, model: ModelInfo, parts: list[Part], tally: Tally
) -> None:
    """Prints the table, writes the file, says where it is and what was left out."""
    out = Path(cfg.out)
    out.mkdir(parents=True, exist_ok=True)
    path = out / "metrics.json"
    path.write_text(json.dumps(_record(cfg, checkpoint, model, parts, tally), indent=2) + "\n")
    console = Console()
    console.print(_table(parts))
    for part in parts:
        if not part.pairs:
            console.print(f"{part.name}: {_ABSENT}: no pair has {part.needs}", soft_wrap=True)
    left_out = f", {tally.without_truth} have no truth" if tally.without_truth else ""
    failed = f"{len(tally.problems)} failed" if tally.problems else "none failed"
    counted = sum(int(part.values.get("failed") or 0) for part in parts)
    if counted:
        log.warning("%d pairs with true words failed and are scored as none.", counted)
    log.info("%d pairs measured, %s%s. Metrics: %s", tally.measured, failed, left_out, path)


def _show_errors(cfg: DictConfig, model: ModelInfo, mistakes: Mistakes) -> None:
    """Writes the page of errors, if it is wanted and any pair has words."""
    if cfg.errors and mistakes.pairs:
        path = Path(cfg.out) / "errors.html"
        write_errors(mistakes, path, f"Errors of {model.name} in {cfg.data.path}")
        log.info("Errors: %s", path)


def _record(
    cfg: DictConfig, checkpoint: Checkpoint, model: ModelInfo, parts: list[Part], tally: Tally
) -> dict[str, Any]:
    return {
        "data": str(cfg.data.path),
        "model": {"name": model.name, "sha256": model.sha256},
        "settings": {name: cfg[name] for name in ("stride", "margin")}
        | settings_of(cfg, checkpoint),
        "pairs": {
            "measured": tally.measured,
            "without_truth": tally.without_truth,
            "failed": len(tally.problems),
            "problems": tally.problems,
        },
        "metrics": {
            part.name: {
                "pairs": part.pairs,
                **part.values,
                "intervals": {name: list(ends) for name, ends in part.intervals.items()},
            }
            if part.pairs
            else None
            for part in parts
        },
        "absent": {part.name: f"no pair has {part.needs}" for part in parts if not part.pairs},
    }


def _table(parts: list[Part]) -> Table:
    table = Table()
    for name in ("part", "measure", "value", "95 %", "pairs"):
        table.add_column(name, justify="left" if name in ("part", "measure") else "right")
    for part in parts:
        for name, value in part.values.items():
            ends = " to ".join(f"{end:.4f}" for end in part.intervals.get(name, ()))
            table.add_row(part.name, name, _written(value), ends, str(part.pairs))
        table.add_section()
    return table


def _written(value: float | None) -> str:
    if value is None:
        return _ABSENT
    return str(value) if isinstance(value, int) else f"{value:.4f}"
