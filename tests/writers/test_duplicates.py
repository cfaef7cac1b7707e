"""Rows that stay and groups of rows, as files."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from spotdiff.types import ImageRow
from spotdiff.writers.duplicates import Member, write_members, write_rows, write_traced


def test_rows_are_written_as_their_table_says_them(tmp_path):
    rows = [{"images": ["a.png"], "n": 1}, {"image_bytes": [b"\x00\xff"], "p": Path("x")}]
    assert write_rows(rows, tmp_path / "kept.jsonl") == 2
    lines = [json.loads(line) for line in (tmp_path / "kept.jsonl").read_text().splitlines()]
    assert lines == [{"images": ["a.png"], "n": 1}, {"image_bytes": ["AP8="], "p": "x"}]


def test_what_json_cannot_hold_is_refused_and_leaves_no_file(tmp_path):
    with pytest.raises(TypeError, match="JSON can hold, got set"):
        write_rows([{"x": {1}}], tmp_path / "kept.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_every_row_has_its_group(tmp_path):
    rows = [ImageRow("a.png"), ImageRow("b.png", problem="torn")]
    members = [Member(0, 0, 0, 0, ("00ff00ff00ff00ff",)), Member(1, 1, 1, 0, (), "torn")]
    write_members(members, rows, tmp_path / "groups.parquet")
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


def test_traced_pairs_name_both_rows(tmp_path):
    one, other = ImageRow("a", cells={"images": ["a.png"]}), ImageRow("b", cells={"x": 2})
    assert write_traced([(one, other)], tmp_path / "traced.jsonl") == 1
    told = json.loads((tmp_path / "traced.jsonl").read_text())
    assert told == {"dup1": {"images": ["a.png"]}, "dup2": {"x": 2}}
