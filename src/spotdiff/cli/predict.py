"""The prediction program: rows in, one record a pair out, resumable, one line at the end."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from omegaconf import DictConfig

from spotdiff.apps.places import existing
from spotdiff.cli.engines import Job, run
from spotdiff.cli.exports import export, files_asked
from spotdiff.cli.pipelines import open_checkpoint, settings_of
from spotdiff.cli.progress import counted, table_of
from spotdiff.cli.tally import Tally, funnel_line, is_main_process
from spotdiff.data.demo import demo_pair
from spotdiff.data.remote import is_address
from spotdiff.data.sources import open_source
from spotdiff.pipeline import Row
from spotdiff.training.checkpoint import Checkpoint
from spotdiff.types import PairResult
from spotdiff.writers.files import alone, replacing

log = logging.getLogger("spotdiff")

MAX_EXIT = 63  # the exit code counts failed pairs up to here; 64 means a wrong command

Source: TypeAlias = Callable[[], Iterable[Row]]


def predict(cfg: DictConfig) -> int:
    """Answers every pair; returns how many could not be answered, at most 63."""
    source, single = _source(cfg)
    checkpoint = open_checkpoint(cfg.ckpt)
    settings = _settings(cfg, settings_of(cfg, checkpoint))  # or refused before a file is written
    out = Path(cfg.out)
    # the further processes of a trainer are the same run
    with alone(out) if is_main_process() else nullcontext():
        _same_settings(out, settings)
        return _answered(cfg, checkpoint, out, source, single)


def _answered(
    cfg: DictConfig, checkpoint: Checkpoint, out: Path, source: Source, single: bool
) -> int:
    """What `predict` does in a folder of its own."""
    tally = Tally()
    overlays = single if cfg.overlays is None else bool(cfg.overlays)
    job = Job(cfg, checkpoint, out, source, overlays, bool(cfg.heatmaps))

    def tell(result: PairResult) -> None:
        tally.count(result)
        if single:
            log.info("%s", table_of(result))

    run(job, tally, tell)
    if not is_main_process():
        return 0
    if single and tally.answered > tally.failed:
        log.info("Picture: %s", next(iter(sorted((out / "overlays").glob("*.png"))), ""))
    export(job)
    _conclude(tally, out)
    return min(tally.failed + len(tally.problems), MAX_EXIT)


def _source(cfg: DictConfig) -> tuple[Source, bool]:
    """What opens the rows to answer, and whether they are a single pair."""
    if cfg.pairs is not None:
        return partial(open_source, _place(cfg.pairs, "pairs"), pattern=cfg.pattern), False
    if cfg.before is None and cfg.after is None:
        row = demo_pair(Path("outputs") / "demo")
        log.info("No pair given: answering the demonstration pair %s", row.before.parent)
        return partial(list, [row]), True
    if cfg.before is None or cfg.after is None:
        missing = "after" if cfg.after is None else "before"
        msg = f"Expected before=… and after=… together, got no {missing}."
        raise ValueError(msg)
    before, after = _place(cfg.before, "before"), _place(cfg.after, "after")
    single = not isinstance(before, str) and before.is_file()
    return partial(open_source, before, after=after, pattern=cfg.pattern), single


def _place(path: str, what: str) -> str | Path:
    """An address as it is, a path of this machine if it exists."""
    return path if is_address(path) else existing(path, what)


def _settings(cfg: DictConfig, answering: dict[str, Any]) -> dict[str, Any]:
    """What decides answers and pictures. Refuses what cannot be had together."""
    if cfg.heatmaps and cfg.get("areas"):
        raise ValueError("Expected heatmaps=false for difference areas: they have no heatmap.")
    files_asked(cfg)
    return answering | {name: bool(cfg[name]) for name in ("overlays", "heatmaps")}


def _same_settings(out: Path, settings: dict[str, Any]) -> None:
    """Refuses to mix answers of different settings in one folder."""
    path = out / "settings.json"
    if path.is_file() and any(out.glob("predictions*.jsonl")):  # else nothing was answered yet
        earlier = json.loads(path.read_text())
        every = settings.keys() | earlier.keys()  # difference areas have some of their own
        different = sorted(k for k in every if settings.get(k) != earlier.get(k))
        if different:
            names = ", ".join(different)
            msg = (
                f"Expected the settings of the earlier run in {out}, but {names} differ: "
                "choose another out=…"
            )
            raise ValueError(msg)
    out.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(settings, indent=2, sort_keys=True))


def _conclude(tally: Tally, out: Path) -> None:
    failed = tally.failed + len(tally.problems)
    errors = f"{failed} failed" if failed else "none failed"
    if tally.funnel is not None:
        log.info("%s", funnel_line(tally.funnel))
    if tally.unaligned:
        log.info(
            "%d pairs could not be aligned and were compared as they are; their records say why.",
            tally.unaligned,
        )
    if tally.wrong_size:
        log.info(
            "%d pairs have only regions that areas.min_area and areas.max_area leave out; "
            "areas.min_area=0 takes the smallest.",
            tally.wrong_size,
        )
    log.info(
        "%s answered: %d with changes (%d in all), %s. Records: %s",
        counted(tally.answered - tally.failed, "pair"),
        tally.changed,
        tally.changes,
        errors,
        out / "predictions.jsonl",
    )
