"""Pictures copied, linked and moved: nothing is deleted, nothing written over."""

import json

import pytest

from spotdiff.writers.placing import Step, carry_out, planned, write_plan


@pytest.fixture
def pictures(tmp_path):
    found = [tmp_path / "in" / name for name in ("a.png", "deep/b.png")]
    for path in found:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name)
    return found


@pytest.fixture
def steps(pictures, tmp_path):
    return planned(pictures, tmp_path / "in", tmp_path / "out")


def test_pictures_lie_there_as_they_lay_here(steps, tmp_path):
    assert [s.target.relative_to(tmp_path).as_posix() for s in steps] == [
        "out/a.png",
        "out/deep/b.png",
    ]


@pytest.mark.parametrize(("action", "stays"), [("copy", True), ("symlink", True), ("move", False)])
def test_what_is_planned_is_done_once(steps, action, stays):
    assert carry_out(steps, action) == (2, [])
    for step in steps:
        assert step.target.read_text() == step.source.name
        assert step.source.exists() is stays
        assert step.target.is_symlink() is (action == "symlink")
    assert carry_out(steps, action) == (0, [])


def test_nothing_is_written_over(steps):
    steps[0].target.parent.mkdir()
    steps[0].target.write_text("mine")
    done, problems = carry_out(steps, "move")
    assert done == 1
    assert "a.png: cannot move it" in problems[0]
    assert steps[0].target.read_text() == "mine"
    assert steps[0].source.exists()


def test_a_picture_that_is_gone_is_told_and_costs_no_other_one(steps, tmp_path):
    lost = Step(tmp_path / "in" / "gone.png", tmp_path / "out" / "gone.png")
    done, problems = carry_out([lost, *steps], "copy")
    assert done == 2
    assert len(problems) == 1


def test_a_plan_can_be_read(steps, tmp_path):
    write_plan(steps, "move", tmp_path / "plan.jsonl")
    told = [json.loads(line) for line in (tmp_path / "plan.jsonl").read_text().splitlines()]
    assert told[0] == {
        "action": "move",
        "source": str(steps[0].source),
        "target": str(steps[0].target),
    }
