"""Alignment as a user asks for it: in prediction, by every engine, and when a run goes on."""

import json

import pytest

from tests.fakes import blocks, noise, write_image

SHIFT = "alignment=shift"


@pytest.fixture
def folder(tmp_path):
    """One pair of a moved camera, one of two places."""
    place = blocks(0, 96, 139)
    for name, before, after in (
        ("moved", place[:, :128], place[:, 11:]),
        ("places", noise(1, 96, 128), noise(2, 96, 128)),
    ):
        write_image(tmp_path / "in" / f"{name}_1.png", before)
        write_image(tmp_path / "in" / f"{name}_2.png", after)
    return tmp_path / "in"


@pytest.fixture
def predict(program, tiny_checkpoint):
    return lambda *some: program("predict", f"ckpt={tiny_checkpoint}", "device=cpu", *some)


def records(out):
    lines = (out / "predictions.jsonl").read_text().splitlines()
    return {record["pair_id"]: record for record in map(json.loads, lines)}


def test_a_run_says_which_pairs_were_laid_and_how_many_could_not_be(
    predict, folder, tmp_path, capsys
):
    assert predict(f"pairs={folder}", "out=run", SHIFT) == 0
    told = capsys.readouterr().err
    assert told.count("places: compared without alignment: ") == 1
    assert "1 pairs could not be aligned" in told
    found = {name: r["alignment"] for name, r in records(tmp_path / "run").items()}
    assert found["moved"]["registration"]["accepted"]
    assert found["moved"]["matrix"][0][2] == pytest.approx(-11, abs=0.2)
    assert found["places"]["registration"]["reason"]
    assert found["places"]["matrix"] == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_without_alignment_records_tell_of_none(predict, folder, tmp_path):
    assert predict(f"pairs={folder}", "out=run", "alignment=none") == 0
    assert all(r["alignment"] is None for r in records(tmp_path / "run").values())


def test_answers_of_another_alignment_are_not_taken_up(predict, folder, capsys):
    assert predict(f"pairs={folder}", "out=run") == 0
    assert predict(f"pairs={folder}", "out=run", SHIFT) == 0
    capsys.readouterr()
    assert predict(f"pairs={folder}", "out=run", "alignment=none") == 64
    assert "alignment differ" in capsys.readouterr().err


def test_the_lightning_loop_lays_views_as_the_local_engine_does(predict, folder, tmp_path):
    assert predict(f"pairs={folder}", "out=local", SHIFT) == 0
    assert predict(f"pairs={folder}", "out=loop", SHIFT, "trainer=default") == 0
    assert records(tmp_path / "loop") == records(tmp_path / "local")


def test_difference_areas_lie_where_both_views_show_them(predict, folder, tmp_path):
    areas = ("experiment=areas", "areas=operator", "areas.min_area=0", "engine=local")
    assert predict(f"pairs={folder}", "out=run", SHIFT, *areas) == 0
    moved = records(tmp_path / "run")["moved"]
    assert moved["alignment"]["registration"]["accepted"]
    assert moved["alignment"]["method"] == "fit"
    assert all(c["box_after"][2] <= 118 for c in moved["changes"] if c["box_after"])
    assert all(c["box_before"][0] >= 10 for c in moved["changes"] if c["box_before"])
