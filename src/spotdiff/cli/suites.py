"""Suites: the model and others on the same pairs, in the same run; tables and a file out."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from spotdiff.apps.places import existing
from spotdiff.cli.pipelines import SETTINGS, open_checkpoint, pipeline
from spotdiff.cli.progress import counting
from spotdiff.evaluation.methods import HEATS, Method, method
from spotdiff.evaluation.tables import FileSuite, Report, Suite, markdown
from spotdiff.stages.decision import HeatmapDecision, MapComparer
from spotdiff.training.checkpoint import Checkpoint

log = logging.getLogger("spotdiff")


def run_suite(cfg: DictConfig) -> int:
    """Measures every method on the pairs of `cfg.suite`; returns how many pairs failed.

    Raises:
        ValueError: If no pair could be measured.
    """
    existing(cfg.data.path, "data for the suite")
    suite: Suite | FileSuite = _made(cfg)
    if isinstance(suite, FileSuite):
        report = suite.measured()
        _write(cfg, report, {})
        return len(report.problems)
    checkpoint = open_checkpoint(cfg.ckpt)
    ours = _ours(cfg, checkpoint)
    others = {str(name): instantiate(node) for name, node in cfg.methods.items() if node}
    methods = [method(name, other, ours.aligner) for name, other in others.items()] + [ours]
    with counting() as step:
        report = suite(methods, step)
    for problem in report.problems:
        log.error("%s", problem)
    if not report.pairs:
        msg = f"Expected pairs that can be measured in {cfg.data.path}, got none: see the problems."
        raise ValueError(msg)
    _write(cfg, report, _asked(cfg, checkpoint))
    return len(report.problems)


def _ours(cfg: DictConfig, checkpoint: Checkpoint) -> Method:
    """The model of the checkpoint, as `predict` asks it."""
    answering = pipeline(cfg, checkpoint)
    comparer = answering.comparer
    decision = comparer.decision if isinstance(comparer, MapComparer) else None
    if not isinstance(comparer, MapComparer) or not isinstance(decision, HeatmapDecision):
        raise ValueError("Expected a model that gives change maps: a suite measures no other.")
    name = f"spotdiff {checkpoint.info.name}"
    min_heat = decision.thresholds.min_heat
    return Method(name, comparer.localizer, HEATS, decision, min_heat, answering.alignment)


def _made(cfg: DictConfig) -> Suite | FileSuite:
    """The suite; what its parts say of wrong settings is told as they say it."""
    try:
        made: Suite | FileSuite = instantiate(cfg.suite, _convert_="all")
    except InstantiationException as error:
        if isinstance(error.__cause__, ValueError):
            raise error.__cause__ from None
        raise
    return made


def _write(cfg: DictConfig, report: Report, asked: dict[str, Any]) -> None:
    out = Path(cfg.out)
    out.mkdir(parents=True, exist_ok=True)
    page = markdown(report.tables)
    (out / "tables.md").write_text(page, encoding="utf-8")
    record = json.dumps(_record(cfg, report, asked), indent=2, allow_nan=False)
    (out / "metrics.json").write_text(record + "\n", encoding="utf-8")
    print(page)  # noqa: T201
    log.info("%d pairs measured. Tables and metrics: %s", report.pairs, out)


def _asked(cfg: DictConfig, checkpoint: Checkpoint) -> dict[str, Any]:
    """Who was asked, and how."""
    return {
        "model": {"name": checkpoint.info.name, "sha256": checkpoint.info.sha256},
        "settings": {name: cfg[name] for name in ("stride", "limit", *SETTINGS)},
        "alignment": OmegaConf.to_container(cfg.alignment) if cfg.get("alignment") else None,
        "methods": OmegaConf.to_container(cfg.methods, resolve=True),
    }


def _record(cfg: DictConfig, report: Report, asked: dict[str, Any]) -> dict[str, Any]:
    return {
        "suite": report.name,
        "data": str(cfg.data.path),
        **asked,
        "suite_settings": OmegaConf.to_container(cfg.suite, resolve=True),
        "pairs": {"measured": report.pairs, "problems": list(report.problems)},
        "metrics": _finite(report.values),
    }


def _finite(node: Any) -> Any:  # noqa: ANN401 - any plain value
    """Plain values as JSON can hold them: what is not a number becomes null."""
    if isinstance(node, dict):
        return {str(name): _finite(value) for name, value in node.items()}
    if isinstance(node, list | tuple):
        return [_finite(value) for value in node]
    return None if isinstance(node, float) and node != node else node
