"""A run that is killed anywhere goes on: no work twice but the batch in flight, no row twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from itertools import count

import pytest

from spotdiff.building.chain import Chain
from spotdiff.building.funnel import conclude
from spotdiff.building.journal import Journal
from spotdiff.building.runs import BuildFolder, keep_settings, run_here
from spotdiff.building.sample_rows import read_samples
from spotdiff.writers.lines import LineFile
from tests.building.chain_parts import Counting, numbered
from tests.conftest import ROOT

BATCH = 3


def _steps(**settings):
    return [
        Counting("first", rejects=("1",), boxes=2, **settings),
        Counting("second", raises=("4",), **settings),
        Counting("third", rejects=("5",), **settings),
    ]


def _run(out, steps, samples=None, tell=id):
    chain, folder = Chain({step.name: step for step in steps}), BuildFolder(out)
    rows = numbered(7) if samples is None else samples
    run_here(chain, lambda: rows, folder, BATCH, tell)
    return conclude(folder, chain.names)


def _files(out):
    """All files but those that tell of time, by their names."""
    found = {p.relative_to(out).as_posix(): p.read_text() for p in out.rglob("*") if p.is_file()}
    del found["seconds.json"]
    funnel = json.loads(found["funnel.json"])
    for step in funnel["steps"]:
        step.pop("seconds")
    return {**found, "funnel.json": funnel}


@pytest.fixture
def whole(tmp_path):
    """The files of a run that nobody disturbed."""
    _run(tmp_path / "whole", _steps())
    return _files(tmp_path / "whole")


def test_rows_kept_trace_and_funnel(tmp_path, whole):
    assert set(whole) == {
        *("rows.jsonl", "kept.jsonl", "funnel.json"),
        *(f"trace/{name}.jsonl" for name in ("first", "second", "third")),
    }
    out = tmp_path / "whole"
    rows = list(read_samples(out / "rows.jsonl"))
    assert [row.id for row in rows] == list("0123456")
    assert [row.id for row in read_samples(out / "kept.jsonl")] == ["0", "2", "3", "6"]
    (rejected,) = read_samples(out / "trace" / "first.jsonl")
    assert (rejected.id, rejected.verdict.score, rejected.verdict.threshold) == ("1", 0.1, 9.0)
    (failed,) = read_samples(out / "trace" / "second.jsonl")
    assert failed.verdict.kind == "error"
    names = ("step", "rows", "kept", "rejected", "errors", "boxes")
    funnel = whole["funnel.json"]
    assert [tuple(step[name] for name in names) for step in funnel["steps"]] == [
        ("first", 7, 6, 1, 0, 12),
        ("second", 6, 5, 0, 1, 12),  # an error keeps what it came with
        ("third", 5, 4, 1, 0, 10),
    ]
    assert (funnel["rows"], funnel["kept"]) == (7, 4)


class Bomb:
    """Ends the program at one of the points where it ticks."""

    def __init__(self, point):
        self.left = point

    def __call__(self):
        self.left -= 1
        if self.left == 0:
            raise SystemExit("killed")


def test_a_run_killed_at_any_point_goes_on(tmp_path, whole, monkeypatch):
    append = LineFile.append

    def explosive(lines, text):
        bomb()
        try:
            bomb()  # in the middle of a line
        except SystemExit:
            lines._file.write(text[: len(text) // 2].encode())
            lines._file.flush()
            raise
        append(lines, text)
        bomb()

    monkeypatch.setattr(LineFile, "append", explosive)
    for point in count(1):
        out, bomb = tmp_path / str(point), Bomb(point)
        steps, again = _steps(tick=bomb), _steps()
        try:
            _run(out, steps)
        except SystemExit:
            bomb = Bomb(0)
            _run(out, again)
            assert _files(out) == whole, point
            for before, after in zip(steps, again, strict=True):
                twice = before.asked & after.asked
                assert twice.total() <= BATCH, (point, before.name, twice)
        else:
            assert _files(out) == whole
            break
    assert point > 90


def test_only_the_call_in_flight_is_repeated(tmp_path):
    steps, again = _steps(), _steps()
    steps[2].tick = Bomb(3)  # the second batch is about to enter the third step
    with pytest.raises(SystemExit):
        _run(tmp_path, steps)
    _run(tmp_path, again)
    assert [sorted(step.asked) for step in again] == [["6"], ["6"], ["3", "5", "6"]]


def test_a_finished_run_asks_nothing_and_more_rows_go_on(tmp_path, whole):
    out = tmp_path / "whole"
    again = _steps()
    _run(out, again)
    assert [step.asked.total() for step in again] == [0, 0, 0]
    assert _files(out) == whole
    told = []
    _run(out, again, numbered(9), told.append)
    assert [sample.id for sample in told] == ["7", "8"]
    assert [row.id for row in read_samples(out / "rows.jsonl")] == list("012345678")


def test_other_rows_than_those_that_are_finished_are_refused(tmp_path):
    _run(tmp_path, _steps(), numbered(3))
    with pytest.raises(ValueError, match="row 2 was '1' and is '6'"):
        _run(tmp_path, _steps(), [numbered(1)[0], numbered(7)[6]])


def test_other_settings_than_those_of_the_rows_are_refused(tmp_path):
    folder = BuildFolder(tmp_path)
    first, second = Chain({"a": Counting("a")}), Chain({"a": Counting("a", rejects=("1",))})
    keep_settings(folder, first.settings)
    keep_settings(folder, second.settings)  # there is nothing yet
    folder.rows.touch()
    keep_settings(folder, second.settings)
    with pytest.raises(ValueError, match=r"but a \(step 1\) differ: choose another out="):
        keep_settings(folder, first.settings)


def test_a_line_of_a_journal_that_is_none_is_named(tmp_path):
    folder = BuildFolder(tmp_path)
    with Journal(folder.journal / "other.jsonl") as journal:
        journal.append('{"done": 1}')
    with pytest.raises(ValueError, match=r"other.jsonl line 1: expected a line of a journal"):
        _run(tmp_path, _steps())


PROGRAM = """
import sys
from pathlib import Path
from tests.building.test_runs import _run, _steps
from tests.building.chain_parts import numbered
out = Path(sys.argv[1])
_run(out / "run", _steps(log=out / "log.txt", seconds=0.02), numbered(30))
"""


def test_a_killed_process_goes_on(tmp_path):
    log = tmp_path / "log.txt"
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        while not log.exists() or len(log.read_text().split("\n")) < 25:
            assert process.poll() is None
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = log.read_text().splitlines()
    steps = _steps(log=log)
    _run(tmp_path / "run", steps, numbered(30))
    again = log.read_text().splitlines()[len(done) :]
    assert len(set(done) & set(again)) <= BATCH
    other = tmp_path / "other"
    _run(other, _steps(), numbered(30))
    assert _files(tmp_path / "run") == _files(other)
