"""Pairs with truth, from tables and from the masks of SBI."""

import json

import cv2
import numpy as np
import pytest

from spotdiff.data.images import ImageError
from spotdiff.evaluation.pair_sets import SbiPairs, SourcePairs
from spotdiff.types import IGNORE, UNKNOWN_KIND
from tests.fakes import noise, write_image


@pytest.fixture
def table(tmp_path):
    """Four pairs with boxes, the before views half as large, and one that names no truth."""
    rows = []
    for number in range(5):
        write_image(tmp_path / f"{number}_before.png", noise(number, 20, 30))
        write_image(tmp_path / f"{number}_after.png", noise(number, 40, 60))
        row = {"before": f"{number}_before.png", "after": f"{number}_after.png"}
        change = {"kind": "removed", "box_before": [2, 2, 10, 8]}
        rows.append({"pair_id": str(number), **row, **({"changes": [change]} if number else {})})
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_pairs_and_their_boxes_lie_in_the_frame_of_the_after_view(table):
    pairs = SourcePairs(table)
    assert len(pairs) == 4  # one has no truth
    pair = pairs.pair(0)
    assert pair.before.shape == pair.after.shape == (40, 60, 3)
    assert pair.truth.changes[0].box_before == (4, 4, 20, 16)


def test_fewer_pairs_are_evenly_spread(table):
    assert [row.pair_id for row in SourcePairs(table, stride=2).rows] == ["1", "3"]
    assert [row.pair_id for row in SourcePairs(table, limit=2).rows] == ["1", "3"]


def test_rows_that_cannot_be_used_are_problems(table):
    lines = table.read_text().splitlines()
    gone = json.dumps({**json.loads(lines[1]), "pair_id": "gone", "before": "gone.png"})
    table.write_text("\n".join([*lines, gone]) + "\n")
    pairs = SourcePairs(table)
    assert len(pairs) == 4
    assert "gone.png" in pairs.problems[0]


def test_a_mask_of_another_size_is_named(table):
    lines = [json.loads(line) for line in table.read_text().splitlines()]
    write_image(table.parent / "mask.png", np.zeros((5, 5, 3), np.uint8))
    lines[1]["mask"] = "mask.png"
    table.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(ImageError, match=r"mask\.png: expected a mask of the size \(40, 60\)"):
        SourcePairs(table).pair(0)


def test_pairs_without_truth_are_refused(tmp_path):
    for name in ("before", "after"):
        write_image(tmp_path / name / "one.png", noise(0))
    with pytest.raises(ValueError, match="Expected pairs with masks, boxes or words"):
        SourcePairs(tmp_path)


@pytest.fixture
def sbi(tmp_path):
    """One pair with an object that came, one with an object that moved within itself."""
    for name, box in (("a", None), ("b", (2, 2, 8, 8)), ("c", (4, 2, 10, 8))):
        write_image(tmp_path / "frames" / f"{name}.png", noise(1, 16, 24))
        mask = np.zeros((16, 24), np.uint8)
        if box is not None:
            mask[box[1] : box[3], box[0] : box[2]] = 255
            mask[box[1], box[2]] = 170
        (tmp_path / "masks").mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / "masks" / f"{name}.png"), mask)
    overlap = json.dumps([{"box1": [2, 2, 8, 8], "box2": [4, 2, 10, 8]}]).replace('"', '""')
    text = (
        "pair_id,image_1,image_2,category,added_boxes,removed_boxes,overlap_boxes\n"
        'came,frames/a.png,frames/b.png,person,"[[2, 2, 8, 8]]",[],[]\n'
        f'moved,frames/b.png,frames/c.png,person,[],[],"{overlap}"\n'
    )
    (tmp_path / "pairs.csv").write_text(text)
    return tmp_path


def test_objects_of_one_view_alone_have_changed(sbi):
    came, moved = (SbiPairs(sbi).pair(i).truth for i in (0, 1))
    assert (came.mask == UNKNOWN_KIND).sum() == 36
    assert came.mask[2, 8] == IGNORE
    assert came.changes[0].box_after == (2, 2, 8, 8)
    assert moved.changes is None  # its object overlaps itself
    assert (moved.mask == UNKNOWN_KIND).sum() == 2 * 6 * 2 - 1  # a pixel of b's rim is unknown
    assert (moved.mask[2:8, 4:8] == IGNORE).all()


def test_pixels_count_of_every_so_many_th_pair_and_boxes_of_each(sbi):
    pairs = SbiPairs(sbi, stride=2)
    assert [row.pair_id for row in pairs.rows] == ["came"]
    assert [row.pair_id for row in SbiPairs(sbi, limit=1).rows] == ["came"]


def test_real_pairs_of_static_cameras(real_data):
    pairs = SbiPairs(real_data / "sbi_pairs")
    boxes = [row for row in pairs.rows if row.pair_id in pairs._by_boxes]
    assert (len(pairs), len(boxes)) == (305, 33)
    assert sum(len(row.changes) for row in boxes) == 96
