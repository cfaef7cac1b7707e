"""Rows that stay and groups of rows, as files."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from spotdiff.types import ImageRow
from spotdiff.writers.duplicates import Member, MembersWriter, RowsWriter, write_traced


def test_rows_are_written_as_their_table_says_them(tmp_path):
    rows = [{"images": ["a.png"], "n": 1}, {"image_bytes": [b"\x00\xff"], "p": Path("x")}]
    with RowsWriter(tmp_path / "kept.jsonl") as file:
        for row in rows:
            file.write(row)
    lines = [json.loads(line) for line in (tmp_path / "kept.jsonl").read_text().splitlines()]
    assert lines == [{"images": ["a.png"], "n": 1}, {"image_bytes": ["AP8="], "p": "x"}]


def test_what_json_cannot_hold_is_refused_and_leaves_no_file(tmp_path):
    told = pytest.raises(TypeError, match="JSON can hold, got set")
    with told, RowsWriter(tmp_path / "kept.jsonl") as file:
        file.write({"x": {1}})
    assert list(tmp_path.iterdir()) == []


def test_every_row_has_its_group(tmp_path):
    with MembersWriter(tmp_path / "groups.parquet") as file:
        file.write(Member(0, "a.png", 0, 0, 0, ("00ff00ff00ff00ff",)))
        file.write(Member(1, "b.png", 1, 1, 0, (), "torn"))
    found = pq.read_table(tmp_path / "groups.parquet").to_pylist()
    assert found[0] == {
        "row": 0,
        "where": "a.png",
        "group": 0,
        "kept": 0,
        "distance": 0,
        "hashes": ["00ff00ff00ff00ff"],
        "problem": None,
    }
    assert found[1]["problem"] == "torn"


def test_groups_that_are_not_complete_leave_no_file(tmp_path):
    told = pytest.raises(ValueError, match="stop")
    with told, MembersWriter(tmp_path / "groups.parquet") as file:
        file.write(Member(0, "a.png", 0, 0, 0))
        raise ValueError("stop")
    assert list(tmp_path.iterdir()) == []


def test_traced_pairs_name_both_rows(tmp_path):
    one, other = ImageRow("a", cells={"images": ["a.png"]}), ImageRow("b", cells={"x": 2})
    write_traced([(one, other)], tmp_path / "traced.jsonl")
    told = json.loads((tmp_path / "traced.jsonl").read_text())
    assert told == {"dup1": {"images": ["a.png"]}, "dup2": {"x": 2}}
