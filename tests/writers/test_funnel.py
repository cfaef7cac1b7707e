"""The funnel of a run, from its records."""

import json
from dataclasses import asdict

from spotdiff.types import AreaReport, Funnel, ModelInfo, NoAreas
from spotdiff.writers.funnel import write_funnel
from spotdiff.writers.jsonl import JsonlWriter

EXPERTS = {"proposer": ModelInfo("base", "a" * 64), "similarity": ModelInfo("clip", "b" * 64)}


def report(reason=None, *counts):
    return AreaReport(reason, 0.95, Funnel(*counts), EXPERTS)


def run(tmp_path, *results):
    with JsonlWriter(tmp_path / "p.jsonl") as writer:
        for result in results:
            writer.write(result)
    write_funnel(tmp_path / "p.jsonl", tmp_path / "funnel.json")
    return json.loads((tmp_path / "funnel.json").read_text())


def test_counts_are_summed_and_reasons_and_failures_counted_apart(tmp_path, answer, failure):
    told = run(
        tmp_path,
        answer("1", areas=report(None, 1, 1, 9, 5, 4, 3, 2)),
        answer("2", areas=report(NoAreas.TOO_SIMILAR, 1)),
        failure("3"),
        answer("4", areas=report(NoAreas.NO_MATCH, 1, 1, 6, 2, 2)),
        answer("5", areas=report(NoAreas.TOO_SIMILAR, 1)),
    )
    assert told == {
        "funnel": asdict(Funnel(4, 2, 15, 7, 6, 3, 2)),
        "reasons": {"found": 1, "no_match": 1, "too_similar": 2},
        "failed": 1,
        "experts": {"proposer": "base", "similarity": "clip"},
    }


def test_a_pair_that_was_answered_after_all_counts_once(tmp_path, answer, failure):
    told = run(tmp_path, failure("1"), answer("1", areas=report(None, 1, 1, 2, 2, 1, 1, 1)))
    assert told["failed"] == 0
    assert told["funnel"]["kept"] == 1


def test_a_run_of_failures_has_a_funnel_of_zeros(tmp_path, failure):
    told = run(tmp_path, failure("1"))
    assert set(told["funnel"].values()) == {0}
    assert (told["reasons"], told["failed"], told["experts"]) == ({}, 1, {})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["funnel.json", "p.jsonl"]
