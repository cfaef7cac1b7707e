"""Many pairs of sets whose difference is known, described and graded in one run."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from spotdiff.apps.describing import Describer
from spotdiff.apps.places import existing
from spotdiff.apps.remembering import remember
from spotdiff.cli.describers import EXPERTS, describer_of, experts_of, made
from spotdiff.cli.progress import counting
from spotdiff.contracts import SetJudge
from spotdiff.data.visdiff_sets import BenchSet, visdiff_bench
from spotdiff.evaluation.set_sweep import SetSweep, sweep_report
from spotdiff.evaluation.tables import markdown
from spotdiff.ops.fingerprints import of_words
from spotdiff.stages.set_judges import NullJudge
from spotdiff.types import ImageSets, ModelInfo, SetReport

log = logging.getLogger("spotdiff")

# What decides what is said of a pair and how it is graded; models also by their weights.
_SETTINGS = (
    *("proposers", "rankers", "set_judge", *EXPERTS, "detect", "max_images", "purity", "seed"),
    *("hypotheses", "rounds", "samples", "min_alike", "half"),
)
MAX_EXIT = 63  # as many failures as an exit code tells


def run_bench(cfg: DictConfig) -> int:
    """Describes and grades all pairs of a benchmark; OUT/sets.jsonl keeps what is done.

    Returns:
        How many pairs failed.

    Raises:
        ValueError: There is something else to compare, or a setting cannot be one.
        FileNotFoundError: There is no such folder, or no benchmark in it.
    """
    if any(one is not None for one in (cfg.data.path, cfg.a, cfg.b, cfg["from"])):
        raise ValueError("Expected bench=DIR alone, or data=, a= and b=, or from=; got both.")
    bench = visdiff_bench(existing(cfg.bench, "a folder with VisDiffBench for bench"))
    if bench.absent:
        log.warning("%s: there is no %s.", cfg.bench, ", no ".join(bench.absent))
    experts = experts_of(cfg)
    describer = describer_of(cfg, experts=experts)
    judge: SetJudge = made(cfg.get("set_judge"), experts) or NullJudge()
    remember([judge], describer.store)

    def described(sets: ImageSets) -> SetReport:
        return describer(sets, reference=())

    out = Path(cfg.out)
    names = [proposer.name for proposer in describer.proposers]
    settings = _settings(cfg, describer, judge, experts)
    sweep = SetSweep(described, judge, out / "sets.jsonl", settings, proposers=names)
    with counting("set") as step:
        results = sweep(_first_of_each(bench.sets, cfg.limit), step)
    describer.store.flush()
    report = sweep_report(results, "visdiffbench")
    for problem in report.problems:
        log.error("%s", problem)
    page = markdown(report.tables)
    (out / "tables.md").write_text(page, encoding="utf-8")
    told = {"values": report.values, "problems": report.problems, "settings": settings}
    (out / "metrics.json").write_text(json.dumps(told, indent=1, allow_nan=False) + "\n", "utf-8")
    print(page)  # noqa: T201
    log.info("%d pairs of sets are described in %s.", report.pairs, sweep.records)
    return min(len(report.problems), MAX_EXIT)


def _first_of_each(sets: Iterable[BenchSet], limit: int | None) -> list[BenchSet]:
    """The first so many pairs of each part."""
    seen: Counter[str] = Counter()
    kept = []
    for one in sets:
        seen[one.part] += 1
        if limit is None or seen[one.part] <= limit:
            kept.append(one)
    return kept


def _settings(
    cfg: DictConfig, describer: Describer, judge: SetJudge, experts: Mapping[str, Any]
) -> str:
    """A hash of all that decides a record."""
    plain: Any = OmegaConf.to_container(cfg, resolve=True)
    asked = [*describer.proposers, *describer.rankers, judge, *experts.values()]
    infos = [getattr(getattr(one, "proposer", one), "info", None) for one in asked]
    models = [one.sha256 if isinstance(one, ModelInfo) else None for one in infos]
    told = json.dumps({name: plain.get(name) for name in _SETTINGS}, sort_keys=True)
    return of_words(told, models)
