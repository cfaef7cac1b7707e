"""Rows of all known forms become samples, and a row that cannot be read is an error, not absent."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spotdiff.building.sample_records import status, to_line
from spotdiff.building.sample_rows import portable, read_samples
from spotdiff.types import Change, ChangeKind, Sample
from tests.fakes import noise, write_image


@pytest.fixture
def folder(tmp_path):
    for name in ("a.png", "b.png"):
        write_image(tmp_path / name, noise(1, 8, 8))
    return tmp_path


def _table(folder, *rows, name="t.jsonl"):
    path = folder / name
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return path


@pytest.mark.parametrize(
    ("row", "captions"),
    [
        ({"before": "a.png", "after": "b.png"}, (None, None)),
        (
            {"image_path1": "a.png", "image_path2": "b.png", "caption1": "x", "caption2": "y"},
            ("x", "y"),
        ),
        (
            {"before": "a.png", "after": "b.png", "before_caption": "x", "after_caption": "y"},
            ("x", "y"),
        ),
        ({"before": {"path": "a.png"}, "after": {"path": "b.png"}}, (None, None)),
    ],
)
def test_pairs_under_all_names_of_columns(folder, row, captions):
    (sample,) = read_samples(_table(folder, {**row, "other": [1]}))
    assert (sample.before, sample.after) == (str(folder / "a.png"), str(folder / "b.png"))
    assert (sample.caption_before, sample.caption_after) == captions
    assert sample.cells == {"other": [1]}
    assert sample.id == "t-000001"
    assert sample.verdict is None


def test_a_table_of_a_static_camera_is_read_as_prediction_reads_it(folder):
    told = (
        "pair_id,image_1,image_2,category,added_boxes,removed_boxes,overlap_boxes\n"
        'street,a.png,b.png,car,"[[0, 0, 1, 2]]",[],[]\n'
    )
    (sample,) = read_samples(_table(folder, told, name="t.csv"))
    assert sample.id == "street"
    assert (sample.before, sample.after) == (str(folder / "a.png"), str(folder / "b.png"))
    assert sample.changes == (Change(ChangeKind.ADDED, 1.0, "car", None, (0, 0, 1, 2)),)


def test_captions_alone_pictures_with_captions_and_rows_of_several_images(folder):
    marked = "<__dj__image> one <|__dj__eoc|><__dj__image> two"
    rows = [
        {"id": 7, "caption": "a cat"},
        {"caption1": "a dog"},
        {"image": "a.png", "caption": "a bird"},
        {"images": ["a.png", "b.png"], "text": marked},
        {"before": "a.png", "after": "b.png", "caption": "what differs"},
    ]
    alone, other, picture, several, pair = read_samples(_table(folder, *rows))
    assert (alone.id, alone.caption_before, alone.before) == ("7", "a cat", None)
    assert other.caption_before == "a dog"
    assert (picture.before, picture.caption_before) == (str(folder / "a.png"), "a bird")
    assert (several.images, several.text) == (
        (str(folder / "a.png"), str(folder / "b.png")),
        marked,
    )
    assert (pair.caption, pair.caption_before) == ("what differs", None)


def test_a_row_that_cannot_be_read_is_an_error_in_its_place(folder):
    rows = [
        {"id": "good", "before": "a.png", "after": "b.png"},
        {"id": "lost", "before": "a.png", "after": "c.png"},
        '{"id": "torn", "before": ',
        {"id": "empty", "colour": "red"},
        {"id": "wrong", "before": ["a.png"], "after": "b.png"},
        {"id": "good", "caption": "again"},
        {"id": "kind", "before": "a.png", "after": "b.png", "changes": [{"kind": "moved"}]},
    ]
    found = list(read_samples(_table(folder, *rows)))
    assert [status(sample) for sample in found] == ["kept", *["error"] * 6]
    assert len({sample.id for sample in found}) == 7
    reasons = [sample.verdict.reason for sample in found[1:]]
    assert all(sample.verdict.step == "read" for sample in found[1:])
    for reason, part in zip(
        reasons,
        ("no such file", "broken JSON", "colour", "before", "more than once", "added, removed"),
        strict=True,
    ):
        assert part in reason


def test_changes_of_a_manifest_are_certain_and_unknown_kinds_stay_cells(folder):
    told = [{"kind": "added", "label": "cup", "box_before": None, "box_after": [1, 2, 3, 4]}]
    row = {"before": "a.png", "after": "b.png"}
    known, unknown = read_samples(
        _table(folder, {**row, "changes": told}, {**row, "changes": [{"kind": "unknown"}]})
    )
    assert known.changes == (Change(ChangeKind.ADDED, 1.0, "cup", None, (1.0, 2.0, 3.0, 4.0)),)
    assert unknown.changes == ()
    assert unknown.cells["changes"] == [{"kind": "unknown"}]


def test_parquet_csv_and_folders(folder):
    pq.write_table(
        pa.table({"images": [["a.png"]], "text": ["t"], "raw": [b"GIF"]}), folder / "t.parquet"
    )
    (row,) = read_samples(folder / "t.parquet")
    assert (row.images, row.text, row.cells) == (
        (str(folder / "a.png"),),
        "t",
        {"raw": "R0lG"},
    )
    (folder / "t.csv").write_text("pair_id,before,after\n1,a.png,b.png\n")
    (row,) = read_samples(folder / "t.csv")
    assert (row.id, row.after) == ("1", str(folder / "b.png"))
    pictures = folder / "pictures"
    write_image(pictures / "x" / "cat.png", noise(1, 8, 8))
    (pictures / "x" / "cat.txt").write_text("a cat\n")
    (row,) = read_samples(pictures)
    assert row == Sample("x/cat.png", str(pictures / "x/cat.png"), caption_before="a cat")
    for view in ("before", "after"):
        write_image(folder / "tree" / view / "1.png", noise(1, 8, 8))
    (row,) = read_samples(folder / "tree")
    assert row.after == str(folder / "tree" / "after" / "1.png")


def test_what_a_build_wrote_is_read_as_it_was_wherever_its_folder_went(folder, monkeypatch):
    inside = write_image(folder / "out" / "images" / "c.png", noise(1, 8, 8))
    sample = Sample("1", "a.png", str(inside), images=("s3://x/a.png",), scores={"s": 0.25})
    monkeypatch.chdir(folder)
    line = to_line(portable(sample, folder / "out"))
    told = json.loads(line)
    assert (told["before"], told["after"]) == ("../a.png", "images/c.png")
    out = folder / "out" / "rows.jsonl"
    out.write_text(line + "\n")
    (found,) = read_samples(out)
    assert found == replace(sample, before=str(folder / "a.png"))
    (found,) = read_samples(Path("out/rows.jsonl"))
    assert (found.before, found.after) == ("a.png", "out/images/c.png")
    rejected = sample.rejected("s", "too low", 0.25, 0.5)
    out.write_text(to_line(rejected) + "\n")
    assert next(read_samples(out)).verdict == rejected.verdict


def test_nothing_to_read_is_one_sentence(folder):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        list(read_samples(folder / "absent.jsonl"))
    with pytest.raises(ValueError, match="found none"):
        list(read_samples(_table(folder, "")))
