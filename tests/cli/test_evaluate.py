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
from spotdiff.cli.measures import is_changed, matched
from spotdiff.cli.scoreboard import Part, Scoreboard
from spotdiff.labels import Vocabulary
from spotdiff.pipeline import PairPipeline
from spotdiff.stages.decision import HeatmapDecision, MapComparer
from spotdiff.training.checkpoint import Checkpoint
from spotdiff.training.scores import Places
from spotdiff.types import (
    IGNORE,
    Alignment,
    Change,
    ChangeKind,
    ChangeMap,
    LabelSets,
    ModelInfo,
    PairResult,
    Thresholds,
    TrueChange,
    Truth,
    ViewInfo,
)

CONF = Path(__file__).resolve().parents[2] / "conf"
ADDED, REMOVED, CHANGED = ChangeKind


def answer(heat=None, changes=(), score=0.9, labels=None, alignment=None):
    heat = np.zeros((3, 8, 10), np.float32) if heat is None else heat
    none = np.zeros((0, 1, 1), np.float32)
    seen = ChangeMap(heat, np.zeros(3, np.float32), np.zeros((3, 0), np.float32), none, none)
    view = ViewInfo("view.png", 10, 8)
    return PairResult(
        "pair",
        view,
        view,
        change_score=score,
        changes=tuple(changes),
        labels=labels,
        alignment=alignment,
        change_map=seen,
    )


def board_of(*pairs, min_heat=0.5, margin=0.0):
    board = Scoreboard(min_heat, margin)
    for result, truth in pairs:
        board.take(result, truth)
    return {part.name: part for part in board.parts()}


def added(box, score=0.9):
    return Change(ADDED, score, None, None, box)


def truly_added(box):
    return TrueChange(ADDED, None, None, box)


def test_pixels_are_scored_by_their_strongest_kind_and_at_the_calibrated_threshold():
    heat = np.zeros((3, 1, 4), np.float32)
    heat[0, 0], heat[1, 0] = [0.8, 0.1, 0.0, 0.0], [0.0, 0.6, 0.0, 0.3]
    mask = np.array([[1, 0, 0, 2]], np.uint8)
    values = board_of((answer(heat), Truth(mask=mask)))["pixels"].values
    # best first: right, wrong, right -> half of the truth at 1, half at 2 / 3
    assert values["average_precision"] == pytest.approx((1 + 2 / 3) / 2)
    assert values["best_f1"] == pytest.approx(0.8)
    assert values["precision"] == values["recall"] == values["f1"] == pytest.approx(0.5)


def test_pixels_that_nobody_knows_are_neither_right_nor_wrong():
    heat = np.zeros((3, 1, 3), np.float32)
    heat[0, 0] = [0.9, 0.9, 0.1]
    mask = np.array([[1, IGNORE, 0]], np.uint8)
    values = board_of((answer(heat), Truth(mask=mask)))["pixels"].values
    assert values["average_precision"] == values["f1"] == 1


def test_boxes_are_scored_as_reported_and_as_ranked():
    found = answer(changes=[added((0, 0, 4, 4), 0.9), added((6, 6, 8, 8), 0.4)])
    truth = Truth(changes=(truly_added((0, 0, 4, 4)),))
    values = board_of((found, truth))["boxes"].values
    assert values["ap50"] == values["ap50_added"] == values["centre_ap"] == pytest.approx(1)
    assert values["ap50_removed"] is None
    assert (values["precision"], values["recall"]) == (0.5, 1)
    assert values["f1"] == pytest.approx(2 / 3)


def test_a_margin_lets_tight_boxes_reach_generous_ones():
    pair = (answer(changes=[added((4, 4, 6, 6))]), Truth(changes=(truly_added((2, 2, 8, 8)),)))
    assert board_of(pair)["boxes"].values["recall"] == 0
    assert board_of(pair, margin=2)["boxes"].values["recall"] == 1
    assert board_of(pair)["boxes"].values["centre_ap"] == pytest.approx(1)


def test_boxes_of_before_are_compared_in_the_frame_of_after():
    halved = Alignment("resize", ((0.5, 0, 0), (0, 0.5, 0), (0, 0, 1)))
    found = Change(CHANGED, 0.9, None, (4, 4, 12, 12), (2, 2, 6, 6))  # one place, seen twice
    truth = Truth(changes=(TrueChange(CHANGED, None, (4, 4, 12, 12), (2, 2, 6, 6)),))
    values = board_of((answer(changes=[found], alignment=halved), truth))["boxes"].values
    assert values["precision"] == values["recall"] == 1
    assert board_of((answer(changes=[found]), truth))["boxes"].values["ap50"] == pytest.approx(1)


def test_kinds_of_found_boxes_are_told_apart():
    found = answer(
        changes=[
            added((0, 0, 4, 4)),
            added((5, 0, 9, 4)),
            Change(REMOVED, 0.8, None, (0, 5, 4, 8), None),
        ]
    )
    truth = Truth(
        changes=(
            truly_added((0, 0, 4, 4)),
            TrueChange(REMOVED, None, (5, 0, 9, 4), None),
            TrueChange(CHANGED, None, (0, 5, 4, 8), (0, 5, 4, 8)),
        )
    )
    values = board_of((found, truth))["kinds"].values
    assert values["right"] == pytest.approx(1 / 3)
    assert values["added_or_removed_right"] == 0.5
    assert (values["removed_as_added"], values["changed_as_removed"]) == (1, 1)


def test_boxes_of_unknown_kind_count_as_boxes_but_say_nothing_of_kinds():
    truth = Truth(changes=(TrueChange(None, None, (0, 0, 4, 4), (0, 0, 4, 4)),))
    parts = board_of((answer(changes=[added((0, 0, 4, 4))]), truth))
    assert parts["boxes"].values["ap50"] == pytest.approx(1)
    assert parts["kinds"] == Part("kinds", "boxes whose kind is known", 0, {})


def test_pairs_need_both_changed_and_unchanged_ones():
    changed, unchanged = Truth(changes=(truly_added((0, 0, 1, 1)),)), Truth(changes=())
    alone = board_of((answer(score=0.7), changed))["pairs"].values
    assert alone["auroc"] is None
    assert alone["false_alarms_at_90_recall"] is None
    both = board_of((answer(score=0.7), changed), (answer(score=0.8), unchanged))["pairs"].values
    assert (both["auroc"], both["false_alarms_at_90_recall"]) == (0, 1)


def test_word_sets_stand_beside_what_silence_scores():
    truth = Truth(labels=LabelSets(added=("car", "person")))
    values = board_of((answer(labels=LabelSets(added=("car",))), truth))["sets"].values
    assert values["f1_added"] == pytest.approx(2 / 3)
    assert values["f1"] == pytest.approx((2 / 3 + 1 + 1) / 3)
    assert values["f1_of_all_none"] == pytest.approx(2 / 3)


def test_a_part_without_its_truth_has_no_values():
    parts = board_of((answer(), Truth(labels=LabelSets())))
    assert [name for name, part in parts.items() if part.pairs] == ["pairs", "sets"]
    assert parts["pixels"].values == parts["boxes"].values == {}


def test_a_pair_is_changed_as_its_best_truth_says():
    block = np.array([[0, 4]], np.uint8)
    assert is_changed(Truth(mask=block)) is True
    assert is_changed(Truth(mask=block * 0, changes=(truly_added((0, 0, 1, 1)),))) is False
    assert is_changed(Truth(mask=np.full((1, 2), IGNORE, np.uint8))) is None
    assert is_changed(Truth(labels=LabelSets(changed=("car",)))) is True
    assert is_changed(Truth(changes=())) is False
    assert is_changed(Truth()) is None


def test_each_true_box_is_matched_once_and_by_the_best_first():
    boxes = np.array([[0, 0, 4, 4], [0, 0, 4, 5], [20, 20, 24, 24]], np.float32)
    kinds, true = np.zeros(3, np.int64), boxes[:1]
    evidence = Places(boxes, np.array([0.5, 0.9, 0.8], np.float32), kinds, true, kinds[:1])
    assert matched(evidence).tolist() == [[1, 0]]
    nothing = Places(boxes[:0], np.zeros(0, np.float32), kinds[:0], true, kinds[:1])
    assert matched(nothing).shape == (0, 2)


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
    assert report["absent"] == {"sets": "no pair has words"}
    assert "not measured: no pair has words" in capsys.readouterr().out


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
    assert sorted(report["absent"]) == ["pixels", "sets"]
    assert 0 <= report["metrics"]["boxes"]["centre_ap"] <= 1
