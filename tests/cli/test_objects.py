"""Objects as a user asks for them: one word a detector, models asked once, failures told."""

import csv
import gc
import json
import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from spotdiff.data.sources import open_source
from spotdiff.data.tuned import write_tuned
from spotdiff.types import ChangeKind, Combination, LabelSets, Tuned
from spotdiff.writers.submission_check import check_submission
from tests.cli.object_parts import ALONE, FIXED, SCENES, detector, write_scenes
from tests.conftest import ROOT
from tests.fakes import VOCABULARY
from tests.object_parts import Blocks, Colours

WORDS = ("car", "cone", "truck")
KINDS = ("added", "removed", "changed")
NONE = LabelSets()


@pytest.fixture
def table(tmp_path) -> str:
    write_scenes(tmp_path / "in")
    return "pairs=in/words.csv"


@pytest.fixture
def predict(program, tiny_checkpoint, table) -> Callable[..., int]:
    def run(*arguments: str, first: tuple[str, ...] = ()) -> int:
        words = (*first, *FIXED, f"ckpt={tiny_checkpoint}", table, *arguments)
        code = program("predict", *words)
        if "evidence=kept" in arguments:
            gc.collect()  # evidence is written when nobody uses its folder any more
        return code

    return run


@pytest.fixture
def looked(monkeypatch) -> list[str]:
    """Who looked, once for every image or, of an embedder, region."""
    found: list[str] = []
    detect, embed = Blocks.__call__, Colours.__call__

    def detecting(self, images, names):
        found.extend([f"detector {self.score}"] * len(images))
        return detect(self, images, names)

    def embedding(self, images, boxes=None):
        found.extend(["embedder"] * sum(map(len, boxes)))
        return embed(self, images, boxes)

    monkeypatch.setattr(Blocks, "__call__", detecting)
    monkeypatch.setattr(Colours, "__call__", embedding)
    return found


def records(out: Path) -> dict[str, dict]:
    lines = (out / "predictions.jsonl").read_text().splitlines()
    return {record["pair_id"]: record for record in map(json.loads, lines)}


def said(out: Path) -> dict[str, LabelSets]:
    return {
        name: LabelSets(*(tuple(record["labels"][kind]) for kind in KINDS))
        for name, record in records(out).items()
        if record["labels"] is not None
    }


def submitted(out: Path) -> list[list[str]]:
    with (out / "submission.csv").open(newline="") as file:
        return list(csv.reader(file))


def checked(out: Path, words=WORDS) -> list[list[str]]:
    """The rows of the table that was written, if it may be handed in."""
    check_submission(out / "submission.csv", list(SCENES), words)
    return submitted(out)[1:]


def one_line(capsys) -> str:
    error = capsys.readouterr().err.strip()
    assert "\n" not in error
    return error


def test_every_pair_gets_its_words_and_the_table_is_checked(predict, tmp_path, capsys):
    assert predict(*detector(), *ALONE, "out=run", "writer=submission") == 0
    told = capsys.readouterr().err
    out = tmp_path / "run"
    assert said(out) == {name: true for name, (_, _, true) in SCENES.items()}
    assert checked(out) == [
        ["came", "car", "none", "none"],
        ["went", "none", "cone", "none"],
        ["both", "cone", "car", "none"],
        ["moved", "none", "none", "car"],
        ["same", "none", "none", "none"],
    ]
    moved = records(out)["moved"]
    assert [(c["kind"], c["box_before"], c["box_after"]) for c in moved["changes"]] == [
        ("changed", [4, 4, 20, 20], [70, 40, 86, 56])
    ]
    assert records(out)["same"]["change_score"] == 0
    assert "Objects by detector blocks blocks, embedder colours.\n" in told


def test_the_change_model_may_be_asked_too(predict, tmp_path, capsys):
    assert predict(*detector(), "out=run", "writer=submission") == 0
    assert "embedder colours, change model tiny.\n" in capsys.readouterr().err
    words = {"man", "car", "traffic cone"}  # as the checkpoint writes them
    sets = said(tmp_path / "run")
    assert {
        w for s in sets.values() for kind in (s.added, s.removed, s.changed) for w in kind
    } <= words
    assert sets["came"].added == ("car",)
    assert sets["both"].added == ("traffic cone",)
    assert sets["same"] == NONE
    assert len(checked(tmp_path / "run", words)) == len(SCENES)


def test_without_any_detector_the_change_model_answers(predict, tmp_path):
    assert predict("out=run", "writer=submission") == 0
    assert len(checked(tmp_path / "run", VOCABULARY.words)) == len(SCENES)
    found = records(tmp_path / "run")
    assert any(record["changes"] for record in found.values())
    assert found["same"]["changes"] == []


def test_no_model_looks_twice_whatever_the_rules(predict, tmp_path, looked):
    assert predict(*detector(), *ALONE, "out=first", "evidence=kept") == 0
    views = {view for scene in SCENES.values() for view in scene[:2]}
    assert looked.count("detector 0.8") == len(views)
    assert looked.count("embedder") == sum(map(len, views))
    looked.clear()
    rules = ["objects.rules.min_score=0.9", "objects.rules.alpha=0.1", "objects.rules.max_shift=3"]
    assert predict(*detector(), *ALONE, "out=second", "evidence=kept", *rules) == 0
    assert looked == []
    assert set(said(tmp_path / "second").values()) == {NONE}
    assert said(tmp_path / "first")["came"] == LabelSets(added=("car",))


def test_a_detector_more_is_one_word_and_asks_no_other_one_again(predict, tmp_path, looked):
    assert predict(*detector(score=0.6), *ALONE, "out=one", "evidence=kept") == 0
    first = looked.count("detector 0.6")
    looked.clear()
    both = [*detector(score=0.6), *detector("sure", score=0.9)]
    assert predict(*both, *ALONE, "out=two", "evidence=kept") == 0
    assert (looked.count("detector 0.6"), looked.count("detector 0.9")) == (0, first)
    one, two = (records(tmp_path / out)["came"]["changes"][0] for out in ("one", "two"))
    assert one["score"] == pytest.approx(0.6)
    assert two["score"] > one["score"]
    looked.clear()
    assert predict(*both, "~detectors.sure", *ALONE, "out=three", "evidence=kept") == 0
    assert looked == []
    assert said(tmp_path / "three") == said(tmp_path / "one")


def test_a_second_run_into_one_folder_answers_nothing_and_takes_no_other_rules(
    predict, tmp_path, looked, capsys
):
    assert predict(*detector(), *ALONE, "out=run", "evidence=null") == 0
    before = (tmp_path / "run" / "predictions.jsonl").read_bytes()
    looked.clear()
    assert predict(*detector(), *ALONE, "out=run", "evidence=null") == 0
    assert looked == []
    assert (tmp_path / "run" / "predictions.jsonl").read_bytes() == before
    capsys.readouterr()
    assert predict(*detector(), *ALONE, "out=run", "objects.rules.min_score=0.5") == 64
    error = one_line(capsys)
    assert "objects differ" in error
    assert "out=" in error


def test_a_detector_without_weights_is_named_with_its_remedy(
    program, tiny_checkpoint, table, tmp_path, capsys, monkeypatch
):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    fixed = (f"ckpt={tiny_checkpoint}", "device=cpu", table, "out=run")
    assert program("predict", "experiment=objects", *fixed) == 64
    error = one_line(capsys)
    assert error.startswith("predict: The detector owlv2 cannot be loaded: ")
    assert "spotdiff models fetch google/owlv2-base-patch16-ensemble" in error
    assert error.endswith("leave it out: ~detectors.owlv2")
    assert not (tmp_path / "run" / "predictions.jsonl").exists()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (detector("mine", "tests.object_parts.Nobody"), "Nobody"),
        (detector("mine", speed=3), "speed"),
        (detector("mine", known=5), "'int' object is not iterable"),
    ],
)
def test_a_detector_that_cannot_be_made_is_named(predict, capsys, words, reason):
    assert predict(*words, *ALONE, "out=run") == 64
    error = one_line(capsys)
    assert error.startswith("predict: The detector mine cannot be loaded: ")
    assert reason in error
    assert error.endswith("~detectors.mine")


def test_a_pair_that_a_detector_fails_on_costs_that_pair_alone(predict, tmp_path, capsys):
    fussy = detector("fussy", "tests.cli.object_parts.Fussy")
    out = tmp_path / "run"
    assert predict(*fussy, *ALONE, "out=run", "writer=submission", "batch_size=5") == 1
    told = capsys.readouterr().err
    found = records(out)
    assert {name for name, one in found.items() if one["status"] == "error"} == {"same"}
    reason = "The detector fussy failed: no trucks, please; ~detectors.fussy leaves it out"
    assert found["same"]["reason"] == reason
    assert f"same: {reason}\n" in told
    assert "1 pairs failed and are scored as none in run/submission.csv: same\n" in told
    assert told.strip().splitlines()[-1].startswith("4 pairs answered: ")
    assert checked(out)[-1] == ["same", "none", "none", "none"]
    assert said(out) == {name: true for name, (_, _, true) in SCENES.items() if name != "same"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["objects.rules.min_score=2"], "Expected min_score to be a number from 0 to 1, got 2."),
        (["objects.rules.det_thr=0.3"], "There is no key 'objects.rules.det_thr'."),
        (["objects.rules.odds=3"], "Expected odds to be three numbers, got 3."),
        (["objects.labels=[]"], "Expected labels for detectors to look for"),
        (["objects.labels=5"], "a table of words for objects.labels, but 5 does not exist"),
        (["objects.voting.rescale=min"], "Expected rescale to be one of max, avg"),
        (["objects.voting.min_overlap=2"], "Expected min_overlap to be a number from 0 to 1"),
        (["+objects.voting.weights.blocks=-1"], "Expected the weight of blocks to be a number"),
        (["evidence=in/words.csv"], "Expected a folder for evidence, got in/words.csv"),
        (["objects.tuned=nowhere.yaml"], "nowhere.yaml does not exist"),
        (["+objects.voting.weights.dino=2"], "weights of detectors that are there (blocks)"),
        (["~detectors.blocks"], "Expected a detector or a change model, got neither."),
        (["localizer=ssim"], "Expected one way to answer, got localizer and objects"),
        (["embedder.look=[1,0]"], "two rising cosines"),
    ],
)
def test_a_wrong_setting_is_one_sentence(predict, capsys, arguments, message):
    assert predict(*detector(), *ALONE, "out=run", *arguments) == 64
    assert message in one_line(capsys)


def test_a_combination_fitted_for_others_is_refused_before_any_pair(predict, tmp_path, capsys):
    combination = Combination(("car",), np.zeros((2, 1)), {})
    write_tuned(Tuned(combination=combination), tmp_path / "tuned.yaml")
    assert predict(*detector(), *ALONE, "out=run", "objects.tuned=tuned.yaml") == 64
    assert "predict: Expected a combination fitted for 'objects'" in capsys.readouterr().err
    assert not (tmp_path / "run" / "predictions.jsonl").exists()


def test_a_table_without_words_is_no_table_of_labels(predict, tmp_path, capsys):
    (tmp_path / "in" / "none.csv").write_text("img_id,added_objs\ncame,none\n")
    labels = ["objects.change_model=false", "objects.labels=in/none.csv"]
    assert predict(*detector(), *labels, "out=run") == 64
    assert "Expected words in in/none.csv for objects.labels" in one_line(capsys)


def test_labels_of_a_table_are_looked_for_and_rare_ones_are_not(predict, tmp_path):
    labels = ["objects.change_model=false", "objects.labels=in/words.csv"]
    assert predict(*detector(), *labels, "out=all") == 0
    assert said(tmp_path / "all")["both"] == LabelSets(("cone",), ("car",))
    assert predict(*detector(), *labels, "out=some", "objects.min_count=3") == 0
    assert said(tmp_path / "some")["both"] == LabelSets((), ("car",))


def test_a_sweep_asks_no_model_again(predict, tmp_path, looked):
    sweep = ["objects.rules.min_score=0.5,0.9", "hydra.sweep.dir=sweep", "batch_size=8"]
    kept = ["evidence=kept", "out=run-${objects.rules.min_score}"]
    assert predict(*sweep, *detector(), *ALONE, *kept, first=("-m",)) == 0
    assert said(tmp_path / "run-0.5")["came"] == LabelSets(added=("car",))
    assert said(tmp_path / "run-0.9")["came"] == NONE
    assert looked.count("detector 0.8") == len({v for scene in SCENES.values() for v in scene[:2]})


def test_answers_are_measured_by_sets_of_words(program, tiny_checkpoint, table, tmp_path, capsys):
    fixed = [word for word in FIXED if word != "alignment=none"]
    data = [f"data={table.removeprefix('pairs=')}", f"ckpt={tiny_checkpoint}", "out=measured"]
    assert program("evaluate", *fixed, "alignment=none", *detector(), *ALONE, *data) == 0
    metrics = json.loads((tmp_path / "measured" / "metrics.json").read_text())["metrics"]
    assert (metrics["sets"]["pairs"], metrics["sets"]["f1"]) == (len(SCENES), 1)
    assert metrics["sets"]["f1_of_all_none"] == pytest.approx(10 / 15)
    assert "f1_above_all_none" in capsys.readouterr().out


PEOPLE = {  # pairs of frames of SBI that differ by who is there
    "HallAndMonitor_000003_000054": LabelSets(added=("person",)),
    "HallAndMonitor_000003_000016": LabelSets(added=("person",)),
    "HallAndMonitor_000016_000066": LabelSets(("person",), ("person",)),
    "HallAndMonitor_000028_000079": LabelSets(("person",), ("person",)),
    "CAVIAR1_000003_000108": LabelSets(("person",), ("person",)),
    "HighwayI_000155_000230": LabelSets(("car",), ("car",), ("car",)),
}


@pytest.mark.data
def test_who_came_and_went_in_real_frames_is_told(real_data, program, tmp_path):
    home = Path(os.environ.get("SPOTDIFF_WEIGHTS_DATA", ROOT.parent / "shared" / "weights"))
    weights = home / "yolov8n" / "yolov8n-dequantised.pt"
    if not weights.is_file():
        pytest.skip(f"real weights are absent: {weights} (set SPOTDIFF_WEIGHTS_DATA)")
    if find_spec("ultralytics") is None:  # to import it here would change the process
        pytest.skip("the extra yolo is not installed")
    with (tmp_path / "pairs.jsonl").open("w") as file:
        for row in open_source(real_data / "sbi_pairs"):
            if row.pair_id in PEOPLE:
                files = {"before": str(row.before), "after": str(row.after)}
                words = {f"{k}_objs": PEOPLE[row.pair_id].of(ChangeKind(k)) for k in KINDS}
                file.write(json.dumps({"pair_id": row.pair_id} | files | words) + "\n")
    yolo = ["+detector@detectors.yolo=yolo", f"detectors.yolo.path_or_name={weights}"]
    fixed = ["~detectors.owlv2", "objects.labels=[person,car]", "device=cpu", "out=measured"]
    assert program("evaluate", "experiment=objects", *yolo, *fixed, "data=pairs.jsonl") == 0
    sets = json.loads((tmp_path / "measured" / "metrics.json").read_text())["metrics"]["sets"]
    assert sets["pairs"] == len(PEOPLE)
    assert sets["f1"] > 0.8 > sets["f1_of_all_none"] + 0.3
