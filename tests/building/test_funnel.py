"""What each step did, from what became of the rows."""

from __future__ import annotations

import json

from spotdiff.building.chain import Spent
from spotdiff.building.clock import Clock, read_seconds
from spotdiff.building.funnel import conclude, counted
from spotdiff.building.runs import BuildFolder


def test_rows_flow_from_step_to_step():
    left = {("", "kept"): 5, ("a", "rejected"): 2, ("b", "error"): 1, ("read", "error"): 3}
    funnel = counted(left, {"a": 7}, ("a", "b"), {"a": 1.5, "b": 0.5})
    found = [(s.step, s.rows, s.kept, s.rejected, s.errors, s.boxes) for s in funnel.steps]
    assert found == [("read", 11, 8, 0, 3, 0), ("a", 8, 6, 2, 0, 7), ("b", 6, 5, 0, 1, 0)]
    assert (funnel.rows, funnel.kept, funnel.errors, funnel.seconds) == (11, 5, 4, 2.0)


def test_nothing_kept_is_an_empty_file(tmp_path):
    folder = BuildFolder(tmp_path)
    row = {"verdict": {"step": "../x"}, "status": "rejected"}
    folder.rows.write_text(json.dumps(row) + "\n")
    assert conclude(folder, ("a",)).kept == 0
    assert folder.kept.read_text() == ""
    (trace,) = folder.trace.iterdir()  # no name of a step leads out of it
    assert json.loads(trace.read_text()) == row


def test_seconds_add_up_over_runs(tmp_path):
    path = tmp_path / "seconds.json"
    for seconds in (1.0, 0.5):
        with Clock(path) as clock:
            clock.add(Spent("a", 3, seconds))
    assert read_seconds(path) == {"a": 1.5}
    assert read_seconds(tmp_path / "absent.json") == {}
