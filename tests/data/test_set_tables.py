"""Tables with groups and two folders as sets: what is there, what is told, what is refused."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spotdiff.data.set_tables import read_set_folders, read_set_table
from spotdiff.data.tables import TableError
from spotdiff.types import SetItem
from tests.fakes import noise, write_image

ROWS = [
    {
        "path": "a.png",
        "group_name": "yoga",
        "difference": "people doing yoga",
        "difficulty": "easy",
    },
    {"path": "b.png", "group_name": "yoga", "prompt": "a prompt", "caption": "a caption"},
    {"path": "c.png", "group_name": "meditation", "difference": "people meditating"},
    {"path": "d.png", "group_name": "other"},
]


def written(folder, form, rows=ROWS):
    path = folder / f"sets.{form}"
    columns = list(dict.fromkeys(name for row in rows for name in row))
    if form == "csv":
        lines = [columns, *([row.get(name, "") for name in columns] for row in rows)]
        path.write_text("".join(",".join(line) + "\n" for line in lines))
    elif form == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        pq.write_table(pa.table({name: [row.get(name) for row in rows] for name in columns}), path)
    return path


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_two_groups_of_a_table(tmp_path, form):
    sets, problems = read_set_table(written(tmp_path, form), "yoga", "meditation")
    assert sets.names == ("yoga", "meditation")
    assert sets.first == (
        SetItem(str(tmp_path / "a.png")),
        SetItem(str(tmp_path / "b.png"), None, "a prompt", "a caption"),
    )
    assert sets.second == (SetItem(str(tmp_path / "c.png")),)
    assert (sets.difference, sets.difficulty) == ("people doing yoga", "easy")
    assert problems == ()


def test_rows_that_cannot_be_used_are_told(tmp_path):
    rows = [
        *ROWS,
        {"path": "", "group_name": "yoga"},
        {"path": "e.png", "group_name": ""},
        {"path": "a.png", "group_name": "yoga"},
        {"path": "f.png", "group_name": "yoga", "box": [5, 5, 1, 9]},
        {"path": "a.png", "group_name": "yoga", "box": [0, 0, 9, 9], "difference": "another"},
    ]
    path = written(tmp_path, "jsonl", rows)
    path.write_text(path.read_text() + "{broken\n")
    sets, problems = read_set_table(path, "yoga", "meditation")
    assert len(sets.first) == 3
    assert sets.first[2].box == (0, 0, 9, 9)
    assert sets.difference is None
    assert [problem.split(":")[0] for problem in problems] == [
        *(f"sets.jsonl row {row}" for row in (5, 6, 7, 8, 10)),
        "difference",
    ]
    assert problems[0] == "sets.jsonl row 5: path: expected text, the cell is empty"
    assert problems[2].endswith("a.png is in this group already")


def test_a_subset_is_some_of_the_rows(tmp_path):
    rows = [
        {"path": f"{name}{part}.png", "group_name": name, "subset": part}
        for name in "ab"
        for part in ("1", "2")
    ]
    path = written(tmp_path, "csv", rows)
    sets, _ = read_set_table(path, "a", "b", "2")
    assert [item.path for item in (*sets.first, *sets.second)] == [
        str(tmp_path / "a2.png"),
        str(tmp_path / "b2.png"),
    ]
    with pytest.raises(ValueError, match="there is no subset '3', only '1', '2'"):
        read_set_table(path, "a", "b", "3")


def test_a_group_that_there_is_not_names_those_that_there_are(tmp_path):
    path = written(tmp_path, "csv")
    told = "there is no group 'yogi', only 'yoga', 'meditation', 'other'. Did you mean 'yoga'?"
    with pytest.raises(ValueError, match=told.replace("?", r"\?")):
        read_set_table(path, "yogi", "other")
    with pytest.raises(ValueError, match="Expected two groups, got 'yoga' for both"):
        read_set_table(path, "yoga", "yoga")


def test_a_table_of_other_columns_is_one_sentence(tmp_path):
    path = written(tmp_path, "csv", [{"path": "a.png", "group": "x"}])
    with pytest.raises(ValueError, match="there is no group_name; it has path, group"):
        read_set_table(path, "x", "y")
    with pytest.raises(ValueError, match="there is no subset"):
        read_set_table(written(tmp_path, "csv"), "yoga", "other", "1")
    with pytest.raises(TableError, match="expected a table"):
        read_set_table(tmp_path / "sets.xlsx", "x", "y")


def test_two_folders(tmp_path):
    for name in ("one/b.png", "one/a/z.jpg", "one/.hidden.png", "two/a.png"):
        write_image(tmp_path / name, noise(0))
    (tmp_path / "one" / "notes.txt").write_text("no picture")
    sets, problems = read_set_folders(tmp_path / "one", tmp_path / "two")
    assert sets.names == ("one", "two")
    assert [item.path for item in sets.first] == [
        str(tmp_path / "one" / name) for name in ("b.png", "a/z.jpg")
    ]
    assert problems == ()


def test_folders_of_one_name_are_called_by_their_paths(tmp_path):
    for name in ("x/images/1.png", "y/images/1.png"):
        write_image(tmp_path / name, noise(0))
    folders = tmp_path / "x" / "images", tmp_path / "y" / "images"
    assert read_set_folders(*folders).sets.names == tuple(map(str, folders))


def test_empty_and_missing_folders_are_one_sentence(tmp_path):
    (tmp_path / "empty").mkdir()
    write_image(tmp_path / "one" / "a.png", noise(0))
    with pytest.raises(ValueError, match=r"Expected pictures in .*empty, found none"):
        read_set_folders(tmp_path / "one", tmp_path / "empty")
    with pytest.raises(FileNotFoundError, match="Expected a folder of pictures"):
        read_set_folders(tmp_path / "one", tmp_path / "nowhere")
    with pytest.raises(ValueError, match="Expected two folders"):
        read_set_folders(tmp_path / "one", tmp_path / "one")
