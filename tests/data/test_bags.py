"""Bags of regions: what a region shows, which words a pair has, what a batch holds."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spotdiff.data.bag_files import read_bags, write_bags
from spotdiff.data.bags import UNKNOWN, Bag, BagSet, CollateBags, bag_of, targets_of, words_of
from spotdiff.ops.heatmap import Regions
from spotdiff.types import ChangeKind, LabelSets, PairRow, TrueChange, Truth
from tests.fakes import noise, write_image

WORDS = ("open", "spur")


def regions(*boxes, kinds=None):
    count = len(boxes)
    return Regions(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.full(count, 40),
        np.full(count, 0.9, np.float32),
        np.array([0] * count if kinds is None else kinds, np.int64),
    )


def defect(label, *box):
    return TrueChange(None, label, box, box)


@pytest.fixture
def rows(tmp_path):
    found = []
    for i in range(3):
        before = write_image(tmp_path / f"{i}_before.png", noise(i, 64, 96))
        after = write_image(tmp_path / f"{i}_after.png", noise(i + 9, 64, 96))
        found.append(PairRow(str(i), before, after, changes=(defect("open", 4, 4, 20, 20),)))
    return found


def find(pairs):
    return [regions((8, 8, 16, 16), (40, 40, 50, 52)) for _ in pairs]


def test_a_region_shows_the_true_box_that_it_meets_and_parts_of_a_box_are_still_that_box():
    found = regions((12, 12, 28, 28), (10, 10, 14, 14), (60, 60, 70, 70), (82, 12, 98, 28))
    true = (defect("open", 5, 5, 35, 35), defect("other", 80, 10, 100, 30))
    assert targets_of(found, true, WORDS, margin=5).tolist() == [0, 0, 2, UNKNOWN]
    assert targets_of(found, (), WORDS, margin=5).tolist() == [2, 2, 2, 2]


def test_objects_without_kinds_give_one_list_for_all_of_them():
    truth = Truth(changes=(defect("spur", 0, 0, 9, 9), defect("open", 9, 9, 20, 20)))
    assert words_of(truth) == (LabelSets(WORDS, WORDS, WORDS), False)


def test_objects_with_kinds_and_word_lists_keep_them():
    car = TrueChange(ChangeKind.ADDED, "car", None, (0, 0, 9, 9))
    assert words_of(Truth(changes=(car, car))) == (LabelSets(added=("car",)), True)
    assert words_of(Truth(labels=LabelSets(removed=("dog",)))) == (
        LabelSets(removed=("dog",)),
        True,
    )


def test_a_batch_numbers_the_regions_by_their_pair(rows):
    found = [bag_of(row, find, side=32) for row in rows]
    batch = CollateBags(WORDS, weak=False, margin=4)(found)
    assert batch.before.shape == (6, 3, 32, 32)
    assert batch.owner.tolist() == [0, 0, 1, 1, 2, 2]
    assert batch.targets.tolist() == [0, 2] * 3
    assert batch.words.tolist() == [[[1, 0]] * 3] * 3
    assert not batch.has_kinds.any()
    assert len(batch) == 3


def test_weak_batches_hold_nothing_of_the_boxes(rows):
    found = [bag_of(row, find, side=32) for row in rows]
    batch = CollateBags(WORDS, weak=True, margin=4)(found)
    assert (batch.targets == UNKNOWN).all()
    assert batch.words[0, 0].tolist() == [1, 0]


def test_turning_turns_both_views_alike_and_anew_each_epoch(rows):
    bag = bag_of(rows[0], find, side=32)
    twins = Bag(bag.pair_id, bag.regions, bag.before, bag.before, bag.truth)
    turned = BagSet([twins], turn=True, seed=1)
    seen = set()
    for epoch in range(12):
        turned.epoch = epoch
        one = turned[0]
        assert np.array_equal(one.before, one.after)
        assert np.array_equal(turned[0].before, one.before)
        seen.add(one.before.tobytes())
    assert len(seen) > 4
    assert twins.before.tobytes() in {bag.before.tobytes()}


def test_bags_come_back_from_their_file_with_the_truth_of_today(rows, tmp_path):
    found = [bag_of(row, find, side=32) for row in rows]
    write_bags(found, tmp_path / "some" / "bags.npz")
    back = read_bags(tmp_path / "some" / "bags.npz", rows[::-1])
    assert [bag.pair_id for bag in back] == ["2", "1", "0"]
    for one, other in zip(back[::-1], found, strict=True):
        assert np.array_equal(one.before, other.before)
        assert np.array_equal(one.after, other.after)
        assert np.array_equal(one.regions.boxes, other.regions.boxes)
        assert one.truth == Truth(None, rows[0].changes)
    assert [p.name for p in (tmp_path / "some").iterdir()] == ["bags.npz"]


def test_pairs_without_a_bag_are_left_out_and_a_damaged_file_is_refused(rows, tmp_path):
    path = tmp_path / "bags.npz"
    write_bags([bag_of(row, find, side=32) for row in rows[:2]], path)
    assert [bag.pair_id for bag in read_bags(path, rows)] == ["0", "1"]
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match="delete it"):
        read_bags(path, rows)


def test_a_batch_moves_to_a_device_as_a_whole(rows):
    batch = CollateBags(WORDS, weak=True)([bag_of(row, find, side=32) for row in rows])
    assert batch.to("meta").before.device.type == "meta"
    assert torch.equal(batch.to("cpu").owner, batch.owner)
