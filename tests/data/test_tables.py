"""Tables stream, and all their problems are told at once."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spotdiff.data.tables import Record, TableError, checked, columns, distinct, records
from spotdiff.types import LabelSets, PairRow, RowProblem


def _row(pair_id: str, *added: str) -> PairRow:
    return PairRow(pair_id, Path("b"), Path("a"), LabelSets(added), where=f"t.csv row {pair_id}")


def _bad(pair_id: str) -> RowProblem:
    return RowProblem(pair_id, f"t.csv row {pair_id}", "no such file: x.png")


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.jsonl", "t.parquet"])
def test_all_kinds_of_tables_give_the_same_cells(tmp_path, name):
    path = tmp_path / name
    rows = [{"before": "1.png", "after": "ü.png"}, {"before": "3.png", "after": "a b.png"}]
    if name == "t.parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif name == "t.jsonl":
        path.write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    else:
        mark = "\t" if name == "t.tsv" else ","
        lines = [mark.join(rows[0]), *(mark.join(row.values()) for row in rows)]
        path.write_text("\ufeff" + "\r\n".join(lines) + "\r\n", encoding="utf-8")
    found = list(records(path))
    assert [record.cells for record in found] == rows
    assert columns(path) == ("before", "after")
    first = 2 if name in ("t.csv", "t.tsv") else 1
    assert [record.where for record in found] == [f"{name} row {first}", f"{name} row {first + 1}"]


def test_a_row_with_too_many_or_too_few_cells_is_a_problem_with_its_row(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("before,after\n1,2,3\n\n4\n5,6\n")
    found = list(records(path))
    assert [(p.where, p.reason) for p in found if isinstance(p, RowProblem)] == [
        ("t.csv row 2", "expected 2 cells, got 3"),
        ("t.csv row 4", "expected 2 cells, got 1"),
    ]
    assert found[2] == Record(path, 5, {"before": "5", "after": "6"})


def test_broken_json_is_a_problem_of_its_line_and_the_rest_goes_on(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"a": 1}\n{"a": \n[1]\n{"a": 2}\n')
    found = list(records(path))
    assert [type(item).__name__ for item in found] == ["Record", *["RowProblem"] * 2, "Record"]
    assert found[1].where == "t.jsonl row 2"
    assert "broken JSON" in found[1].reason
    assert found[2].reason == "expected a JSON object, got [1]"
    assert found[2].pair_id == "t-000003"


def test_a_broken_first_line_does_not_hide_the_columns_of_the_next(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"a": \n{"a": 1, "b": 2}\n')
    assert columns(path) == ("a", "b")
    path.write_text('{"a": \n')
    with pytest.raises(TableError, match=r"t\.jsonl row 1: expected one JSON object a line"):
        columns(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", b"before,after\n1,2\n\xff\xfe,2\n"),
        ("t.csv", b'before,after\n1,2\n"3,4\n'),
        ("t.jsonl", b'{"a": 1}\n\xff\n'),
        ("t.parquet", b"PAR1 nothing of the kind"),
    ],
)
def test_a_table_that_breaks_off_is_a_problem_of_the_table(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    last = list(records(path))[-1]
    assert isinstance(last, RowProblem)
    assert (last.pair_id, last.where) == ("", name)
    assert "cannot be read" in last.reason


def test_columns_that_occur_twice_are_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("before,after,before\n")
    with pytest.raises(TableError, match=r"t\.csv: columns occur more than once: \['before'\]"):
        columns(path)


def test_good_rows_come_through_unchanged():
    rows = [_row("1", "car"), _row("2")]
    assert checked(rows) == rows
    assert checked(rows, words={"car"}) == rows


def test_all_problems_are_told_at_once():
    with pytest.raises(TableError) as caught:
        checked([_row("1", "sofaa"), _bad("2"), _row("3"), _bad("4")], words=["sofa", "car"])
    assert str(caught.value).splitlines() == [
        "3 problems:",
        "  t.csv row 1: unknown label 'sofaa'. Did you mean 'sofa'?",
        "  t.csv row 2: no such file: x.png",
        "  t.csv row 4: no such file: x.png",
    ]
    assert [problem.pair_id for problem in caught.value.problems] == ["1", "2", "4"]


def test_one_problem_is_one_line_and_many_are_counted():
    assert str(TableError([_bad("1")])) == "t.csv row 1: no such file: x.png"
    message = str(TableError([_bad(str(number)) for number in range(25)]))
    assert message.startswith("25 problems:\n")
    assert message.endswith("t.csv row 19: no such file: x.png\n  and 5 more")


def test_an_id_that_comes_again_is_a_problem_under_another_id():
    first, again = distinct([_row("1"), _row("1", "car")], "t.csv")
    assert first == _row("1")
    assert isinstance(again, RowProblem)
    assert again.pair_id == "1 (t.csv row 1)"
    assert "occurs more than once" in again.reason


def test_a_table_without_pairs_is_a_problem():
    assert list(distinct([], "t.csv")) == [
        RowProblem("", "t.csv", "expected at least one pair, found none")
    ]


def test_a_long_table_does_not_fill_the_memory(tmp_path):
    path = tmp_path / "t.csv"
    with path.open("w") as lines:
        lines.write("before,after\n")
        lines.writelines(f"{'b' * 200}{i},{'a' * 200}{i}\n" for i in range(10_000))
    assert path.stat().st_size > 4_000_000
    tracemalloc.start()
    count = sum(1 for _ in records(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 10_000
    assert peak < 400_000
