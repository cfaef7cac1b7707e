"""Prediction as a user starts it: records, resuming, bad pictures, exit codes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from spotdiff.cli import predict as module
from spotdiff.data.sources import open_source
from spotdiff.pipeline import PairPipeline
from tests.fakes import VOCABULARY, noise, write_image

COUNT = 8


@pytest.fixture
def folder(tmp_path) -> Path:
    """Pairs as JPEG siblings."""
    for i in range(COUNT):
        for view in (1, 2):
            write_image(tmp_path / "in" / f"p{i}_{view}.jpg", noise(10 * i + view, 32, 48))
    return tmp_path / "in"


@pytest.fixture
def predict(program, tiny_checkpoint) -> Callable[..., int]:
    def run(*arguments: str) -> int:
        return program("predict", f"ckpt={tiny_checkpoint}", "device=cpu", *arguments)

    return run


@pytest.fixture
def answered(monkeypatch) -> list[str]:
    """The ids of the pairs that a network looked at, as they come."""
    ids: list[str] = []
    decided = PairPipeline._told

    def noted(self, read, *rest):
        ids.append(read.result.pair_id)
        return decided(self, read, *rest)

    monkeypatch.setattr(PairPipeline, "_told", noted)
    return ids


def _records(out: Path) -> dict[str, dict]:
    lines = (out / "predictions.jsonl").read_text().splitlines()
    records = {record["pair_id"]: record for record in map(json.loads, lines)}
    assert len(records) == len(lines)
    return records


def test_a_single_pair_gives_a_table_a_record_and_a_picture(predict, tmp_path, capsys):
    paths = [
        write_image(tmp_path / f"{n}.png", noise(i)) for i, n in enumerate(("before", "after"))
    ]
    assert predict(f"before={paths[0]}", f"after={paths[1]}", "out=run") == 0
    told = capsys.readouterr().err
    assert "probability of a change" in told
    assert "Picture: run/overlays/" in told
    (record,) = _records(tmp_path / "run").values()
    assert record["caption"] in " ".join(told.split())
    assert record["captioner"]["name"] == "template"
    assert all(change["caption"].endswith(".") for change in record["changes"])
    assert record["status"] == "ok"
    assert (record["before"]["width"], record["before"]["height"]) == (96, 64)
    assert {change["label"] for change in record["changes"]} <= {*VOCABULARY.words, None}
    assert len(list((tmp_path / "run" / "overlays").glob("*.png"))) == 1


def test_equal_pictures_have_no_change(predict, tmp_path):
    path = write_image(tmp_path / "same.png", noise(0))
    assert predict(f"before={path}", f"after={path}", "out=run") == 0
    (record,) = _records(tmp_path / "run").values()
    assert record["changes"] == []
    assert record["change_score"] < 0.03


def test_a_truncated_jpeg_is_a_record_with_its_reason_and_the_rest_is_answered(
    predict, folder, tmp_path, capsys
):
    broken = folder / "p3_2.jpg"
    broken.write_bytes(broken.read_bytes()[:200])
    assert predict(f"pairs={folder}", "out=run") == 1
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith(f"{COUNT - 1} pairs answered: ")
    assert "1 failed" in last
    assert "run/predictions.jsonl" in last
    records = _records(tmp_path / "run")
    assert len(records) == COUNT
    assert records["p3"]["status"] == "error"
    assert "p3_2.jpg" in records["p3"]["reason"]
    assert records["p3"]["changes"] == []
    assert all(r["status"] == "ok" for name, r in records.items() if name != "p3")


def test_a_missing_partner_is_a_record_too(predict, folder, tmp_path):
    (folder / "p5_2.jpg").unlink()
    assert predict(f"pairs={folder}", "out=run") == 1
    records = _records(tmp_path / "run")
    assert len(records) == COUNT
    assert sum(r["status"] == "error" for r in records.values()) == 1


def test_an_error_is_tried_again_and_an_answer_takes_its_place(predict, folder, tmp_path, answered):
    whole = (folder / "p3_2.jpg").read_bytes()
    (folder / "p3_2.jpg").write_bytes(whole[:200])
    assert predict(f"pairs={folder}", "out=run") == 1
    answered.clear()
    (folder / "p3_2.jpg").write_bytes(whole)
    assert predict(f"pairs={folder}", "out=run") == 0
    assert answered == ["p3"]
    assert _records(tmp_path / "run")["p3"]["status"] == "ok"


def test_a_run_that_was_killed_goes_on_where_it_stopped(
    predict, folder, tmp_path, answered, monkeypatch
):
    def killed(*arguments, **options):
        rows = list(open_source(*arguments, **options))
        yield from rows[:-1]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "open_source", killed)
        with pytest.raises(KeyboardInterrupt):
            predict(f"pairs={folder}", "out=run")
    first = list(answered)
    assert 0 < len(first) < COUNT
    with (tmp_path / "run" / "predictions.jsonl").open("a") as file:
        file.write('{"pair_id": "p7", "stat')  # the line that it was writing
    answered.clear()
    assert predict(f"pairs={folder}", "out=run") == 0
    assert not set(first) & set(answered)
    assert sorted(first + answered) == [f"p{i}" for i in range(COUNT)]
    assert len(_records(tmp_path / "run")) == COUNT


def test_a_second_run_answers_nothing_and_changes_nothing(predict, folder, tmp_path, answered):
    assert predict(f"pairs={folder}", "out=run") == 0
    before = (tmp_path / "run" / "predictions.jsonl").read_bytes()
    answered.clear()
    assert predict(f"pairs={folder}", "out=run") == 0
    assert answered == []
    assert (tmp_path / "run" / "predictions.jsonl").read_bytes() == before


def test_a_picture_that_changed_is_answered_again(predict, folder, answered):
    predict(f"pairs={folder}", "out=run")
    answered.clear()
    write_image(folder / "p2_1.jpg", noise(999, 32, 48))
    assert predict(f"pairs={folder}", "out=run") == 0
    assert answered == ["p2"]


@pytest.mark.parametrize(
    "setting", ["min_heat=0.7", "flip=true", "max_side=64", "heatmaps=true", "captioner=none"]
)
def test_other_settings_are_refused_in_the_same_folder(predict, folder, capsys, setting):
    assert predict(f"pairs={folder}", "out=run") == 0
    capsys.readouterr()
    assert predict(f"pairs={folder}", "out=run", setting) == 64
    error = capsys.readouterr().err.strip()
    assert "\n" not in error
    assert setting.split("=")[0] in error
    assert "out=" in error


def test_nobody_says_what_changed_unless_asked(predict, folder, tmp_path):
    assert predict(f"pairs={folder}", "out=run", "captioner=none") == 0
    records = _records(tmp_path / "run").values()
    assert {(record["caption"], record["captioner"]) for record in records} == {(None, None)}
    assert {c["caption"] for record in records for c in record["changes"]} == {None}


def test_batches_give_the_answers_of_single_pairs(predict, folder, tmp_path):
    predict(f"pairs={folder}", "out=one")
    predict(f"pairs={folder}", "out=many", "batch_size=3", "readers=1")
    one, many = _records(tmp_path / "one"), _records(tmp_path / "many")
    assert list(one) == list(many)
    for name, record in one.items():
        assert many[name]["change_score"] == pytest.approx(record["change_score"], abs=2e-3)


def test_every_form_of_output_can_be_asked_for(predict, folder, tmp_path):
    wanted = ["writer=[submission,coco]", "heatmaps=true", "overlays=true"]
    assert predict(f"pairs={folder}", "out=run", *wanted) == 0
    out = tmp_path / "run"
    assert len((out / "submission.csv").read_text().splitlines()) == COUNT + 1
    assert len(json.loads((out / "coco.json").read_text())["images"]) == 2 * COUNT
    assert len(list((out / "heatmaps").glob("*.png"))) == COUNT
    assert len(list((out / "overlays").glob("*.png"))) == COUNT
    assert all((out / r["heatmap"]).is_file() for r in _records(out).values())


def _table_of(folder: Path, names: list[str]) -> str:
    """A table of these pairs, without words; their pictures are moved to where it finds them."""
    folder.rename(folder.parent / "images")
    (folder.parent / "test.csv").write_text("".join(f"{name}\n" for name in ("img_id", *names)))
    return "pairs=test.csv"


def test_the_submission_says_what_failed_and_keeps_the_order_of_the_table(
    predict, folder, tmp_path, capsys
):
    names = [f"p{i}" for i in reversed(range(COUNT))]
    broken = {name: folder / f"{name}_1.jpg" for name in ("p3", "p5")}
    whole = {name: path.read_bytes() for name, path in broken.items()}
    for path in broken.values():
        path.write_bytes(b"torn")
    table = _table_of(folder, names)
    assert predict(table, "out=run") == 2
    (tmp_path / "images" / "p3_1.jpg").write_bytes(whole["p3"])
    capsys.readouterr()
    assert predict(table, "out=run", "writer=submission") == 1
    told = capsys.readouterr().err
    assert "1 pairs failed and are scored as none in run/submission.csv: p5\n" in told
    rows = (tmp_path / "run" / "submission.csv").read_text().splitlines()[1:]
    assert [row.split(",")[0] for row in rows] == names
    assert rows[names.index("p5")] == "p5,none,none,none"


def test_a_repeated_row_has_none_in_the_submission(predict, folder, tmp_path):
    table = _table_of(folder, ["p1", "p0", "p1"])
    assert predict(table, "out=run", "writer=submission") == 1
    rows = (tmp_path / "run" / "submission.csv").read_text().splitlines()[1:]
    assert [row.split(",")[0] for row in rows] == ["p1", "p0"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pairs=in", "writer=submision"], "'submision'. Did you mean 'submission'?"),
        (["pairs=in", "writer=[coco,csv]"], "some of submission, coco, datajuicer, got 'csv'."),
        (["before=x.jpg"], "after"),
        (["pairs=nowhere"], "nowhere does not exist"),
        (["before=inn/p0_1.jpg", "after=in/p0_2.jpg"], "inn/p0_1.jpg does not exist"),
        (["pairs=inn"], "Did you mean in?"),
        (["pairs=in", "max_side=100"], "max_side to be a multiple of 32"),
        (["pairs=in", "tile=sometimes"], "tile to be one of auto, off"),
        (["pairs=in", "batch_size=0"], "batch_size to be at least 1"),
        (["pairs=in", "device=gpu"], "gpu"),
        (["pairs=in", "min_heat=high"], "min_heat"),
    ],
)
def test_a_wrong_command_is_one_line_and_code_64(predict, folder, capsys, arguments, said):
    assert folder.name == "in"
    assert predict(*arguments, "out=run") == 64
    error = capsys.readouterr().err.strip()
    assert "\n" not in error
    assert said in error


def test_a_checkpoint_that_must_not_be_trusted_is_one_line(program, folder, capsys, tmp_path):
    (tmp_path / "bad.ckpt").write_bytes(b"not a checkpoint")
    assert program("predict", f"pairs={folder}", "ckpt=bad.ckpt", "out=run") == 64
    error = capsys.readouterr().err.strip()
    assert "\n" not in error
    assert "bad.ckpt" in error
    assert not (tmp_path / "run").exists()
