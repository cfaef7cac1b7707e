"""Reports about sets as JSON, and their hypotheses as a table.

`set_report.schema.json` beside this file publishes the form. What is written is read again as it
was.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

from spotdiff.types import Histogram, Hypothesis, ImageSets, Ranked, SetItem, SetReport
from spotdiff.version import __version__
from spotdiff.writers.files import replacing

COLUMNS = (
    *("first", "second", "rank", "hypothesis", "auroc", "low", "high", "effect", "p", "q"),
    *("mean_first", "mean_second", "share_first", "share_second", "unanswered"),
    *("measure", "proposers", "ranker"),
)


def report_schema() -> dict[str, Any]:
    """The published JSON Schema (draft 2020-12) of a file of reports."""
    text = files("spotdiff.writers").joinpath("set_report.schema.json").read_text("utf-8")
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def write_reports(reports: Sequence[SetReport], path: Path) -> None:
    """Writes reports to one file, whole or not at all.

    Raises:
        ValueError: A number is not finite.
    """
    told = {"version": __version__, "reports": [_plain(report) for report in reports]}
    with replacing(path) as partial:
        partial.write_text(json.dumps(told, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def read_reports(path: Path) -> list[SetReport]:
    """The reports of a file.

    Raises:
        ValueError: It is no such file.
    """
    try:
        return [_report(record) for record in json.loads(path.read_text("utf-8"))["reports"]]
    except (KeyError, TypeError, ValueError) as error:
        told = f"{type(error).__name__}: {error}"
        raise ValueError(f"{path}: expected reports about sets, got {told}.") from error


def write_hypotheses(reports: Sequence[SetReport], path: Path) -> None:
    """Writes a CSV with a row for each hypothesis, whole or not at all."""
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for report in reports:
            for rank, one in enumerate(report.ranked, start=1):
                said = one.hypothesis
                numbers = (one.auroc, one.low, one.high, one.effect, one.p, one.q)
                writer.writerow(
                    [
                        *(*report.sets.names, rank, said.text),
                        *(*numbers, *one.means, *one.shares, one.unanswered),
                        *(said.measure or "", " ".join(said.proposers), one.ranker),
                    ]
                )


def _plain(report: SetReport) -> dict[str, Any]:
    told = asdict(report)
    told["models"] = [
        {"role": role, "name": name, "sha256": sha256} for role, name, sha256 in report.models
    ]
    told["labels"] = [{"label": label, "count": count} for label, count in report.labels]
    return told


def _report(told: Mapping[str, Any]) -> SetReport:
    sets = told["sets"]
    return SetReport(
        ImageSets(
            _two(sets["names"]),
            tuple(map(_item, sets["first"])),
            tuple(map(_item, sets["second"])),
            sets["difference"],
            sets["difficulty"],
        ),
        tuple(map(_ranked, told["ranked"])),
        tuple(map(_ranked, told["reference"])),
        _two(told["proposed_on"]),
        _two(told["ranked_on"]),
        tuple(told["problems"]),
        tuple((model["role"], model["name"], model["sha256"]) for model in told["models"]),
        tuple((label["label"], label["count"]) for label in told["labels"]),
    )


def _item(told: Mapping[str, Any]) -> SetItem:
    box = told["box"]
    if box is not None:
        x0, y0, x1, y1 = box
        box = (x0, y0, x1, y1)
    return SetItem(told["path"], box, told["prompt"], told["caption"], told["scene"])


def _ranked(told: Mapping[str, Any]) -> Ranked:
    said, bins = told["hypothesis"], told["histogram"]
    if bins is not None:
        ends = bins["low"], bins["high"]
        bins = Histogram(*ends, tuple(bins["first"]), tuple(bins["second"]))
    return Ranked(
        Hypothesis(said["text"], tuple(said["proposers"]), said["measure"]),
        told["ranker"],
        **{name: told[name] for name in ("auroc", "low", "high", "effect", "p", "q")},
        means=_two(told["means"]),
        best_first=tuple(told["best_first"]),
        best_second=tuple(told["best_second"]),
        unanswered=told["unanswered"],
        shares=_two(told["shares"]),
        histogram=bins,
    )


def _two(values: Sequence[Any]) -> tuple[Any, Any]:
    one, other = values
    return one, other
