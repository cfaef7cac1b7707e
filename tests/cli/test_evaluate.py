"""The evaluation program, on pairs whose answers and truths are written here."""

import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from omegaconf import OmegaConf

from spotdiff.cli import evaluate as program
from spotdiff.cli.door import enter
from spotdiff.labels import Vocabulary
from spotdiff.pipeline import PairPipeline
from spotdiff.stages.decision import HeatmapDecision, MapComparer
from spotdiff.training.checkpoint import Checkpoint
from spotdiff.types import ChangeMap, ModelInfo, Thresholds

CONF = Path(__file__).resolve().parents[2] / "conf"


class Subtraction:
    """Sees brighter pixels as added, darker ones as removed."""

    def __call__(self, pairs):
        return [self._map(pair) for pair in pairs]

    def _map(self, pair):
        step = (pair.after.astype(int) - pair.before).mean(axis=2) / 255
        heat = np.stack([step.clip(0), (-step).clip(0), 0 * step]).astype(np.float32)
        none = np.zeros((0, 1, 1), np.float32)
        return ChangeMap(heat, heat.max(axis=(1, 2)), np.zeros((3, 0), np.float32), none, none)


@pytest.fixture
def subtracting(monkeypatch):
    """Replaces the model by a subtraction, which is right on the set below."""
    info = ModelInfo("subtraction", "0" * 64)
    checkpoint = Checkpoint({}, Vocabulary(()), Thresholds(), {}, info)
    decision = HeatmapDecision(checkpoint.thresholds, min_area=4)
    pipeline = PairPipeline(MapComparer(Subtraction(), decision), info)
    monkeypatch.setattr(program, "open_checkpoint", lambda _: checkpoint)
    monkeypatch.setattr(program, "pipeline", lambda *_: pipeline)


@pytest.fixture
def known_set(tmp_path):
    """A white block came, a white block went, nothing happened, and a file that is no picture."""
    folder, dark = tmp_path / "set", np.full((24, 32, 3), 20, np.uint8)
    folder.mkdir()
    block = dark.copy()
    block[4:12, 6:16] = 250
    box, mask = [6, 4, 16, 12], (block[..., 0] == 250).astype(np.uint8)
    rows = [
        ("came", dark, block, mask, {"kind": "added", "box_after": box}),
        ("went", block, dark, mask * 2, {"kind": "removed", "box_before": box}),
        ("calm", dark, dark, mask * 0, None),
    ]
    lines = []
    for name, before, after, bits, change in rows:
        for view, image in (("before", before), ("after", after), ("mask", bits)):
            cv2.imwrite(str(folder / f"{name}_{view}.png"), image)
        files = {view: f"{name}_{view}.png" for view in ("before", "after", "mask")}
        changes = [change] if change else []
        lines.append({"pair_id": name, **files, "mask_kinds": "bits", "changes": changes})
    (folder / "torn.png").write_bytes(b"no picture")
    lines.append({"pair_id": "torn", "before": "torn.png", "after": "torn.png", "changes": []})
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "manifest.jsonl").write_text(text)
    return folder


def config(data, out, **changes):
    cfg = OmegaConf.load(CONF / "evaluate.yaml")
    del cfg.defaults, cfg.hydra
    cfg.data.path, cfg.out = str(data), str(out)
    return OmegaConf.merge(cfg, changes)


@pytest.mark.usefixtures("subtracting")
def test_a_right_answer_is_measured_as_right_and_a_bad_pair_is_reported(
    known_set, tmp_path, capsys
):
    assert program.evaluate(config(known_set, tmp_path / "out")) == 1
    report = json.loads((tmp_path / "out" / "metrics.json").read_text())
    metrics = report["metrics"]
    assert report["pairs"]["measured"] == 3
    assert "torn.png" in report["pairs"]["problems"][0]
    assert metrics["pixels"]["average_precision"] == metrics["pixels"]["f1"] == 1
    assert metrics["boxes"]["ap50"] == pytest.approx(1)
    assert metrics["kinds"]["added_or_removed_right"] == 1
    assert (metrics["pairs"]["auroc"], metrics["pairs"]["false_alarms_at_90_recall"]) == (1, 0)
    assert metrics["sets"] is None
    assert report["absent"] == {
        "labels": "no pair has boxes with labels",
        "sets": "no pair has words",
    }
    assert "not measured: no pair has words" in capsys.readouterr().out


@pytest.fixture
def worded(known_set):
    """The same set with words; two pairs that have some cannot be answered."""
    path = known_set / "manifest.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines.append({"pair_id": "gone", "before": "no.png", "after": "calm_after.png", "changes": []})
    words = {"came": ["cup"], "torn": ["car"], "gone": ["car", "man"]}
    for line in lines:
        line |= {"added_objs": words.get(line["pair_id"], []), "removed_objs": []}
        line["changed_objs"] = []
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return known_set


@pytest.mark.usefixtures("subtracting")
def test_pairs_that_failed_are_scored_as_none(worded, tmp_path, caplog):
    caplog.set_level("INFO", "spotdiff")
    assert program.evaluate(config(worded, tmp_path / "out")) == 2
    sets = json.loads((tmp_path / "out" / "metrics.json").read_text())["metrics"]["sets"]
    assert (sets["pairs"], sets["failed"]) == (5, 2)
    assert sets["f1_added"] == pytest.approx(2 / 5)  # `went` and `calm`: none said of none
    assert sets["f1"] == sets["f1_of_all_none"] == pytest.approx((2 / 5 + 1 + 1) / 3)
    assert sets["intervals"]["f1"][0] < sets["f1"] < sets["intervals"]["f1"][1]
    assert "2 pairs with true words failed and are scored as none." in caplog.text


@pytest.mark.usefixtures("subtracting")
def test_the_page_of_errors_draws_the_worst_pairs(worded, tmp_path):
    program.evaluate(config(worded, tmp_path / "out", errors=3))
    page = (tmp_path / "out" / "errors.html").read_text()
    assert (
        page.index("torn · F1 0.67") < page.index("gone · F1 0.67") < page.index("came · F1 0.67")
    )
    assert page.count("data:image/jpeg;base64,") == 1  # what failed has no picture
    assert "calm" not in page


@pytest.mark.usefixtures("subtracting")
@pytest.mark.parametrize("wanted", [0, 20])
def test_there_is_no_page_unless_it_is_wanted_and_there_are_words(
    wanted, known_set, worded, tmp_path
):
    program.evaluate(config(worded, tmp_path / "out", errors=0))
    assert not (tmp_path / "out" / "errors.html").exists()
    lines = map(json.loads, (known_set / "manifest.jsonl").read_text().splitlines())
    bare = [{k: v for k, v in line.items() if not k.endswith("_objs")} for line in lines]
    (known_set / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in bare))
    program.evaluate(config(known_set, tmp_path / "bare", errors=wanted))
    assert not (tmp_path / "bare" / "errors.html").exists()


@pytest.mark.usefixtures("subtracting")
def test_every_second_pair_can_be_measured(known_set, tmp_path):
    assert program.evaluate(config(known_set, tmp_path / "out", stride=2)) == 0
    report = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert report["metrics"]["pairs"]["changed_pairs"] == 1
    assert report["metrics"]["pairs"]["unchanged_pairs"] == 1


@pytest.mark.usefixtures("subtracting")
def test_a_mask_of_another_size_is_a_problem_that_names_it(known_set, tmp_path):
    cv2.imwrite(str(known_set / "came_mask.png"), np.zeros((5, 5), np.uint8))
    assert program.evaluate(config(known_set, tmp_path / "out")) == 2
    problems = json.loads((tmp_path / "out" / "metrics.json").read_text())["pairs"]["problems"]
    assert "came_mask.png" in problems[0]
    assert "(24, 32)" in problems[0]


@pytest.mark.usefixtures("subtracting")
def test_pairs_without_truth_are_refused(known_set, tmp_path):
    for name in ("came_mask.png", "manifest.jsonl"):
        (known_set / name).unlink()
    lone = tmp_path / "lone"
    for view in ("before", "after"):
        (lone / view).mkdir(parents=True)
        (known_set / f"came_{view}.png").rename(lone / view / "came.png")
    with pytest.raises(ValueError, match="Expected pairs with masks, boxes or words"):
        program.evaluate(config(lone, tmp_path / "out"))


@pytest.mark.usefixtures("subtracting")
def test_the_command_takes_data_as_a_path(known_set, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)  # an earlier command leaves it
    with pytest.raises(SystemExit) as ended:
        enter(program.evaluate, "evaluate", [f"data={known_set}", "out=measured"])
    assert ended.value.code == 1
    assert (tmp_path / "measured" / "metrics.json").is_file()


@pytest.mark.usefixtures("subtracting")
def test_a_missing_folder_gets_one_line(known_set, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)  # an earlier command leaves it
    with pytest.raises(SystemExit) as ended:
        enter(program.evaluate, "evaluate", [f"data={tmp_path / 'sett'}"])
    assert ended.value.code == 64
    assert f"Did you mean {known_set}?" in capsys.readouterr().err


@pytest.mark.usefixtures("subtracting")
def test_real_boxes_can_be_measured(real_data, tmp_path):
    cfg = config(real_data / "sbi_pairs", tmp_path / "out", stride=100)
    assert program.evaluate(cfg) == 0
    report = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert report["pairs"]["measured"] == math.ceil(305 / 100)
    assert sorted(report["absent"]) == ["pixels"]  # all boxes have names, which are words
    assert 0 <= report["metrics"]["boxes"]["centre_ap"] <= 1
