"""The prediction program: rows in, one record a pair out, resumable, one line at the end."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from omegaconf import DictConfig

from spotdiff.apps.places import existing
from spotdiff.cli.models import SETTINGS, open_checkpoint, pipeline
from spotdiff.cli.progress import progress, table_of
from spotdiff.cli.tally import Tally, is_main_process
from spotdiff.contracts import Writer
from spotdiff.data.demo import demo_pair
from spotdiff.data.sources import open_source
from spotdiff.pipeline import PairPipeline, Row
from spotdiff.training.checkpoint import Checkpoint
from spotdiff.types import PairResult, RowProblem
from spotdiff.writers.coco import write_coco
from spotdiff.writers.files import replacing
from spotdiff.writers.jsonl import JsonlWriter, compact, finished
from spotdiff.writers.submission import write_submission

log = logging.getLogger("spotdiff")

MAX_EXIT = 63  # the exit code counts failed pairs up to here; 64 means a wrong command


def predict(cfg: DictConfig) -> int:
    """Answers every pair; returns how many could not be answered, at most 63."""
    rows, single = _rows(cfg)
    checkpoint = open_checkpoint(cfg.ckpt)
    out = Path(cfg.out)
    _same_settings(out, cfg, checkpoint)
    tally = _answer(cfg, rows, pipeline(cfg, checkpoint), out, single)
    if not is_main_process():
        return 0
    _export(cfg, out)
    _conclude(tally, out)
    return min(tally.failed + len(tally.problems), MAX_EXIT)


def _rows(cfg: DictConfig) -> tuple[Iterable[Row], bool]:
    """The rows to answer, and whether they are a single pair."""
    if cfg.pairs is not None:
        source = existing(cfg.pairs, "pairs")
        return open_source(source, pattern=cfg.pattern), False
    if cfg.before is None and cfg.after is None:
        row = demo_pair(Path("outputs") / "demo")
        log.info("No pair given: answering the demonstration pair %s", row.before.parent)
        return [row], True
    if cfg.before is None or cfg.after is None:
        missing = "after" if cfg.after is None else "before"
        msg = f"Expected before=… and after=… together, got no {missing}."
        raise ValueError(msg)
    before, after = existing(cfg.before, "before"), existing(cfg.after, "after")
    single = before.is_file()
    return open_source(before, after=after, pattern=cfg.pattern), single


def _answer(
    cfg: DictConfig, rows: Iterable[Row], answering: PairPipeline, out: Path, single: bool
) -> Tally:
    """Streams all rows through the pipeline, and every result to the writers."""
    tally = Tally()
    records = out / "predictions.jsonl"
    model = answering.model.sha256 if answering.model else ""
    known = finished(records, model) if records.is_file() else {}
    usable = _usable(rows, tally)
    with ExitStack() as stack:
        drawing = [stack.enter_context(writer) for writer in _drawing(cfg, out, single)]
        if cfg.get("trainer") is None:
            results = answering.stream(usable, cfg.batch_size, cfg.readers, known)
            writers = [*drawing, stack.enter_context(JsonlWriter(records))]
            results = _written(results, writers)
        else:
            from spotdiff.cli.distributed import predict_distributed

            results = predict_distributed(cfg, usable, answering, drawing, known)
        for result in stack.enter_context(progress(results)):
            tally.count(result)
            if single:
                log.info("%s", table_of(result))
    if known:
        log.info("%d pairs of %s were answered before.", len(known), records)
    if single and tally.answered > tally.failed:
        log.info("Picture: %s", next(iter(sorted((out / "overlays").glob("*.png"))), ""))
    return tally


def _written(results: Iterable[PairResult], writers: Sequence[Writer]) -> Iterator[PairResult]:
    """The results as the writers left them."""
    for result in results:
        written = result
        for writer in writers:
            written = writer.write(written)
        yield written


def _usable(rows: Iterable[Row], tally: Tally) -> Iterator[Row]:
    """The rows that stand for pairs; problems of the table itself are told and counted."""
    for row in rows:
        if isinstance(row, RowProblem) and not row.pair_id:
            log.error("%s: %s", row.where, row.reason)
            tally.problems.append(row.reason)
        else:
            yield row


def _drawing(cfg: DictConfig, out: Path, single: bool) -> list[Writer]:
    """The writers of pictures. They come before the records, which name files that are there."""
    writers: list[Writer] = []
    if cfg.heatmaps:
        from spotdiff.writers.heatmap import HeatmapWriter

        writers.append(HeatmapWriter(out / "heatmaps"))
    if cfg.overlays or (cfg.overlays is None and single):
        from spotdiff.writers.overlay import OverlayWriter

        writers.append(OverlayWriter(out / "overlays"))
    return writers


def _same_settings(out: Path, cfg: DictConfig, checkpoint: Checkpoint) -> None:
    """Refuses to mix answers of different settings in one folder."""
    settings = {name: cfg[name] for name in SETTINGS} | {"model": checkpoint.info.sha256}
    settings |= {name: bool(cfg[name]) for name in ("overlays", "heatmaps")}
    path = out / "settings.json"
    if path.is_file():
        earlier = json.loads(path.read_text())
        different = sorted(k for k in settings if settings[k] != earlier.get(k))
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


def _export(cfg: DictConfig, out: Path) -> None:
    records = out / "predictions.jsonl"
    compact(records)
    if cfg.submission:
        write_submission(records, out / "submission.csv")
    if cfg.coco:
        write_coco(records, out / "coco.json")


def _conclude(tally: Tally, out: Path) -> None:
    failed = tally.failed + len(tally.problems)
    errors = f"{failed} failed" if failed else "none failed"
    log.info(
        "%d pairs answered: %d with changes (%d in all), %s. Records: %s",
        tally.answered - tally.failed,
        tally.changed,
        tally.changes,
        errors,
        out / "predictions.jsonl",
    )
