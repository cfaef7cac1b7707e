"""How pairs are answered: in this process, by a Lightning trainer, or by the workers of Ray."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from omegaconf import DictConfig, OmegaConf

from spotdiff.cli.pipelines import build, pipeline
from spotdiff.cli.progress import counting
from spotdiff.cli.tally import Tally, is_main_process
from spotdiff.contracts import Writer
from spotdiff.models.localizer import SiameseLocalizer
from spotdiff.pipeline import Finished, PairPipeline, Row
from spotdiff.training.checkpoint import Checkpoint
from spotdiff.types import PairResult, RowProblem
from spotdiff.writers.jsonl import JsonlWriter, finished

log = logging.getLogger("spotdiff")

Tell: TypeAlias = Callable[[PairResult], None]

ENGINES = ("auto", "local", "lightning", "ray")


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done.

    Attributes:
        cfg: The configuration of the program.
        checkpoint: Opened already, for its hash.
        out: The folder of the run.
        source: Opens the rows; may be called in another process.
        overlays: Draw pictures.
        heatmaps: Draw heatmaps.
    """

    cfg: DictConfig
    checkpoint: Checkpoint
    out: Path
    source: Callable[[], Iterable[Row]]
    overlays: bool
    heatmaps: bool

    @property
    def records(self) -> Path:
        """Where the records go."""
        return self.out / "predictions.jsonl"

    @property
    def writers(self) -> Callable[[], list[Writer]]:
        """What opens the writers of pictures, in any process."""
        return partial(drawing, self.out, self.overlays, self.heatmaps)


def run(job: Job, tally: Tally, tell: Tell) -> None:
    """Answers all rows of a job by the engine that it asks for; tells every new result.

    Problems of the table as a whole are counted in `tally`.

    Raises:
        ValueError: If there is no such engine, or it needs what is not configured.
    """
    engine = {"local": _local, "lightning": _lightning, "ray": _ray}[_engine(job.cfg)]
    cfg = job.cfg
    if engine is _ray:  # here it only tells which model answers: the accelerator is the workers'
        cfg = cfg.copy()
        cfg.device = "cpu"
    answering = pipeline(cfg, job.checkpoint)
    known = _known(job, answering)
    with counting() as count:

        def told(result: PairResult) -> None:
            count()
            tell(result)

        try:
            engine(job, _Telling(tally, told), answering, known)
        finally:
            answering.close()
    if known:
        log.info("%d pairs of %s were answered before.", len(known), job.records)


def drawing(out: Path, overlays: bool, heatmaps: bool) -> list[Writer]:
    """The writers of pictures. They come before the records, which name files that are there."""
    writers: list[Writer] = []
    if heatmaps:
        from spotdiff.writers.heatmap import HeatmapWriter

        writers.append(HeatmapWriter(out / "heatmaps"))
    if overlays:
        from spotdiff.writers.overlay import OverlayWriter

        writers.append(OverlayWriter(out / "overlays"))
    return writers


def _engine(cfg: DictConfig) -> str:
    if cfg.engine not in ENGINES:
        raise ValueError(f"Expected engine to be one of {', '.join(ENGINES)}, got {cfg.engine!r}.")
    if cfg.engine == "lightning" and not cfg.get("trainer"):
        raise ValueError("Expected a trainer for engine=lightning: add trainer=default.")
    if cfg.engine == "auto":
        return "lightning" if cfg.get("trainer") else "local"
    return str(cfg.engine)


def _known(job: Job, answering: PairPipeline) -> Finished:
    """The pairs that this model has answered before, those of a run that was killed included."""
    if is_main_process() and any(job.out.glob("predictions.rank*.jsonl")):
        from spotdiff.cli.distributed import gather

        gather(job.out)
    model = answering.model.sha256 if answering.model else ""
    return finished(job.records, model)


class _Telling:
    """Tells results, and the problems that are no pair's."""

    def __init__(self, tally: Tally, tell: Tell) -> None:
        self.tally = tally
        self.tell = tell

    def usable(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows that stand for pairs; problems of the table itself are told and counted."""
        for row in rows:
            if isinstance(row, RowProblem) and not row.pair_id:
                self.problem(f"{row.where}: {row.reason}")
            else:
                yield row

    def problem(self, reason: str) -> None:
        """Says what is wrong with the table."""
        log.error("%s", reason)
        self.tally.problems.append(reason)

    def written(self, result: PairResult, writers: Sequence[Writer]) -> None:
        """Writes a result, each writer what the one before it left, and tells it."""
        for writer in writers:
            result = writer.write(result)
        self.tell(result)


def _local(job: Job, telling: _Telling, answering: PairPipeline, known: Finished) -> None:
    cfg = job.cfg
    rows = telling.usable(job.source())
    with _open([*job.writers(), JsonlWriter(job.records)]) as writers:
        for result in answering.stream(rows, cfg.batch_size, cfg.readers, known):
            telling.written(result, writers)


def _lightning(job: Job, telling: _Telling, answering: PairPipeline, known: Finished) -> None:
    from spotdiff.cli.distributed import predict_distributed

    localizer = answering.comparer.experts.get("localizer")
    own = localizer.net if isinstance(localizer, SiameseLocalizer) else job.checkpoint.network()
    rows = telling.usable(job.source())
    with _open(job.writers()) as writers:
        predict_distributed(job.cfg, own, rows, answering, writers, known, telling.tell)


def _ray(job: Job, telling: _Telling, answering: PairPipeline, known: Finished) -> None:
    from spotdiff.apps.ray_engine import RayEngine, predict_with_ray

    del answering  # it has told which model answers; each worker builds its own
    plain: Any = OmegaConf.to_container(job.cfg, resolve=True)
    settings = RayEngine(batch_size=job.cfg.batch_size, readers=job.cfg.readers, **plain.pop("ray"))
    results = predict_with_ray(
        job.source, partial(build, plain), known, job.writers, settings=settings
    )
    with closing(results), _open([JsonlWriter(job.records)]) as writers:
        for result in results:
            if result.pair_id:
                telling.written(result, writers)
            else:
                telling.problem(result.reason or "")


@contextmanager
def _open(writers: Sequence[Writer]) -> Iterator[list[Writer]]:
    with ExitStack() as stack:
        yield [stack.enter_context(writer) for writer in writers]
