"""The program that says how two sets of pictures differ."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from omegaconf import DictConfig
from rich.console import Console
from rich.table import Table

from spotdiff.apps.describing import describe_changes, read_sets
from spotdiff.cli.describers import describer_of
from spotdiff.cli.progress import counting
from spotdiff.data.images import ImageError
from spotdiff.data.item_pictures import see_items
from spotdiff.data.thumbnails import small_jpeg
from spotdiff.types import Ranked, SetReport
from spotdiff.writers.set_page import MAX_SHOWN, SIGNIFICANT, PageReport, write_set_page
from spotdiff.writers.set_reports import write_hypotheses, write_reports

log = logging.getLogger("spotdiff")

MAX_TOLD = 10  # problems, and hypotheses of the table
THREADS = 2  # that make small copies


def describe(cfg: DictConfig) -> int:
    """Compares two groups, two folders, or the changes of many pairs.

    Returns:
        0: what could not be read is told, and the rest is compared; of a benchmark, how many of
        its pairs of sets failed.

    Raises:
        ValueError: A setting cannot be one, or there is nothing to compare.
        FileNotFoundError: There is no such table, folder or file.
    """
    if cfg.bench is not None:
        from spotdiff.cli.set_bench import run_bench

        return run_bench(cfg)
    reports = list(_reports(cfg))
    out = Path(cfg.out)
    write_reports(reports, out / "report.json")
    write_hypotheses(reports, out / "hypotheses.csv")
    if cfg.page:
        pages = [_with_pictures(report) for report in reports]
        write_set_page(pages, out / "report.html", "How the pictures differ")
    for report in reports:
        _told(report)
    log.info("Everything: %s", out / ("report.html" if cfg.page else "report.json"))
    return 0


def _reports(cfg: DictConfig) -> Iterator[SetReport]:
    """One report of two sets, or one for each kind of change."""
    source, data = cfg["from"], cfg.data.path
    if source is not None and any(one is not None for one in (data, cfg.a, cfg.b)):
        raise ValueError("Expected from=PREDICTIONS alone, or data=, a= and b=; got both.")
    if source is None and (cfg.a is None or cfg.b is None):
        raise ValueError(
            "Expected two sets: data=TABLE a=GROUP b=GROUP, a=DIR b=DIR, or from=PREDICTIONS."
        )
    with counting("picture") as count:
        describer = describer_of(cfg, count)
        if source is not None:
            yield from describe_changes(source, using=describer).values()
            return
        subset = None if cfg.subset is None else str(cfg.subset)
        sets, problems = read_sets(str(cfg.a), str(cfg.b), data, subset)
        yield describer(sets, problems)


def _with_pictures(report: SetReport) -> PageReport:
    """The report with small copies of the pictures that its page shows."""
    shown = report.ranked[:MAX_SHOWN]
    wanted = (
        sorted({row for one in shown for row in one.best_first}),
        sorted({row for one in shown for row in one.best_second}),
    )
    copies = []
    for items, rows in zip((report.sets.first, report.sets.second), wanted, strict=True):
        found = see_items([items[row] for row in rows], small_jpeg, THREADS)
        copies.append({rows[n]: jpeg for n, jpeg in found if not isinstance(jpeg, ImageError)})
    return PageReport(report, *copies)


def _told(report: SetReport) -> None:
    for problem in report.problems[:MAX_TOLD]:
        log.error("%s", problem)
    if len(report.problems) > MAX_TOLD:
        log.error("and %d more that could not be used", len(report.problems) - MAX_TOLD)
    log.info("%s", table_of(report))
    if report.labels:
        total = sum(count for _, count in report.labels)
        told = [f"{label} {count / total:.0%}" for label, count in report.labels[:MAX_TOLD]]
        log.info("What they are called: %s.", ", ".join(told))


def table_of(report: SetReport) -> str:
    """The best hypotheses and the reference as a table for a terminal of any width."""
    first, second = report.sets.names
    counts = " and ".join(map(str, report.ranked_on))
    table = Table(title=f"{first}, compared with {second} (ranked on {counts} pictures)")
    for name in ("", "hypothesis", "AUROC", "interval", "effect", "q", "shares", "ranker"):
        table.add_column(name, justify="left" if name in ("hypothesis", "ranker") else "right")
    for rank, one in enumerate(report.ranked[:MAX_TOLD], start=1):
        table.add_row(str(rank), *_cells(one), end_section=rank == len(report.ranked))
    for one in report.reference:
        table.add_row("", *_cells(one))
    text = StringIO()
    console = Console(file=text, width=100, markup=False, highlight=False)
    console.print(table)
    holds = sum(one.q <= SIGNIFICANT for one in report.ranked)
    console.print(f"{holds} of {len(report.ranked)} hypotheses hold (q at most {SIGNIFICANT}).")
    return text.getvalue().rstrip()


def _cells(one: Ranked) -> tuple[str, ...]:
    said = one.hypothesis
    text = f"{said.text} (reference)" if said.proposers == ("reference",) else said.text
    shares = " / ".join(f"{share:.0%}" for share in one.shares)
    numbers = f"{one.auroc:.3f}", f"{one.low:.2f}–{one.high:.2f}", f"{one.effect:+.2f}"
    return (text, *numbers, f"{one.q:.2g}", shares, one.ranker)
