"""Suites as a program: the model beside other methods, tables and a file out."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.fakes import run_program, write_image

BOX = [20, 10, 60, 40]
OURS = "spotdiff tiny"


@pytest.fixture
def table(tmp_path):
    """Two pairs: a white block came, nothing happened."""
    dark = np.random.default_rng(0).integers(20, 40, (64, 96, 3)).astype(np.uint8)
    block = dark.copy()
    block[10:40, 20:60] = 250
    rows = []
    for name, after, changes in (("came", block, [BOX]), ("calm", dark, [])):
        write_image(tmp_path / f"{name}_before.png", dark)
        write_image(tmp_path / f"{name}_after.png", after)
        files = {view: f"{name}_{view}.png" for view in ("before", "after")}
        known = [{"kind": "added", "label": "car", "box_after": box} for box in changes]
        rows.append({"pair_id": name, **files, "changes": known})
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def network(tmp_path):
    """Another network: `FILE.py:CLASS` and its weights."""
    import torch

    (tmp_path / "net.py").write_text(
        "import torch\n\n\nclass Differs(torch.nn.Module):\n"
        "    def forward(self, before, after):\n"
        "        return 20 * (after - before).abs().mean(dim=1, keepdim=True) - 10\n"
    )
    torch.save({}, tmp_path / "net.pt")
    target = "spotdiff.evaluation.network_file.NetworkFile"
    return [
        "~methods.pixel_difference",
        "~methods.ssim",
        "~methods.patch_tokens",
        f"+methods.other._target_={target}",
        f"+methods.other.target={tmp_path / 'net.py'}:Differs",
        f"+methods.other.weights={tmp_path / 'net.pt'}",
    ]


def run(folder: Path, checkpoint: Path, *arguments: str) -> dict:
    settings = (f"ckpt={checkpoint}", "device=cpu", "out=measured")
    code = run_program(folder, "evaluate", *settings, *arguments)
    assert code == 0
    return json.loads((folder / "measured" / "metrics.json").read_text())


def test_pairs_are_measured_by_the_model_and_by_another_network(
    table, network, tiny_checkpoint, tmp_path, capsys
):
    record = run(tmp_path, tiny_checkpoint, "suite=pairs", f"data={table}", *network)
    assert next(iter(record["metrics"])) == "other"
    assert record["metrics"]["other"]["best_points"]["ap50"]["value"] == pytest.approx(1)
    ours = record["metrics"][list(record["metrics"])[1]]
    assert {"boxes", "sizes", "kinds", "labels", "pairs", "swap"} <= set(ours)
    assert record["pairs"] == {"measured": 2, "problems": []}
    assert record["suite_settings"]["_target_"] == "spotdiff.evaluation.pair_suite.PairSuite"
    page = (tmp_path / "measured" / "tables.md").read_text()
    assert "### Boxes" in page
    assert page in capsys.readouterr().out


def test_photographs_are_measured_under_nuisances(tiny_checkpoint, network, tmp_path):
    from spotdiff.data.photographs import bundled_photographs

    photos = tmp_path / "photos"
    photos.mkdir()
    for path in bundled_photographs()[:2]:
        (photos / path.name).symlink_to(path)
    small = ["suite.pairs.max_side=64", "suite.seeds=1", "+suite.shifts=[2]", "+suite.degrees=[]"]
    record = run(
        tmp_path, tiny_checkpoint, "suite=nuisance", f"data={photos}", "limit=1", *small,
        "+suite.scales=[]", *network,
    )  # fmt: skip
    assert record["pairs"]["measured"] == 2 * 9
    assert record["metrics"]["other"]["pair score"]["nothing"] == [0]


def test_a_suite_that_is_not_there_is_named(tmp_path, capsys):
    assert run_program(tmp_path, "evaluate", "suite=sbj", f"data={tmp_path}") == 64
    assert "There is no suite 'sbj'. Did you mean 'sbi'?" in capsys.readouterr().err


def test_a_suite_without_any_pair_is_refused(table, tiny_checkpoint, network, tmp_path, capsys):
    for name in ("came", "calm"):
        (tmp_path / f"{name}_after.png").write_bytes(b"no picture")
    arguments = (f"ckpt={tiny_checkpoint}", "suite=pairs", f"data={table}", *network)
    assert run_program(tmp_path, "evaluate", *arguments) == 64
    assert "Expected pairs that can be measured" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("suite", "folder"), [("sbi", "sbi_pairs"), ("deeppcb", "deeppcb_trainval")]
)
def test_real_pairs_are_measured(real_data, network, tiny_checkpoint, tmp_path, suite, folder):
    data = real_data / folder
    record = run(tmp_path, tiny_checkpoint, f"suite={suite}", f"data={data}", "limit=2", *network)
    assert record["pairs"]["measured"] in (2, 3, 4)
    assert 0 <= record["metrics"]["other"]["best_points"]["centre_ap"]["value"] <= 1


def test_captions_are_measured_without_any_model(tmp_path, capsys):
    known = {"pair_id": "demo", "references": ["a coin was moved", "something brown moved"]}
    (tmp_path / "references.jsonl").write_text(json.dumps(known) + "\n")
    view = {"path": "x.png", "width": 1, "height": 1, "sha256": "0" * 64}
    told = {"pair_id": "demo", "status": "ok", "reason": None, "before": view, "after": view}
    told |= {"change_score": 1.0, "changes": [], "labels": None, "heatmap": None}
    told |= {"alignment": None, "model": None, "caption": "Something brown moved."}
    (tmp_path / "predictions.jsonl").write_text(json.dumps(told) + "\n")
    asked = ("suite=captions", "data=references.jsonl", "out=measured")
    assert run_program(tmp_path, "evaluate", *asked, "predictions=predictions.jsonl") == 0
    record = json.loads((tmp_path / "measured" / "metrics.json").read_text())
    assert record["metrics"]["predictions.jsonl"]["rouge_l"] == 1
    assert record["metrics"]["predictions.jsonl"]["cider_d"] is None
    assert record["pairs"] == {"measured": 1, "problems": []}
    assert "model" not in record
    assert "### Captions" in capsys.readouterr().out
    assert run_program(tmp_path, "evaluate", *asked) == 64
    assert "Expected predictions=OUT/predictions.jsonl" in capsys.readouterr().err
    assert run_program(tmp_path, "evaluate", *asked, "predictions=absent.jsonl") == 64
    assert capsys.readouterr().err.strip().count("\n") == 0
