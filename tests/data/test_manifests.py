"""Manifests and weak labels become rows; what is wrong with a row stands in one problem."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spotdiff.data.manifests import read_manifest, read_weak_labels
from spotdiff.data.tables import TableError, checked
from spotdiff.types import ChangeKind, LabelSets, PairRow, RowProblem, TrueChange

FULL = {
    "pair_id": "one",
    "before": "sub/b.png",
    "after": "sub/a.png",
    "added_objs": "car car",
    "removed_objs": "none",
    "changed_objs": "",
    "caption_before": "A road.",
    "caption_after": "A car on a road.",
    "changes": [{"kind": "added", "label": "car", "box_before": None, "box_after": [0, 0, 2, 3]}],
    "mask": "sub/m.png",
    "mask_kinds": {"255": "added"},
}


@pytest.fixture
def root(tmp_path):
    (tmp_path / "sub").mkdir()
    for name in ("b.png", "a.png", "m.png"):
        (tmp_path / "sub" / name).touch()
    return tmp_path


def _as_text(cell: object) -> str:
    return cell if isinstance(cell, str) else json.dumps(cell)


def _write(path, row):
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist([row]), path)
    elif path.suffix == ".jsonl":
        path.write_text(json.dumps(row))
    else:
        cells = [_as_text(cell).replace('"', '""') for cell in row.values()]
        mark = "," if path.suffix == ".csv" else "\t"
        quoted = mark.join(f'"{cell}"' for cell in cells)
        path.write_text(f"{mark.join(row)}\n{quoted}\n")


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet"])
def test_a_full_row_reads_the_same_from_every_kind_of_table(root, suffix):
    path = root / f"pairs.{suffix}"
    _write(path, FULL)
    number = 2 if suffix in ("csv", "tsv") else 1
    assert list(read_manifest(path)) == [
        PairRow(
            "one",
            root / "sub/b.png",
            root / "sub/a.png",
            LabelSets(("car", "car")),
            (TrueChange(ChangeKind.ADDED, "car", None, (0, 0, 2, 3)),),
            root / "sub/m.png",
            ((255, 1),),
            ("A road.", "A car on a road."),
            f"pairs.{suffix} row {number}",
        )
    ]


def test_only_two_paths_are_needed_and_the_rest_is_unknown(root):
    path = root / "pairs.csv"
    path.write_text("before_file_name,after_file_name\nsub/b.png,sub/a.png\n")
    (row,) = checked(read_manifest(path))
    assert row.pair_id == "pairs-000002"
    assert (row.before, row.after) == (root / "sub/b.png", root / "sub/a.png")
    assert row.labels is row.changes is row.mask is row.captions is None


def test_paths_may_be_absolute(root):
    path = root / "elsewhere" / "pairs.jsonl"
    path.parent.mkdir()
    row = {"before": str(root / "sub/b.png"), "after": str(root / "sub/a.png")}
    path.write_text(json.dumps(row))
    assert checked(read_manifest(path))[0].before == root / "sub/b.png"


def test_everything_wrong_with_a_row_stands_in_one_problem(root):
    path = root / "pairs.jsonl"
    wrong = {"before": "gone.png", "after": "", "changes": [{"kind": "x"}], "mask": "sub"}
    _write(path, FULL | wrong)
    (problem,) = read_manifest(path)
    assert isinstance(problem, RowProblem)
    assert (problem.pair_id, problem.where) == ("one", "pairs.jsonl row 1")
    assert f"before: no such file: {root / 'gone.png'}" in problem.reason
    assert "after: expected a path, the cell is blank" in problem.reason
    assert "changes[0].kind: expected one of added, removed, changed" in problem.reason
    assert f"mask: no such file: {root / 'sub'}" in problem.reason
    assert problem.before == root / "gone.png"


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", ".", "sub/b.png/c.png"])
def test_an_impossible_path_is_a_problem_of_its_row_alone(root, name):
    path = root / "pairs.jsonl"
    path.write_text(json.dumps(FULL | {"after": name}) + "\n" + json.dumps(FULL))
    problem, row = read_manifest(path)
    assert problem.reason == f"after: no such file: {root / name}"
    assert isinstance(row, PairRow)


def test_an_unknown_column_is_told_once_for_the_table(root):
    path = root / "pairs.csv"
    path.write_text("before,after,added_obj\n" + "sub/b.png,sub/a.png,car\n" * 2)
    problem, *rows = read_manifest(path)
    assert isinstance(problem, RowProblem)
    assert problem.pair_id == ""
    assert problem.reason.startswith("unknown column 'added_obj'. Did you mean 'added_objs'?")
    assert [type(row) for row in rows] == [PairRow, PairRow]


def test_rows_are_read_when_they_are_asked_for(root):
    path = root / "pairs.jsonl"
    path.write_text((json.dumps(FULL) + "\n") * 2)
    rows = read_manifest(path)
    next(rows)
    (root / "sub/a.png").unlink()
    assert isinstance(next(rows), RowProblem)


@pytest.mark.parametrize("place", [".", "data", "images"])
@pytest.mark.parametrize("suffix", ["png", "JPG", "jpeg"])
def test_images_of_weak_labels_lie_beside_the_table_or_below_it(tmp_path, place, suffix):
    folder = tmp_path / place
    folder.mkdir(exist_ok=True)
    for name in ("30000_1", "30000_2"):
        (folder / f"{name}.{suffix}").touch()
    path = tmp_path / "train.csv"
    path.write_text("img_id,added_objs,removed_objs,changed_objs\n30000,person car car,none,\n")
    (row,) = checked(read_weak_labels(path))
    assert row.pair_id == "30000"
    assert row.before == folder / f"30000_1.{suffix}"
    assert row.after == folder / f"30000_2.{suffix}"
    assert row.labels == LabelSets(("person", "car", "car"))


def test_images_of_weak_labels_may_lie_elsewhere_and_labels_may_be_absent(tmp_path):
    path, folder = tmp_path / "test.csv", tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "7_1.png").touch()
    (folder / "7_2.png").touch()
    path.write_text("img_id\n7\n")
    (row,) = checked(read_weak_labels(path, folder))
    assert row.labels is None
    assert row.after == folder / "7_2.png"


def test_all_problems_of_weak_labels_are_told_at_once(tmp_path):
    path = tmp_path / "train.csv"
    (tmp_path / "2_1.png").touch()
    path.write_text("img_id,added_objs,removed_objs,changed_objs\n1,,,\n2,,,\n,car,,\n")
    with pytest.raises(TableError) as caught:
        checked(read_weak_labels(path))
    neither, one, blank = caught.value.problems
    assert "no before image 1_1.*" in neither.reason
    assert "no after image 1_2.*" in neither.reason
    assert "before image" not in one.reason
    assert one.before == tmp_path / "2_1.png"
    assert blank.where == "train.csv row 4"
    assert "img_id: expected an id" in blank.reason


def test_a_row_without_its_pictures_keeps_its_words(tmp_path):
    path = tmp_path / "train.csv"
    path.write_text("img_id,added_objs,removed_objs,changed_objs\n1,car man,none,none\n")
    (problem,) = read_weak_labels(path)
    assert problem.labels == LabelSets(("car", "man"))
    path = tmp_path / "pairs.csv"
    path.write_text(
        "before,after,added_objs,removed_objs,changed_objs\na.png,b.png,none,car,none\n"
    )
    (problem,) = read_manifest(path)
    assert problem.labels == LabelSets((), ("car",))


@pytest.mark.parametrize(
    ("cell", "outside"),
    [("unchanged", "unchanged"), (" Unknown ", "unknown"), ("", None), (None, None)],
)
def test_a_manifest_may_say_what_is_known_outside_its_boxes(root, cell, outside):
    path = root / "pairs.jsonl"
    _write(path, FULL | {"outside_boxes": cell})
    (row,) = checked(read_manifest(path))
    assert row.outside == outside


@pytest.mark.parametrize("cell", ["nothing", 3, ["unknown"]])
def test_another_word_for_the_outside_is_a_problem(root, cell):
    path = root / "pairs.jsonl"
    _write(path, FULL | {"outside_boxes": cell})
    (problem,) = read_manifest(path)
    assert "outside_boxes: expected " in problem.reason
