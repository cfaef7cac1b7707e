"""The deduplication program: who stays, who does not, and nothing is lost."""

import json
import shutil

import pyarrow.parquet as pq
import pytest

from tests.fakes import noise, write_image


@pytest.fixture
def photos(tmp_path):
    """Two pictures, a copy of the first, and what is no picture."""
    folder = tmp_path / "photos"
    for name, seed in (("a.png", 1), ("b.png", 2)):
        write_image(folder / name, noise(seed, 120, 160))
    shutil.copy(folder / "a.png", folder / "c.png")
    (folder / "torn.png").write_bytes((folder / "a.png").read_bytes()[:99])
    return folder


def kept(out) -> list[str]:
    lines = (out / "kept.jsonl").read_text().splitlines()
    return [json.loads(line)["images"][0].rsplit("/", 1)[-1] for line in lines]


def test_a_folder_is_told_apart_and_nothing_is_touched(program, photos, tmp_path, capsys):
    before = sorted(path.name for path in photos.iterdir())
    assert program("deduplicate", "images=photos", "out=run", "show_num=1") == 1  # a torn one
    assert kept(tmp_path / "run") == ["a.png", "b.png", "torn.png"]
    groups = pq.read_table(tmp_path / "run" / "groups.parquet").to_pylist()
    assert [row["kept"] for row in groups] == [0, 1, 0, 3]
    assert "torn.png" in groups[3]["problem"]
    traced = json.loads((tmp_path / "run" / "traced.jsonl").read_text())
    assert traced["dup1"]["images"][0].endswith("a.png")
    assert traced["dup2"]["images"][0].endswith("c.png")
    assert sorted(path.name for path in photos.iterdir()) == before
    told = capsys.readouterr().err
    assert "4 rows: 3 stay, 1 show what another one shows, in 1 group; 1 image could not" in told


def test_a_move_is_planned_before_it_is_made(program, photos, tmp_path):
    words = ["images=photos", "out=run", "action=move", "target=double"]
    assert program("deduplicate", *words) == 1
    assert not (tmp_path / "double").exists()
    assert (photos / "c.png").exists()
    plan = [json.loads(line) for line in (tmp_path / "run" / "plan.jsonl").read_text().splitlines()]
    assert [step["source"].rsplit("/", 1)[-1] for step in plan] == ["c.png"]
    assert program("deduplicate", *words, "dry_run=false") == 1
    assert (tmp_path / "double" / "c.png").is_file()
    assert sorted(path.name for path in photos.iterdir()) == ["a.png", "b.png", "torn.png"]


@pytest.mark.usefixtures("photos")
def test_what_stays_is_copied(program, tmp_path):
    words = ["images=photos", "out=run", "action=copy", "target=clean", "dry_run=false"]
    assert program("deduplicate", *words) == 1
    assert sorted(p.name for p in (tmp_path / "clean").iterdir()) == ["a.png", "b.png", "torn.png"]


@pytest.mark.parametrize("keep", ["first", "largest"])
def test_what_another_collection_has_does_not_stay(program, photos, tmp_path, keep, capsys):
    new = tmp_path / "new"
    write_image(new / "d.png", noise(3, 120, 160))
    shutil.copy(photos / "b.png", new / "e.png")
    words = ["images=new", "against=photos", f"keep={keep}", "out=run"]
    assert program("deduplicate", *words) == 1
    assert kept(tmp_path / "run") == ["d.png"]
    assert "1 of 2 rows are in the other collection already." in capsys.readouterr().err


def test_what_a_store_has_does_not_stay(program, photos, tmp_path, capsys):
    (photos / "torn.png").unlink()
    assert program("deduplicate", "images=photos", "store=kept", "out=first") == 0
    write_image(tmp_path / "new" / "d.png", noise(3, 120, 160))
    shutil.copy(photos / "b.png", tmp_path / "new" / "e.png")
    words = ["images=new", "store=kept", "contact_sheet=true"]
    for out in ("second", "again"):
        assert program("deduplicate", *words, f"out={out}") == 0
        assert kept(tmp_path / out) == ["d.png"]
        assert "1 of 2 rows are in the store already." in capsys.readouterr().err
    groups = pq.read_table(tmp_path / "again" / "groups.parquet").to_pylist()
    assert [(row["kept"], row["distance"]) for row in groups] == [(0, 0), (None, None)]
    assert program("deduplicate", "images=photos", "store=kept", "method=ahash", "out=third") == 64
    assert "Expected hashes of method=ahash" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["images=nowhere"], "nowhere does not exist"),
        (["images=void"], "Expected images in void, found none"),
        (["images=photos", "method=md5"], "Expected method to be one of phash, "),
        (["images=photos", "max_distance=70"], "from 0 to 64, got 70"),
        (["images=photos", "action=delete"], "Expected action to be one of report, copy, "),
        (["images=photos", "keep=best"], "best"),
        (["images=photos", "compat=imagededup"], "Expected compat to be data-juicer or null"),
        (["images=photos", "engine=spark"], "Expected engine to be local or ray, got 'spark'"),
        ([], "Expected a value for images"),
    ],
)
@pytest.mark.usefixtures("photos")
def test_what_cannot_be_is_one_sentence(program, words, message, tmp_path, capsys):
    (tmp_path / "void").mkdir()
    assert program("deduplicate", *words, "out=run") == 64
    assert message in capsys.readouterr().err
