"""The program that builds data sets: rows through a chain of steps, and a funnel at the end."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from rich.table import Table

from spotdiff.apps.places import existing
from spotdiff.building.chain import Chain
from spotdiff.building.exports import export, known_formats
from spotdiff.building.funnel import BuildFunnel, conclude
from spotdiff.building.questions import Questions
from spotdiff.building.runs import BuildFolder, Source, Tell, keep_settings, run_here
from spotdiff.building.sample_columns import READ
from spotdiff.building.sample_records import status
from spotdiff.building.sample_rows import read_samples
from spotdiff.cli.progress import counted, counting
from spotdiff.cli.recipes import chain_of, plain_steps, settings_of
from spotdiff.types import Sample
from spotdiff.writers.files import alone, file_name

log = logging.getLogger("spotdiff")

ENGINES = ("local", "ray")
MAX_EXIT = 63  # the exit code counts rows that are errors up to here
_SHOWN = 3  # reasons why rows could not be read

Steps = Mapping[str, Mapping[str, Any]]


def build(cfg: DictConfig) -> int:
    """Takes every row through the steps.

    Returns:
        How many rows are errors, at most 63.

    Raises:
        ValueError: A setting cannot be one, there are no rows, or the folder holds rows of others.
        FileNotFoundError: There is nothing to read, or a model needs what is not there.
    """
    if cfg.engine not in ENGINES:
        raise ValueError(f"Expected engine to be one of {', '.join(ENGINES)}, got {cfg.engine!r}.")
    for name in ("batch_size", "limit", "each"):
        if (wanted := cfg[name]) is not None and not (isinstance(wanted, int) and wanted >= 1):
            raise ValueError(f"Expected {name} to be at least 1, got {wanted}.")
    known_formats(cfg.exports)
    Questions(Path(cfg.out), cfg.ask)  # refuses what is no question
    photos = None if cfg.photos is None else existing(cfg.photos, "a folder for photos")
    rows = existing(cfg["in"], "rows for in")
    source = partial(read_samples, rows, cfg.each, photos, cfg.limit)
    steps, folder = plain_steps(cfg), BuildFolder(Path(cfg.out))
    # on Ray it only tells here which models answer: the accelerator is the workers'
    chain = chain_of(steps, "cpu" if cfg.engine == "ray" or cfg.dry_run else cfg.device)
    if cfg.dry_run:
        return _told_before(chain, source, folder)
    with alone(folder.out):
        return _built(cfg, chain, steps, source, folder)


def _built(cfg: DictConfig, chain: Chain, steps: Steps, source: Source, folder: BuildFolder) -> int:
    """What `build` does once it is known what to do."""
    keep_settings(folder, settings_of(chain, steps))
    with counting("row") as count:

        def tell(_: Sample) -> None:
            count()

        _engine(cfg, chain, steps)(source, folder, tell)
    funnel = conclude(folder, chain.names)
    _told(funnel, folder)
    if cfg.exports:
        _export(cfg, folder)
    return min(funnel.errors, MAX_EXIT)


def _export(cfg: DictConfig, folder: BuildFolder) -> None:
    """What is kept in other forms; a run that found nothing to keep has none."""
    kept = folder.kept
    if not kept.is_file() or not kept.stat().st_size:
        log.info("Nothing was kept: there is nothing to export.")
        return
    out = folder.out / "exports"
    counts = export(partial(read_samples, kept), out, list(cfg.exports), ask=cfg.ask, seed=cfg.seed)
    told = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    log.info("Exports in %s: %s", out, told)


def _engine(
    cfg: DictConfig, chain: Chain, steps: Steps
) -> Callable[[Source, BuildFolder, Tell], None]:
    """What takes the rows through the chain."""
    if cfg.engine == "local":

        def here(source: Source, folder: BuildFolder, tell: Tell) -> None:
            run_here(chain, source, folder, cfg.batch_size, tell)

        return here
    from spotdiff.apps.ray_building import build_with_ray
    from spotdiff.apps.ray_engine import RayEngine

    plain: Any = OmegaConf.to_container(cfg.ray, resolve=True)
    engine = RayEngine(batch_size=cfg.batch_size, readers=cfg.readers, **plain)
    make = partial(chain_of, steps, cfg.device)

    def there(source: Source, folder: BuildFolder, tell: Tell) -> None:
        build_with_ray(make, chain.names, source, folder, tell, settings=engine)

    return there


def _told_before(chain: Chain, source: Source, folder: BuildFolder) -> int:
    """Says what a run would do; returns how many rows cannot be read."""
    found: Counter[str] = Counter()
    reasons: list[str] = []
    for sample in source():
        found[status(sample)] += 1
        if sample.verdict is not None and sample.verdict.step == READ:
            reasons.append(sample.verdict.reason)
            del reasons[_SHOWN:]
    _tell_unread(reasons, found["error"])
    for number, step in enumerate(chain.steps, start=1):
        settings = ", ".join(f"{name}={value}" for name, value in step.settings.items())
        log.info("%d. %s: %s", number, step.name, settings)
    log.info(
        "%s, of which %d cannot be read: nothing was done, dry_run=false would write to %s.",
        counted(found.total(), "row"),
        found["error"],
        folder.out,
    )
    return min(found["error"], MAX_EXIT)


def _told(funnel: BuildFunnel, folder: BuildFolder) -> None:
    for step in funnel.steps:
        if step.step == READ:  # what fails later is told when it does
            with (folder.trace / file_name(READ, ".jsonl")).open(encoding="utf-8") as lines:
                first = [json.loads(line)["verdict"]["reason"] for line in islice(lines, _SHOWN)]
            _tell_unread(first, step.errors)
    log.info("%s", funnel_table(funnel))
    rejected = funnel.rows - funnel.kept - funnel.errors
    log.info(
        "%s: %d kept, %d rejected, %s. Kept: %s; why others left: %s",
        counted(funnel.rows, "row"),
        funnel.kept,
        rejected,
        counted(funnel.errors, "error"),
        folder.kept,
        folder.trace,
    )


def _tell_unread(reasons: Sequence[str], count: int) -> None:
    """The first reasons why rows could not be read."""
    for reason in reasons:
        log.error("%s", reason)
    if count > len(reasons) > 0:
        log.error("and %d more", count - len(reasons))


def funnel_table(funnel: BuildFunnel) -> str:
    """What each step did, as a table for a terminal of any width."""
    table = Table()
    for name in ("step", "rows", "kept", "rejected", "errors", "boxes", "seconds", "share"):
        table.add_column(name, justify="left" if name == "step" else "right")
    for step in funnel.steps:
        share = step.seconds / funnel.seconds if funnel.seconds else 0.0
        counts = (step.rows, step.kept, step.rejected, step.errors)
        boxes = f"{step.boxes:,}" if step.boxes else ""
        told = (f"{step.seconds:.1f}", f"{share:.0%}")
        table.add_row(step.step, *(f"{count:,}" for count in counts), boxes, *told)
    text = StringIO()
    Console(file=text, width=100).print(table)
    return text.getvalue().rstrip()
