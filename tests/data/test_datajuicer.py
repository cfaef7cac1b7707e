"""Rows of the difference area operator become pairs."""

import json

import pytest

from spotdiff.data.datajuicer import operator_cells, read_operator_rows
from spotdiff.data.sources import open_source
from spotdiff.types import PairRow, RowProblem


@pytest.fixture
def rows(tmp_path):
    """Writes rows beside two pictures and reads them, each row over a whole one."""
    for name in ("a.png", "b.png"):
        (tmp_path / "in" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "in" / name).touch()
    whole = {
        "image_path1": "a.png",
        "image_path2": "b.png",
        "caption1": "A car.",
        "caption2": "A dog.",
    }

    def read(*changed, path="in/rows.jsonl"):
        lines = [json.dumps({**whole, **some}) for some in changed]
        (tmp_path / path).write_text("\n".join(lines) + "\n")
        return list(read_operator_rows(tmp_path / path))

    return read


def test_a_row_is_a_pair_named_after_the_file_and_its_line(rows, tmp_path):
    folder = tmp_path / "in"
    assert rows({}, {}) == [
        PairRow(
            f"rows-00000{line}",
            folder / "a.png",
            folder / "b.png",
            captions=("A car.", "A dog."),
            where=f"rows.jsonl row {line}",
        )
        for line in (1, 2)
    ]


def test_columns_that_are_not_asked_for_are_no_problem(rows):
    (row,) = rows({"text": [1], "__dj__stats__": {"x": 1}, "pair_id": 7})
    assert isinstance(row, PairRow)


def test_captions_may_be_absent_both_or_one(rows):
    both, one, neither = rows({}, {"caption1": None}, {"caption1": "", "caption2": " "})
    assert both.captions == ("A car.", "A dog.")
    assert one.captions == ("", "A dog.")
    assert neither.captions is None


def test_paths_are_sought_beside_the_file_and_then_in_the_working_directory(
    rows, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    here, beside, full = rows(
        {"image_path1": "in/a.png"}, {}, {"image_path1": str(tmp_path / "in/a.png")}
    )
    assert str(here.before) == "in/a.png"
    assert beside.before == full.before == tmp_path / "in/a.png"
    (tmp_path / "a.png").touch()  # the one beside the file comes first
    assert rows({})[0].before == tmp_path / "in/a.png"


def test_identical_paths_are_a_pair(rows):
    (row,) = rows({"image_path2": "a.png"})
    assert isinstance(row, PairRow)
    assert row.before == row.after


def test_missing_files_are_a_problem_of_their_row_that_names_them(rows, tmp_path):
    first, one, both = rows(
        {}, {"image_path2": "gone.png"}, {"image_path1": "x.png", "image_path2": "y.png"}
    )
    assert isinstance(first, PairRow)
    assert isinstance(one, RowProblem)
    assert one.pair_id == "rows-000002"
    assert one.reason == f"no such file: {tmp_path / 'in/gone.png'}"
    assert one.before == tmp_path / "in/a.png"
    assert "x.png, " in both.reason
    assert "y.png" in both.reason


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"image_path1": ""}, "image_path1: expected a path, the cell is blank"),
        ({"image_path1": None, "image_path2": " "}, "image_path1, image_path2: expected a path"),
        ({"image_path2": ["b.png"]}, "image_path2: expected text, got ['b.png']"),
        ({"caption1": {"a": 1}}, "caption1: expected text, got {'a': 1}"),
        ({"image_path1": "a\0.png"}, "no such file"),
        ({"image_path1": "x" * 5000}, "no such file"),
    ],
)
def test_what_is_wrong_with_a_row_is_told_with_its_column(rows, cells, reason):
    problem, good = rows(cells, {})
    assert isinstance(problem, RowProblem)
    assert problem.reason.startswith(reason)
    assert isinstance(good, PairRow)


def test_all_cells_of_rows_are_kept_and_lines_that_are_none_have_no_cells(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"image_path1": "a", "x": [1, null]}\nnot json\n\n{"y": "ü"}\n')
    assert list(operator_cells(path)) == [
        ("rows-000001", {"image_path1": "a", "x": [1, None]}),
        ("rows-000004", {"y": "ü"}),
    ]


def test_a_table_with_the_columns_of_the_operator_is_opened_as_such(rows, tmp_path):
    rows({})
    (row,) = open_source(tmp_path / "in" / "rows.jsonl")
    assert row.captions == ("A car.", "A dog.")
    table = tmp_path / "in" / "rows.csv"
    table.write_text("image_path1,image_path2,caption1\na.png,b.png,A car.\n")
    (row,) = open_source(table)
    assert row.pair_id == "rows-000002"
    assert row.captions == ("A car.", "")


def test_pictures_may_lie_behind_addresses_and_are_not_looked_for_before_they_are_read(rows):
    there, odd = rows({"image_path2": "memory://bucket/b.png"}, {"image_path1": "nowhere://b.png"})
    assert str(there.after) == "memory://bucket/b.png"
    assert isinstance(odd, RowProblem)
    assert "nowhere://b.png" in odd.reason


def test_rows_behind_an_address_name_files_beside_them():
    from upath import UPath

    table = UPath("memory://operator/rows.jsonl")
    table.write_text('{"image_path1": "a.png", "image_path2": "/tmp/no such file.png"}\n')
    (problem,) = read_operator_rows(table)
    assert str(problem.before) == "memory://operator/a.png"
    assert problem.reason == "no such file: /tmp/no such file.png"
