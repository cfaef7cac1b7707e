from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from spotdiff.data.visdiff_sets import BenchSet
from spotdiff.evaluation.set_sweep import SetSweep, read_results, sweep_report
from spotdiff.evaluation.tables import markdown
from spotdiff.types import Hypothesis, ImageSets, Ranked, SetReport


class Describes:
    """Says three things of every pair; fails where it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.failing: dict[str, Exception | str] = {}
        self.problems: dict[str, tuple[str, ...]] = {}

    def __call__(self, sets: ImageSets) -> SetReport:
        name = sets.names[0]
        self.asked.append(name)
        told = self.failing.get(name)
        if isinstance(told, BaseException):
            raise told
        texts = [] if told else ["cars", "dogs", "trees"]
        ranked = tuple(
            Ranked(Hypothesis(text), "clip", 0.9 - i / 10, 0.5, 1, (1, 0), 1, 0.1, 0.1)
            for i, text in enumerate(texts)
        )
        return SetReport(sets, ranked, problems=self.problems.get(name, ()))


class Judges:
    """Grades the second hypothesis best; gives none for pairs that it is told of."""

    name = "judge"

    def __init__(self) -> None:
        self.silent: set[str] = set()

    def __call__(self, sets, hypotheses):
        silent = sets.names[0] in self.silent
        return [None if silent else grade for grade in (1, 2, 0)][: len(hypotheses)]


PAIRS = [
    BenchSet(f"pair{i}", part, ImageSets((f"pair{i}", "other"), (), (), "cars", part))
    for i, part in enumerate(["easy", "easy", "hard", "hard"])
]


def _sweep(describe, judge, folder, settings="s"):
    return SetSweep(describe, judge, folder / "records.jsonl", settings, proposers=["chat"])


def test_every_pair_has_one_record_and_a_second_run_asks_nobody(tmp_path):
    describe, judge, steps = Describes(), Judges(), []
    sweep = _sweep(describe, judge, tmp_path)
    first = sweep(PAIRS, lambda: steps.append(1))
    assert [one.name for one in first] == [pair.name for pair in PAIRS]
    assert first[0].accuracy[:3] == (0.5, 1.0, 1.0)
    assert len(steps) == 4
    assert sweep(PAIRS) == first
    assert len(describe.asked) == 4
    assert len((tmp_path / "records.jsonl").read_text().splitlines()) == 4
    assert _sweep(describe, judge, tmp_path, "other")(PAIRS) != first  # other settings
    assert len(describe.asked) == 8


def test_what_fails_is_a_record_with_its_reason_and_is_tried_again(tmp_path):
    describe, judge = Describes(), Judges()
    describe.failing = {"pair0": ValueError("no pictures."), "pair2": "nothing"}
    describe.problems = {"pair2": ("chat: the server is gone.",), "pair3": ("chat: it is busy.",)}
    judge.silent = {"pair1"}
    pairs = [*PAIRS, BenchSet("bad", "easy", None, "easy.jsonl row 9: broken")]
    told = _sweep(describe, judge, tmp_path)(pairs)
    assert [one.reason for one in told] == [
        "no pictures.", None, "chat: the server is gone.", None, "easy.jsonl row 9: broken",
    ]  # fmt: skip
    assert [one.complete for one in told] == [False] * 5  # none of them went as it might
    healthy = Describes()
    again = _sweep(healthy, Judges(), tmp_path)(pairs)
    assert healthy.asked == [pair.name for pair in PAIRS]
    assert [one.complete for one in again] == [True] * 4 + [False]
    assert _sweep(healthy, Judges(), tmp_path)(pairs) == again
    assert len(healthy.asked) == 4


def test_a_killed_run_goes_on_where_it_stopped(tmp_path):
    describe = Describes()
    describe.failing = {"pair2": KeyboardInterrupt()}
    with pytest.raises(KeyboardInterrupt):
        _sweep(describe, Judges(), tmp_path)(PAIRS)
    with (tmp_path / "records.jsonl").open("a") as file:
        file.write('{"name": "pair2", "part"')  # torn
    healthy = Describes()
    told = _sweep(healthy, Judges(), tmp_path)(PAIRS)
    assert healthy.asked == ["pair2", "pair3"]
    assert all(one.reason is None for one in told)


def test_the_table_tells_accuracies_by_part_what_failed_and_what_was_not_graded(tmp_path):
    describe, judge = Describes(), Judges()
    describe.failing = {"pair3": OSError("gone")}
    judge.silent = {"pair1"}
    report = sweep_report(_sweep(describe, judge, tmp_path)(PAIRS))
    rows = {row[0]: row[1:] for row in report.tables[0].rows}
    assert rows["easy"] == ("2", "0.500", "1.000", "1.000", "3", "0")
    assert rows["hard"] == ("1", "0.500", "1.000", "1.000", "0", "1")
    assert rows["all"][0] == "3"
    assert report.problems == ("pair3: gone",)
    assert "| easy | 2 | 0.500 |" in markdown(report.tables)
    assert json.loads(json.dumps(report.values, allow_nan=False))["easy"]["failed"] == 0


def test_intervals_are_those_of_pairs(tmp_path):
    results = _sweep(Describes(), Judges(), tmp_path)(PAIRS)
    mixed = [
        replace(one, grades=(grade,)) for one, grade in zip(results, (2, 2, 0, 1), strict=True)
    ]
    mean, low, high = sweep_report(mixed).values["all"]["acc@1"]
    assert mean == np.mean([1, 1, 0, 0.5])
    assert low < mean < high


def test_a_line_that_is_no_record_is_one_sentence(tmp_path):
    path = tmp_path / "records.jsonl"
    path.write_text('{"name": "pair0"}\n')
    with pytest.raises(ValueError, match=r"records\.jsonl line 1: expected a record of a pair"):
        read_results(path)
