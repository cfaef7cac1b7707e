"""Pairs that are written and read again are the same pairs."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from spotdiff.data.manifests import read_manifest
from spotdiff.data.pair_cells import pair_cells
from spotdiff.types import ChangeKind, LabelSets, PairRow, RowProblem, TrueChange
from tests.fakes import noise, write_image


@pytest.fixture
def row(tmp_path):
    paths = [tmp_path / "photos" / name for name in ("b.png", "a.png", "m.png")]
    for path in paths:
        write_image(path, noise(1))
    return PairRow("street/7", paths[0], paths[1]), paths[2]


def again(row, tmp_path):
    table = tmp_path / "elsewhere" / "kept.jsonl"
    table.parent.mkdir()
    table.write_text(json.dumps(pair_cells(row)) + "\n")
    (found,) = read_manifest(table)
    return found


def test_a_bare_pair_comes_back(row, tmp_path):
    bare, _ = row
    assert replace(again(bare, tmp_path), where="") == bare


@pytest.mark.parametrize(
    "codes", [None, tuple((v, v) for v in range(1, 256)), ((255, 4), (170, 128), (9, 8), (1, 1))]
)
def test_all_that_is_known_comes_back(row, tmp_path, codes):
    bare, mask = row
    changes = (
        TrueChange(ChangeKind.ADDED, "car", None, (1.0, 2.0, 3.5, 4.0)),
        TrueChange(None, None, (0.0, 0.0, 2.0, 2.0), (0.0, 0.0, 2.0, 2.0)),
    )
    full = replace(
        bare,
        labels=LabelSets(("car", "traffic cone"), (), ("man",)),
        changes=changes,
        mask=mask,
        mask_codes=codes,
        captions=("a street", ""),
        outside="unchanged",
    )
    assert replace(again(full, tmp_path), where="") == full


def test_paths_hold_from_any_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    cells = pair_cells(PairRow("7", Path("b.png"), Path("a.png")))
    assert cells["before"] == str(tmp_path / "b.png")


def test_a_problem_is_one_again(tmp_path):
    problem = RowProblem("7", "t.csv row 2", "no after", tmp_path / "b.png", labels=LabelSets())
    found = again(problem, tmp_path)
    assert isinstance(found, RowProblem)
    assert (found.pair_id, found.before, found.labels) == ("7", tmp_path / "b.png", LabelSets())
