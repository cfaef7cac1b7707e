"""Names of regions trained as a user trains them: from lists and from boxes, twice, and used."""

from __future__ import annotations

import json
import shutil

import cv2
import numpy as np
import pytest

from spotdiff.training.checkpoint import read
from tests.fakes import noise, run_program, write_image

QUICK = (
    "trainer.max_epochs=2",
    "~callbacks.progress",
    "+trainer.enable_progress_bar=false",
    "logger=none",
    "regions.head.width=4",
    "data.folds=2",
)


@pytest.fixture(scope="module")
def boards(tmp_path_factory):
    """Ten boards with a dot (pin-hole) or a bar (short), in the folders of the published set."""
    root = tmp_path_factory.mktemp("boards") / "PCBData"
    lines = []
    for i in range(10):
        before = np.full((96, 128, 3), 255, np.uint8)
        before[20:70:10] = 0
        after = before.copy()
        box = (30, 28, 60, 60) if i % 2 else (70, 30, 100, 60)
        if i % 2:
            cv2.rectangle(after, (40, 38), (50, 50), (0, 0, 0), -1)
        else:
            cv2.circle(after, (85, 45), 6, (128, 128, 128), -1)
        folder = root / "group1" / "1"
        template = before if i else cv2.resize(before, (120, 90))  # another camera
        write_image(folder / f"{i:03d}_temp.jpg", template)
        write_image(folder / f"{i:03d}_test.jpg", after)
        text = root / "group1" / "1_not" / f"{i:03d}.txt"
        text.parent.mkdir(parents=True, exist_ok=True)
        text.write_text(" ".join(map(str, (*box, 2 if i % 2 else 6))) + "\n")
        lines.append(f"group1/1/{i:03d}.jpg group1/1_not/{i:03d}.txt")
    (root / "trainval.txt").write_text("\n".join(lines) + "\n")
    return root.parent


@pytest.mark.parametrize("experiment", ["deeppcb_weak", "deeppcb"])
def test_a_fold_gives_a_model_that_names_and_figures_of_what_was_held_out(
    tmp_path, boards, tiny_checkpoint, experiment
):
    run = [
        f"experiment={experiment}",
        f"data.root={boards}",
        f"regions.base={tiny_checkpoint}",
        "regions.min_heat=0.02",
        "hydra.run.dir=run",
        *QUICK,
    ]
    assert run_program(tmp_path, "train", *run) == 0
    values = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert {"map50", "image_f1", "deeppcb_map", "deeppcb_f", "ap50"} <= values.keys()
    model = read(tmp_path / "run" / "model.ckpt")
    assert model.vocabulary.labels == ("pin-hole", "short")
    assert model.network().regions.vocabulary == ("pin-hole", "short")
    cached = list((tmp_path / "outputs" / "regions").glob("*.npz"))
    assert len(cached) == 1
    before = cached[0].stat().st_mtime_ns
    assert run_program(tmp_path, "train", *run) == 0
    assert cached[0].stat().st_mtime_ns == before
    assert json.loads((tmp_path / "run" / "metrics.json").read_text()) == values
    ask = ["ckpt=run/model.ckpt", f"pairs={boards}", "out=said", "device=cpu", "min_score=0"]
    assert run_program(tmp_path, "predict", *ask) == 0
    said = [json.loads(line) for line in (tmp_path / "said" / "predictions.jsonl").open()]
    names = {change["label"] for record in said for change in record["changes"]}
    assert len(said) == 10
    assert names
    assert names <= {"pin-hole", "short"}


def test_folds_that_do_not_exist_and_pairs_without_words_are_refused(
    tmp_path, boards, tiny_checkpoint, capsys
):
    common = ["experiment=deeppcb_weak", f"regions.base={tiny_checkpoint}", *QUICK]
    assert run_program(tmp_path, "train", *common, f"data.root={boards}", "data.fold=7") == 64
    assert "Expected data.fold from 0 to 1" in capsys.readouterr().err
    for view in ("before", "after"):
        for i in range(4):
            write_image(tmp_path / "plain" / view / f"{i}.png", noise(i))
    plain = [f"data.root={tmp_path / 'plain'}", "data.split=null"]
    assert run_program(tmp_path, "train", *common, *plain) == 64
    assert "Expected words or boxes with labels" in capsys.readouterr().err


def test_a_damaged_photograph_costs_its_own_pair_only(tmp_path, boards, tiny_checkpoint, capsys):
    root = shutil.copytree(boards, tmp_path / "damaged")
    victim = root / "PCBData" / "group1" / "1" / "003_test.jpg"
    victim.write_bytes(victim.read_bytes()[:200])
    run = ["experiment=deeppcb_weak", f"data.root={root}", f"regions.base={tiny_checkpoint}"]
    run += ["hydra.run.dir=run", *QUICK]
    assert run_program(tmp_path, "train", *run, "regions.min_heat=0.999") == 64
    assert "at regions.min_heat=0.999, found none" in capsys.readouterr().err
    assert run_program(tmp_path, "train", *run, "regions.min_heat=0.02") == 0
    said = capsys.readouterr().err
    assert "003_test.jpg" in said
    assert "1 pairs were left out" in said
    assert (tmp_path / "run" / "model.ckpt").is_file()
