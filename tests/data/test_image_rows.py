"""Collections of images, from folders and tables of every form."""

import base64
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spotdiff.data.image_rows import read_image_rows
from spotdiff.data.tables import TableError
from tests.fakes import noise, write_image


@pytest.fixture
def folder(tmp_path):
    for name in ("b.png", "a.png", "deep/c.png"):
        write_image(tmp_path / name, noise(1))
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


def test_a_folder_is_walked_to_any_depth_in_order(folder):
    rows = list(read_image_rows(folder))
    assert [row.where for row in rows] == ["a.png", "b.png", "deep/c.png"]
    assert rows[2].images == (folder / "deep" / "c.png",)
    assert rows[0].cells == {"images": [str(folder / "a.png")]}


def test_rows_of_json_lines_have_paths_texts_and_all_their_cells(folder):
    table = folder / "rows.jsonl"
    lines = [{"images": ["a.png", "a.png"], "text": "twice", "x": 1}, {"text": "none"}, {}]
    table.write_text("".join(json.dumps(line) + "\n" for line in lines))
    rows = list(read_image_rows(table))
    assert rows[0].images == (folder / "a.png",) * 2
    assert [row.text for row in rows] == ["twice", "none", None]
    assert rows[0].cells == lines[0]
    assert rows[1].images == ()


def test_a_csv_may_hold_one_path_or_a_list(folder):
    table = folder / "rows.csv"
    table.write_text('images,text\na.png,one\n"[""a.png"", ""b.png""]",two\n,three\n')
    counts = [len(row.images) for row in read_image_rows(table)]
    assert counts == [1, 2, 0]


def test_bytes_come_from_parquet_and_from_base_64(folder):
    content = (folder / "a.png").read_bytes()
    pq.write_table(pa.table({"image_bytes": [[content], []]}), folder / "rows.parquet")
    told = {"image_bytes": [base64.b64encode(content).decode()]}
    (folder / "rows.jsonl").write_text(json.dumps(told) + "\n")
    assert [row.images for row in read_image_rows(folder / "rows.parquet")] == [(content,), ()]
    assert next(read_image_rows(folder / "rows.jsonl")).images == (content,)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"images": {"a": 1}}', "images"),
        ('{"image_bytes": ["no base 64!"]}', "expected bytes, or text in base 64"),
        ("[1]", "expected a JSON object"),
        ("{", "broken JSON"),
    ],
)
def test_a_row_that_cannot_be_used_is_a_row_with_a_problem(folder, line, reason):
    table = folder / "rows.jsonl"
    table.write_text('{"images": "a.png"}\n' + line + '\n{"images": "b.png"}\n')
    rows = list(read_image_rows(table))
    assert len(rows) == 3
    assert reason in rows[1].problem
    assert rows[1].where == "rows.jsonl row 2"


def test_what_is_no_collection_is_told(folder):
    with pytest.raises(FileNotFoundError, match="gone is none"):
        list(read_image_rows(folder / "gone"))
    with pytest.raises(TableError, match="expected a table"):
        list(read_image_rows(folder / "a.png"))


def test_a_table_of_something_else_is_refused_by_its_columns(folder):
    table = folder / "t.csv"
    table.write_text("image,label\na.png,car\n")
    with pytest.raises(TableError, match="images, image_bytes or text, the columns are: image, la"):
        list(read_image_rows(table))
    assert [row.text for row in read_image_rows(table, text="label")] == ["car"]
