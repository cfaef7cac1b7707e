"""Tuning as a user starts it: a table of words in, rules and a combination out."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from spotdiff.data.tuned import read_tuned
from spotdiff.training.checkpoint import read
from spotdiff.types import ChangeKind, LabelSets
from tests.cli.object_parts import FIXED, detector, write_scenes
from tests.cli.test_objects import said
from tests.fakes import run_program
from tests.object_parts import Blocks

COUNT = 20
RULES = ("min_score", "min_same", "alpha", "boost", "min_heat")
GRID = ("grid={min_score:[0.3,0.7,0.95],alpha:[0.3,0.7]}",)
ASKED = (*FIXED, "objects.change_model=false", "pairs=in/words.csv", "evidence=kept")


def scenes() -> dict[str, tuple]:
    """Cars come, cones go, trucks are there and mean nothing; a camera for every five of them."""
    found = {}
    for i in range(COUNT):
        car = ("car", (4 + 2 * (i % 5), 4, 24 + 2 * (i % 5), 24))
        cone = ("cone", (60, 30 + 2 * (i % 5), 80, 50 + 2 * (i % 5)))
        truck = ("truck", (4, 40, 20 + i, 60))
        before, after = [truck], [truck]
        added, removed = (), ()
        if i % 2:
            after, added = [truck, car], ("car",)
        if i % 3 == 0:
            before, removed = [truck, cone], ("cone",)
        found[f"cam{i // 5}_{i}"] = (tuple(before), tuple(after), LabelSets(added, removed))
    return found


SCENES = scenes()


@pytest.fixture(scope="module")
def tuned(tiny_checkpoint, tmp_path_factory) -> Path:
    """A folder with the table in `in`, and in `run` and `new.ckpt` what a search found."""
    folder = tmp_path_factory.mktemp("tune")
    write_scenes(folder / "in", SCENES)
    words = [*detector(), *ASKED, f"ckpt={tiny_checkpoint}", "out=run", "ckpt_out=deep/new.ckpt"]
    words.append("combination=true")
    looked, detect = [], Blocks.__call__

    def looking(self, images, names):
        looked.extend(images)
        return detect(self, images, names)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Blocks, "__call__", looking)
        assert run_program(folder, "tune", *words, "folds=4", "group='^cam[0-9]'") == 0
    (folder / "looked").write_text(str(len(looked)))
    return folder


@pytest.fixture
def tune(tuned, tiny_checkpoint) -> Callable[..., int]:
    """Tunes again, on evidence that is there."""

    def run(*words: str) -> int:
        given = [*detector(), *ASKED, f"ckpt={tiny_checkpoint}", "folds=3", *words]
        return run_program(tuned, "tune", *given)

    return run


def metrics(out: Path) -> dict:
    return json.loads((out / "metrics.json").read_text())


def test_what_was_found_is_written_with_what_it_is_worth(tuned):
    found = metrics(tuned / "run")
    assert (found["count"], found["failed"]) == (COUNT, {})
    assert (found["search"]["search"], found["search"]["folds"]) == ("grid", 4)
    assert set(found["search"]["grid"]) == set(RULES)
    worth = {name: one["mean"] for name, one in found["set_f1"].items()}
    empty = sum(not s.of(kind) for *_, s in SCENES.values() for kind in ChangeKind)
    assert worth["nothing said (all none)"] == pytest.approx(empty / (3 * COUNT))
    assert worth["rules, tuned"] == worth["combination, detectors alone"] == 1
    assert list(found["set_f1"])[-1] == "perfect gates, one word"
    best = found["set_f1"]["rules, tuned"]
    assert best["low"] == best["high"] == 1
    assert best["kinds"] == [1, 1, 1]
    assert found["tuned"] == read_tuned(tuned / "run" / "tuned.yaml").plain()


def test_a_detector_looks_once_at_an_image_however_many_settings_are_tried(tuned):
    levels = metrics(tuned / "run")["search"]["grid"].values()
    assert math.prod(map(len, levels)) == 243
    views = {view for before, after, _ in SCENES.values() for view in (before, after)}
    assert int((tuned / "looked").read_text()) == len(views)


def test_the_file_says_where_it_comes_from(tuned):
    path = tuned / "run" / "tuned.yaml"
    lines = path.read_text("utf-8").splitlines()
    assert lines[:2] == [
        f"# Fitted to the words of {COUNT} pairs of in/words.csv",
        "# held-out F1 1.000",
    ]
    found = read_tuned(path)
    assert set(found.labels) == set(found.combination.words) == {"car", "cone"}
    assert list(found.combination.weights) == ["objects"]


def test_the_table_and_commands_to_go_on_with_are_printed(tune, capsys):
    assert tune(*GRID, "out=again") == 0
    told = capsys.readouterr()
    for line in ("nothing said (all none)", "counts of detections", "rules, tuned"):
        assert line in told.out
    assert f"Set F1 of {COUNT} pairs" in told.out
    assert f"Evidence of {COUNT} pairs: {COUNT} known, 0 to gather." in told.err
    ready = [line for line in told.err.splitlines() if line.startswith("The rules: ")]
    assert "experiment=objects pairs=… objects.rules.min_score=0.3 " in ready[0]
    assert "objects.rules.alpha=0.3 " in ready[0]
    last = told.err.strip().splitlines()[-1]
    start = (
        "All of it: python predict.py experiment=objects pairs=… objects.tuned=again/tuned.yaml "
    )
    assert last.startswith(start)
    assert "'~detectors.owlv2'" in last  # and so are the detectors that were asked


def test_the_rules_it_prints_can_be_pasted(tune, tuned, tiny_checkpoint, capsys):
    """Into a command that is otherwise the same."""
    assert tune(*GRID, "out=pasted") == 0
    line = next(x for x in capsys.readouterr().err.splitlines() if x.startswith("The rules: "))
    rules = [word for word in line.split() if word.startswith("objects.rules.")]
    labels = ["objects.labels=in/words.csv", "objects.change_model=false"]
    fixed = [*FIXED, *detector(), *labels, f"ckpt={tiny_checkpoint}", "pairs=in/words.csv"]
    assert run_program(tuned, "predict", *fixed, *rules, "out=answers", "evidence=kept") == 0
    assert said(tuned / "answers") == {name: true for name, (*_, true) in SCENES.items()}


def test_a_search_on_known_evidence_asks_no_model(tune, tuned, monkeypatch):
    def refuse(*_):
        raise AssertionError("asked again")

    monkeypatch.setattr(Blocks, "__call__", refuse)
    assert tune("search=optuna", "trials=3", "out=optuna") == 0
    found = metrics(tuned / "optuna")
    assert (found["search"]["search"], found["search"]["trials"]) == ("optuna", 3)
    assert found["set_f1"]["rules, tuned"]["mean"] > 0.8


def test_odds_are_fitted_on_top(tune, tuned):
    assert tune(*GRID, "heat=odds", "out=odds") == 0
    assert metrics(tuned / "odds")["set_f1"]["rules, tuned"]["mean"] == 1
    assert read_tuned(tuned / "odds" / "tuned.yaml").rules.heat in ("boost", "odds")


def test_the_same_seed_finds_the_same(tune, tuned):
    for out in ("seed1", "seed2"):
        assert tune("search=optuna", "trials=2", "seed=7", f"out={out}") == 0
    one, two = (metrics(tuned / out) for out in ("seed1", "seed2"))
    assert one == two


def test_a_checkpoint_carries_all_of_it(tuned):
    carried = read(tuned / "deep" / "new.ckpt").tuned
    assert carried.plain() == read_tuned(tuned / "run" / "tuned.yaml").plain()
    words = [*FIXED, *detector(), "objects.change_model=false", "ckpt=deep/new.ckpt"]
    given = ["pairs=in/words.csv", "out=carried", "writer=submission", "evidence=kept"]
    assert run_program(tuned, "predict", *words, *given) == 0
    assert said(tuned / "carried") == {name: true for name, (*_, true) in SCENES.items()}


def test_a_pair_that_failed_counts_as_answered_with_nothing(
    program, tiny_checkpoint, tmp_path, capsys
):
    few = dict(list(SCENES.items())[:6])
    write_scenes(tmp_path / "in", few)
    (tmp_path / "in" / "cam0_1_2.png").write_bytes(b"torn")  # where a car came
    (tmp_path / "in" / "cam0_3_1.png").unlink()  # where a car came and a cone went
    words = [*detector(), *ASKED, f"ckpt={tiny_checkpoint}", "out=run", "folds=2"]
    assert program("tune", *words, *GRID) == 2
    told = capsys.readouterr().err
    found = metrics(tmp_path / "run")
    assert found["count"] == 6
    assert set(found["failed"]) == {"cam0_1", "cam0_3"}
    assert "2 pairs failed and are scored as none: " in told
    assert found["set_f1"]["rules, tuned"]["mean"] == pytest.approx(15 / 18)


def test_both_witnesses_and_each_alone_are_fitted(tune, tuned):
    words = ["objects.change_model=true", *GRID, "out=both", "evidence=null", "combination=true"]
    assert tune(*words) == 0
    found = read_tuned(tuned / "both" / "tuned.yaml").combination
    assert list(found.weights) == ["both", "objects", "model"]
    assert set(metrics(tuned / "both")["set_f1"]) > {
        "combination, detectors and change model",
        "combination, detectors alone",
        "combination, change model alone",
    }


def test_a_combination_that_is_no_better_than_rules_is_left_out(tune, tuned, capsys):
    assert tune(*GRID, "out=plain") == 0
    assert read_tuned(tuned / "plain" / "tuned.yaml").combination is None
    told = capsys.readouterr().err
    assert "Words stay with the rules: held out 1.000, a combination 1.000." in told


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["search=random", "ckpt=none"], "Expected search to be grid or optuna, got 'random'."),
        (["heat=warm", "ckpt=none"], "Expected heat to be boost or odds, got 'warm'."),
        (["+grid.det_thr=[0.1]"], "got det_thr."),
        (["grid.alpha=[2]"], "Expected alpha to be a number from 0 to 1, got 2.0."),
        (["search=optuna", "+space.det_thr=[0,1]"], "got det_thr."),
        (["grid.alpha=[]"], "Expected grid.alpha to be a list of numbers, got []."),
        (["grid.alpha=0.5"], "Expected grid.alpha to be a list of numbers, got 0.5."),
        (["space.alpha=[0.5]"], "Expected space.alpha to be two rising numbers"),
        (["trials=0"], "Expected trials to be a number from 1 on, got 0."),
        (["folds=1"], "Expected folds to be a number from 2 on, got 1."),
        (["folds=many"], "Expected folds to be a number, got 'many'."),
        (["combination=maybe"], "Expected combination to be true, false or null, got 'maybe'."),
        (["group='('"], "Expected group to be a regular expression, got '('"),
        (["group='road'"], "Expected 'road' in the id of every pair, not found in 'cam0_0'."),
        (["pairs=null"], "Expected pairs=TABLE"),
        (["pairs=nowhere.csv"], "nowhere.csv does not exist"),
        (["pairs=wordless"], "Expected pairs with words in wordless"),
    ],
)
def test_what_cannot_be_tuned_is_one_sentence(tune, tuned, capsys, words, message):
    (tuned / "wordless").mkdir(exist_ok=True)
    for view in (1, 2):
        (tuned / "wordless" / f"a_{view}.png").write_bytes(b"")
    assert tune("out=wrong", *words) == 64
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("tune: ")
    assert message in last
    assert not (tuned / "wrong").exists()
