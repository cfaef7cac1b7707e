"""The published formats, on hand-made files and on the real sets where they are present."""

from __future__ import annotations

from collections import Counter

import pytest

from spotdiff.data.published import DEEPPCB_TYPES, read_deeppcb, read_sbi
from spotdiff.data.sources import open_source
from spotdiff.data.tables import TableError, checked
from spotdiff.types import ChangeKind, TrueChange


@pytest.fixture
def boards(tmp_path):
    root = tmp_path / "PCBData"
    (root / "group1" / "1").mkdir(parents=True)
    (root / "group1" / "1_not").mkdir()
    for name in ("7_temp.jpg", "7_test.jpg"):
        (root / "group1" / "1" / name).touch()
    (root / "trainval.txt").write_text("group1/1/7.jpg group1/1_not/7.txt\n\n")
    return root


def _defects(root, text):
    (root / "group1" / "1_not" / "7.txt").write_text(text)
    return root / "trainval.txt"


def test_a_defect_has_its_box_in_both_views_and_no_kind(boards):
    (row,) = checked(read_deeppcb(_defects(boards, "1 2 3 4 1\n5,6,7,8,6\n0 0 9 9 0\n")))
    assert row.pair_id == "7"
    assert row.before.name == "7_temp.jpg"
    assert row.after.name == "7_test.jpg"
    assert row.changes == (
        TrueChange(None, "open", (1, 2, 3, 4), (1, 2, 3, 4)),
        TrueChange(None, "pin-hole", (5, 6, 7, 8), (5, 6, 7, 8)),
    )


@pytest.mark.parametrize("line", ["1 2 3 4", "1 2 3 4 7", "a b c d 1", "3 2 1 4 1"])
def test_a_malformed_defect_is_a_problem_with_its_file_and_line(boards, line):
    with pytest.raises(TableError, match=r"group1/1_not/7\.txt row 2: expected"):
        checked(read_deeppcb(_defects(boards, f"1 2 3 4 1\n{line}\n")))


def test_missing_boards_and_broken_lines_of_the_split_are_problems(boards):
    split = boards / "trainval.txt"
    split.write_text("group1/1/7.jpg group1/1_not/7.txt\nonly_one.jpg\n")
    (boards / "group1" / "1" / "7_test.jpg").unlink()
    with pytest.raises(TableError) as caught:
        checked(read_deeppcb(split))
    first, second = caught.value.problems
    assert "7_test.jpg" in first.reason
    assert "7.txt" in first.reason
    assert (second.where, "only_one.jpg" in second.reason) == ("trainval.txt row 2", True)


def test_a_pair_of_a_static_camera_has_typed_boxes(tmp_path):
    for name in ("1.png", "2.png"):
        (tmp_path / name).touch()
    (tmp_path / "pairs.csv").write_text(
        "pair_id,image_1,image_2,category,added_boxes,removed_boxes,overlap_boxes\n"
        '1_2,1.png,2.png,car,"[[0, 0, 1, 2]]",[],"[{""box1"": [1, 1, 2, 2], ""box2"": '
        '[3, 3, 4, 4], ""mask_iou"": 0.1}]"\n'
    )
    (row,) = checked(read_sbi(tmp_path))
    assert row.changes == (
        TrueChange(ChangeKind.ADDED, "car", None, (0, 0, 1, 2)),
        TrueChange(ChangeKind.CHANGED, "car", (1, 1, 2, 2), (3, 3, 4, 4)),
    )


def test_a_malformed_pair_of_a_static_camera_is_a_problem_of_its_row(tmp_path):
    for name in ("1.png", "2.png"):
        (tmp_path / name).touch()
    (tmp_path / "pairs.csv").write_text(
        "pair_id,image_1,image_2,category,added_boxes,removed_boxes,overlap_boxes\n"
        "a,1.png,3.png,car,[],[],[]\n"
        "b,1.png,2.png,car,[[1]],[],[]\n"
        "c,1.png,2.png,car,[],[],[7]\n"
    )
    with pytest.raises(TableError) as caught:
        checked(read_sbi(tmp_path))
    reasons = [problem.reason for problem in caught.value.problems]
    assert reasons[0] == f"no such file: {tmp_path / '3.png'}"
    assert reasons[1].startswith("added_boxes: expected four numbers")
    assert reasons[2] == "overlap_boxes: expected {box1, box2}, got 7"


@pytest.mark.data
def test_the_real_boards_are_a_thousand_pairs_with_six_defects(real_data):
    rows = checked(open_source(real_data / "deeppcb_trainval"))
    assert len(rows) == 1000
    assert {change.label for row in rows for change in row.changes or ()} == set(DEEPPCB_TYPES)


@pytest.mark.data
def test_the_real_cameras_are_305_pairs_33_of_them_without_overlap(real_data):
    rows = checked(open_source(real_data / "sbi_pairs"))
    kinds = [Counter(change.kind for change in row.changes or ()) for row in rows]
    clear = [counts for counts in kinds if not counts[ChangeKind.CHANGED]]
    assert len(rows) == 305
    assert len(clear) == 33
    assert sum(counts.total() for counts in clear) == 96
