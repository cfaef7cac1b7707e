"""Finite sets: rows of a table, synthetic pairs."""

import csv
import json

import cv2
import numpy as np
import pytest

from spotdiff.data.images import ImageError
from spotdiff.data.sets import SyntheticSet, TableSet, read_pair
from spotdiff.data.tables import TableError
from spotdiff.types import IGNORE, UNKNOWN_KIND, ChangeKind, LabelSets, Pair, PairRow, TrueChange
from tests.fakes import noise, noisy_pair, write_image


class Seeds:
    """A composer whose pairs are named after their seed."""

    class library:  # noqa: N801
        labels = ("disk", None, "box")

    def __call__(self, seed: int) -> Pair:
        return Pair(
            str(seed), *(noisy_pair(seed, 8, 8).__getattribute__(v) for v in ("before", "after"))
        )


@pytest.fixture
def weak(tmp_path):
    rows = [(f"p{i:02d}", "car" if i % 2 else "none", "none", "man dog") for i in range(30)]
    for name, *_ in rows:
        for view in (1, 2):
            write_image(tmp_path / f"{name}_{view}.png", noise(view, 16, 16))
    with (tmp_path / "train.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("img_id", "added_objs", "removed_objs", "changed_objs"))
        table.writerows(rows)
    return tmp_path


def test_every_turn_of_a_synthetic_set_is_fresh():
    pairs = SyntheticSet(Seeds(), length=3, first_seed=100)
    assert [pairs.pair(i).pair_id for i in (0, 2, 3)] == ["100", "102", "103"]
    assert len(pairs) == 3


def test_a_repeating_synthetic_set_gives_the_same_pairs_every_turn():
    pairs = SyntheticSet(Seeds(), length=3, first_seed=100, repeat=True)
    assert [pairs.pair(i).pair_id for i in (0, 2, 3, 7)] == ["100", "102", "100", "101"]


def test_the_words_of_a_synthetic_set_are_those_of_its_library():
    words = [s.added for s in SyntheticSet(Seeds(), 3).label_sets()]
    assert words == [("disk",), ("box",)]


def test_training_and_validation_share_no_pair_and_lack_none(weak):
    train, val = (TableSet(weak, part, val_share=0.3) for part in ("train", "val"))
    ids = [{row.pair_id for row in part.rows} for part in (train, val)]
    assert not ids[0] & ids[1]
    assert len(ids[0] | ids[1]) == 30
    assert 2 <= len(val) <= 18


def test_a_pair_stays_on_its_side_when_rows_are_added(weak):
    before = {row.pair_id for row in TableSet(weak, "val", 0.3).rows}
    lines = (weak / "train.csv").read_text().splitlines()
    (weak / "train.csv").write_text("\n".join([lines[0], *reversed(lines[6:])]) + "\n")
    after = {row.pair_id for row in TableSet(weak, "val", 0.3).rows}
    assert after == {i for i in before if i >= "p05"}


@pytest.mark.parametrize(("share", "count"), [(0.0, 0), (1.0, 30)])
def test_shares_of_nothing_and_everything(weak, share, count):
    assert len(TableSet(weak, "val", share)) == count
    assert len(TableSet(weak, "train", share)) == 30 - count


def test_rows_are_read_as_pairs_with_their_words(weak):
    pairs = TableSet(weak)
    pair = pairs.pair(31)
    assert pair.pair_id == "p01"
    assert pair.truth.labels == LabelSets(("car",), (), ("man", "dog"))
    assert pair.truth.mask is None
    assert pair.before.shape == (16, 16, 3)
    assert len(list(pairs.label_sets())) == 30


def test_a_table_with_problems_lists_them_all_at_once(weak):
    (weak / "p03_2.png").unlink()
    (weak / "p07_1.png").unlink()
    with pytest.raises(TableError, match=r"(?s)2 problems.*p03_2.*p07_1"):
        TableSet(weak)


def _row(tmp_path, values, codes=None) -> PairRow:
    views = [write_image(tmp_path / f"{v}.png", noise(i, 4, 4)) for i, v in enumerate("ab")]
    mask = tmp_path / "mask.png"
    cv2.imwrite(str(mask), np.array(values, np.uint8))
    return PairRow("m", *views, mask=mask, mask_codes=codes)


def test_a_plain_mask_says_that_something_changed_but_not_how(tmp_path):
    pair = read_pair(_row(tmp_path, [[0, 1, 255, 7]] * 4))
    assert pair.truth.mask[0].tolist() == [0, UNKNOWN_KIND, UNKNOWN_KIND, UNKNOWN_KIND]


def test_a_coded_mask_is_translated_into_bits(tmp_path):
    pair = read_pair(_row(tmp_path, [[0, 10, 20, 0]] * 4, ((10, 1), (20, 6))))
    assert pair.truth.mask[0].tolist() == [0, 1, 6, 0]


def test_a_value_without_a_code_is_said_with_the_file(tmp_path):
    with pytest.raises(ImageError, match=r"mask\.png.*10.*30"):
        read_pair(_row(tmp_path, [[0, 10, 30, 0]] * 4, ((10, 1),)))


def test_a_manifest_brings_boxes(tmp_path):
    for i, name in enumerate("ab"):
        write_image(tmp_path / f"{name}.png", noise(i, 16, 16))
    change = {"kind": "added", "label": "cup", "box_before": None, "box_after": [1, 2, 5, 6]}
    line = {"pair_id": "x", "before": "a.png", "after": "b.png", "changes": [change]}
    (tmp_path / "pairs.jsonl").write_text(json.dumps(line) + "\n")
    pairs = TableSet(tmp_path / "pairs.jsonl")
    assert pairs.pair(0).truth.changes[0].box_after == (1, 2, 5, 6)
    assert [s.changed for s in pairs.label_sets()] == [("cup",)]


def _boxed(folder, outside, *changes, mask=None, before=(16, 32)):
    """A row whose after view has 16 × 32 pixels."""
    sizes = {"b": before, "a": (16, 32)}
    views = [write_image(folder / f"{n}.png", noise(0, *size)) for n, size in sizes.items()]
    return PairRow("m", *views, changes=changes, mask=mask, outside=outside)


CAME = TrueChange(ChangeKind.ADDED, "cup", None, (10, 4, 15, 9))
WENT = TrueChange(ChangeKind.REMOVED, "cup", (10, 4, 15, 9), None)


def test_boxes_draw_a_mask_where_the_row_says_what_is_outside_them(tmp_path):
    unchanged = read_pair(_boxed(tmp_path, "unchanged", CAME)).truth.mask
    unknown = read_pair(_boxed(tmp_path, "unknown", CAME)).truth.mask
    # the core of five by five pixels, and four pixels around the box
    line = [0] * 6 + [IGNORE] * 4 + [1] * 5 + [IGNORE] * 4 + [0] * 13
    assert unchanged[6].tolist() == line
    assert unknown[6].tolist() == [value or IGNORE for value in line]
    assert unchanged[15].any() == 0
    assert (unknown[15] == IGNORE).all()


def test_boxes_alone_draw_no_mask(tmp_path):
    pair = read_pair(_boxed(tmp_path, None, CAME))
    assert pair.truth.mask is None
    assert pair.truth.changes == (CAME,)


def test_no_boxes_say_that_nothing_changed_only_where_the_row_says_so(tmp_path):
    assert not read_pair(_boxed(tmp_path, "unchanged")).truth.mask.any()
    row = _boxed(tmp_path, "unchanged")
    without = PairRow("m", row.before, row.after, outside="unchanged")
    assert read_pair(without).truth.mask is None


def test_boxes_of_a_larger_before_view_are_laid_into_the_after_view(tmp_path):
    twice = TrueChange(ChangeKind.REMOVED, "cup", (20, 12, 30, 27), None)  # ×2 and ×3
    mask = read_pair(_boxed(tmp_path, "unchanged", twice, before=(48, 64))).truth.mask
    expected = read_pair(_boxed(tmp_path, "unchanged", WENT)).truth.mask
    np.testing.assert_array_equal(mask, expected)
    assert (mask == ChangeKind.REMOVED.bit).any()


def test_a_mask_file_is_worth_more_than_boxes(tmp_path):
    path = tmp_path / "mask.png"
    cv2.imwrite(str(path), np.full((16, 32), 255, np.uint8))
    mask = read_pair(_boxed(tmp_path, "unchanged", CAME, mask=path)).truth.mask
    assert (mask == UNKNOWN_KIND).all()


def test_a_set_that_is_reloaded_says_what_its_table_says_by_now(weak):
    parts = [TableSet(weak, part, val_share=0.3) for part in ("train", "val")]
    before = [[row.pair_id for row in part.rows] for part in parts]
    table = weak / "train.csv"
    table.write_text(table.read_text().replace("man dog", "sign"))
    assert {s.changed for s in parts[0].label_sets()} == {("man", "dog")}
    for part in parts:
        part.reload()
    assert {s.changed for part in parts for s in part.label_sets()} == {("sign",)}
    assert [[row.pair_id for row in part.rows] for part in parts] == before


def test_a_table_that_broke_is_told_when_it_is_reloaded(weak):
    pairs = TableSet(weak)
    (weak / "p03_1.png").unlink()
    with pytest.raises(TableError, match="p03_1"):
        pairs.reload()
    assert len(pairs) == 30
