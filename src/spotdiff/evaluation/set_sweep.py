"""Many pairs of sets described in one process and graded, set by set, so that a run can go on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spotdiff.contracts import SetJudge
from spotdiff.data.visdiff_sets import BenchSet
from spotdiff.evaluation.tables import Report, Step, Table, number
from spotdiff.ops.judged import Accuracy, accuracy, mean_interval
from spotdiff.types import ImageSets, SetReport
from spotdiff.writers.lines import LineFile, whole_lines

_FAILURES = (ValueError, OSError, RuntimeError, MemoryError)  # of one pair: others may do better
_NOTE = (
    "The best grade among the first hypothesis, the first five, and all, as a share of the best "
    "grade there is; in brackets the 95 % interval of a bootstrap over pairs of sets."
)


@dataclass(frozen=True, slots=True)
class SetResult:
    """What became of one pair of sets.

    Attributes:
        name: Of the pair.
        part: Of the benchmark.
        settings: Hash of all that decides an answer.
        hypotheses: Best first.
        grades: Of each, None where the judge gave no clear one.
        areas: AUROC of each.
        reason: Why there is no answer; None where there is one.
        complete: Nothing failed that may go better another time.
    """

    name: str
    part: str
    settings: str
    hypotheses: tuple[str, ...] = ()
    grades: tuple[int | None, ...] = ()
    areas: tuple[float, ...] = ()
    reason: str | None = None
    complete: bool = True

    @property
    def accuracy(self) -> Accuracy:
        """Of its grades."""
        return accuracy(self.grades)


class SetSweep:
    """Describes pairs of sets one after another, and appends a record for each.

    A pair that has failed, or in which a model failed, is tried again by the next run; all others
    are taken from the records, if they were made by the same settings.

    Args:
        describe: Says what is truer of a first set.
        judge: Grades what it says.
        records: A file of JSON lines, which is appended to.
        settings: Hash of all that decides an answer.
        most: Hypotheses of a pair that are graded, best first.
        proposers: Names that problems of proposers begin with.
    """

    def __init__(
        self,
        describe: Callable[[ImageSets], SetReport],
        judge: SetJudge,
        records: Path,
        settings: str,
        most: int = 30,
        proposers: Sequence[str] = (),
    ) -> None:
        self.describe, self.judge, self.records = describe, judge, records
        self.settings, self.most, self.proposers = settings, most, tuple(proposers)

    def __call__(self, pairs: Iterable[BenchSet], step: Step = lambda: None) -> list[SetResult]:
        """A result for every pair, in their order."""
        known = read_results(self.records, self.settings) if self.records.exists() else {}
        results = []
        with LineFile(self.records) as lines:
            for pair in pairs:
                result = known.get(pair.name)
                if result is None or result.reason is not None or not result.complete:
                    result = self._described(pair)
                    lines.append(json.dumps(asdict(result), allow_nan=False))
                results.append(result)
                step()
        return results

    def _described(self, pair: BenchSet) -> SetResult:
        if pair.sets is None:
            return self._failed(pair, pair.problem or "there are no sets")
        try:
            report = self.describe(pair.sets)
            ranked = report.ranked[: self.most]
            texts = [one.hypothesis.text for one in ranked]
            grades = self.judge(pair.sets, texts)
        except _FAILURES as error:
            return self._failed(pair, " ".join(str(error).split()) or type(error).__name__)
        if not ranked:
            return self._failed(pair, "; ".join(report.problems[:3]) or "nothing was proposed")
        lost = [one for one in report.problems if self._is_of_proposer(one)]
        return SetResult(
            pair.name,
            pair.part,
            self.settings,
            tuple(texts),
            tuple(grades),
            tuple(round(one.auroc, 6) for one in ranked),
            complete=not lost and None not in grades,
        )

    def _failed(self, pair: BenchSet, reason: str) -> SetResult:
        return SetResult(pair.name, pair.part, self.settings, reason=reason, complete=False)

    def _is_of_proposer(self, problem: str) -> bool:
        return problem.startswith(("the proposer ", *(f"{name}:" for name in self.proposers)))


def read_results(path: Path, settings: str | None = None) -> dict[str, SetResult]:
    """The latest result of each pair by its name.

    Args:
        path: Records.
        settings: Those of other settings are left out; None takes all.

    Raises:
        ValueError: A line is no record of this kind.
    """
    results: dict[str, SetResult] = {}
    for line in whole_lines(path):
        try:
            told: Mapping[str, Any] = json.loads(line.content)
            lists = {n: tuple(told[n]) for n in ("hypotheses", "grades", "areas")}
            result = SetResult(**{**told, **lists})
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(
                f"{path} line {line.number}: expected a record of a pair of sets, got "
                f"{type(error).__name__}: {error}. Delete the line to have it described again."
            ) from error
        if settings is None or result.settings == settings:
            results[result.name] = result
    return results


def sweep_report(results: Sequence[SetResult], name: str = "sets") -> Report:
    """Tables of accuracies by part, and of all; what failed counts in no mean and is told."""
    parts = list(dict.fromkeys(result.part for result in results))
    groups = {part: [one for one in results if one.part == part] for part in parts}
    if len(parts) > 1:
        groups["all"] = list(results)
    rows, values = [], {}
    for part, some in groups.items():
        answered = [one for one in some if one.reason is None]
        cells, numbers = _figures([one.accuracy for one in answered])
        unknown = sum(one.accuracy.unknown for one in answered)
        failed = len(some) - len(answered)
        rows.append((part, str(len(answered)), *cells, str(unknown), str(failed)))
        values[part] = {"sets": len(answered), **numbers, "ungraded": unknown, "failed": failed}
    columns = ("sets", "answered", "acc@1", "acc@5", "acc@N", "ungraded", "failed")
    problems = tuple(f"{one.name}: {one.reason}" for one in results if one.reason is not None)
    table = Table("Differences of sets", columns, tuple(rows), _NOTE)
    return Report(name, (table,), values, len(results) - len(problems), problems)


def _figures(told: Sequence[Accuracy]) -> tuple[list[str], dict[str, object]]:
    """Means over pairs with their intervals; pairs that were not graded are left out."""
    cells: list[str] = []
    values: dict[str, object] = {}
    for column, name in enumerate(("acc@1", "acc@5", "acc@N")):
        known = np.array([one[column] for one in told if one[column] is not None], np.float64)
        mean, low, high = mean_interval(known)
        cells.append(number(mean, (low, high)))
        values[name] = [None if np.isnan(value) else value for value in (mean, low, high)]
    return cells, values
