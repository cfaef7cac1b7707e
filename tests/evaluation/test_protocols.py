"""Protocols of published evaluations, on boxes whose figures are worked out by hand."""

import math

import numpy as np
import pytest

from spotdiff.evaluation.protocols import (
    BOX_PROTOCOLS,
    PairBoxes,
    deeppcb_average_precision,
    deeppcb_f_score,
    hits_of_deeppcb,
    pair_boxes,
    voc_ranking,
    without_labels,
)
from spotdiff.training.scores import Places
from spotdiff.types import Change, ChangeKind, TrueChange

ADDED, REMOVED, CHANGED = ChangeKind


def boxes_of(boxes, true_boxes, scores=None, labels=(), true_labels=(), size=(256, 256)):
    said, true = (np.array(some, np.float32).reshape(-1, 4) for some in (boxes, true_boxes))
    confident = np.linspace(0.9, 0.5, len(said)) if scores is None else scores
    kinds = np.zeros(len(said), np.int64), np.zeros(len(true), np.int64)
    places = Places(said, np.array(confident, np.float32), kinds[0], true, kinds[1])
    return PairBoxes(places, size, tuple(labels), tuple(true_labels))


def test_voc_calls_a_box_right_from_an_overlap_below_one_half():
    # 8 px boxes 3 px apart: IoU 5 / 11 = 0.45; two pixels wider and higher: 7 / 13 = 0.54
    pair = boxes_of([[3, 0, 11, 8]], [[0, 0, 8, 8]])
    assert BOX_PROTOCOLS["ap50"]([pair]) == 0
    assert BOX_PROTOCOLS["voc_ap50"]([pair]) == 1


def test_voc_scales_both_views_to_256_pixels():
    # the same boxes four times as large in a frame of 1024 are the same boxes
    large = boxes_of([[12, 0, 44, 32]], [[0, 0, 32, 32]], size=(1024, 1024))
    assert BOX_PROTOCOLS["voc_ap50"]([large]) == 1
    assert BOX_PROTOCOLS["voc_ap50"]([boxes_of([[12, 0, 44, 32]], [[0, 0, 32, 32]])]) == 0


def test_voc_gives_each_true_box_to_the_best_one_that_overlaps_it_most():
    true = [[0, 0, 40, 40], [0, 0, 40, 44]]
    pair = boxes_of([[0, 0, 40, 41], [0, 0, 40, 41]], true)
    # both overlap the first one most: the second box is wrong, though another true box is free
    assert voc_ranking([pair]).hits.tolist() == [True, False]
    assert BOX_PROTOCOLS["voc_ap50"]([pair]) == 0.5
    assert BOX_PROTOCOLS["ap50"]([pair]) == pytest.approx(1)


def test_deeppcb_needs_an_overlap_above_a_third_and_cuts_to_whole_pixels():
    third = boxes_of([[5, 0, 15, 10]], [[0, 0, 10, 10]])  # 5 / 15
    assert hits_of_deeppcb(third).tolist() == [True]  # above 0.33
    less = boxes_of([[5.9, 0, 15.9, 10]], [[0.9, 0, 10.9, 10]])
    assert hits_of_deeppcb(less).tolist() == [True]
    assert hits_of_deeppcb(boxes_of([[6, 0, 16, 10]], [[0, 0, 10, 10]])).tolist() == [False]


def test_deeppcb_matches_in_the_order_of_the_files():
    # the first predicted box takes the true one, though the second fits it and is surer
    pair = boxes_of([[0, 0, 10, 20], [0, 0, 10, 10]], [[0, 0, 10, 10]], scores=[0.2, 0.9])
    assert hits_of_deeppcb(pair).tolist() == [True, False]
    assert deeppcb_average_precision([pair]) == 0.5
    assert deeppcb_f_score([pair]) == pytest.approx(2 / 3)


def test_a_box_of_the_wrong_class_uses_the_true_one_up():
    pair = boxes_of(
        [[0, 0, 10, 10], [0, 0, 10, 10]], [[0, 0, 10, 10]], labels=("spur", "open"),
        true_labels=("open",),
    )  # fmt: skip
    assert hits_of_deeppcb(pair).tolist() == [False, False]
    assert deeppcb_average_precision([pair]) == 0
    assert deeppcb_average_precision(without_labels([pair])) == 1


def test_deeppcb_pools_all_pairs_into_one_ranking():
    first = boxes_of([[0, 0, 10, 10]], [[0, 0, 10, 10]], scores=[0.9])
    second = boxes_of([[50, 50, 60, 60], [0, 0, 10, 10]], [[0, 0, 10, 10]], scores=[0.8, 0.7])
    # right, wrong, right: (1 + 2 / 3) / 2, where interpolation changes nothing
    assert deeppcb_average_precision([first, second]) == pytest.approx((1 + 2 / 3) / 2)


@pytest.mark.parametrize("name", sorted(BOX_PROTOCOLS))
def test_right_boxes_score_one_and_nothing_true_has_no_score(name):
    right = boxes_of([[0, 0, 30, 30], [50, 50, 90, 80]], [[50, 50, 90, 80], [0, 0, 30, 30]])
    assert BOX_PROTOCOLS[name]([right]) == pytest.approx(1)
    assert math.isnan(BOX_PROTOCOLS[name]([boxes_of([[0, 0, 5, 5]], [])]))
    assert BOX_PROTOCOLS[name]([boxes_of([], [[0, 0, 5, 5]])]) == 0


@pytest.mark.parametrize("name", sorted(BOX_PROTOCOLS))
def test_mirrored_pairs_score_the_same(name):
    rng = np.random.default_rng(4)
    corner = rng.integers(0, 100, (12, 2))
    true = np.concatenate([corner, corner + rng.integers(10, 40, (12, 2))], axis=1)
    said = true + rng.integers(-6, 6, true.shape)

    def mirrored(boxes):
        return np.stack([256 - boxes[:, 2], boxes[:, 1], 256 - boxes[:, 0], boxes[:, 3]], axis=1)

    plain, flipped = boxes_of(said, true), boxes_of(mirrored(said), mirrored(true))
    assert BOX_PROTOCOLS[name]([plain]) == pytest.approx(BOX_PROTOCOLS[name]([flipped]))


def test_a_change_gives_its_label_to_each_of_its_boxes():
    moved = Change(CHANGED, 0.9, "car", (0, 0, 4, 4), (20, 0, 24, 4))
    stayed = Change(CHANGED, 0.8, "dog", (40, 0, 48, 8), (40, 0, 48, 8))
    truth = TrueChange(ADDED, "man", None, (0, 0, 4, 4))
    found = pair_boxes([moved, stayed], [truth], (50, 60), margin=1)
    assert found.labels == ("car", "car", "dog")
    assert found.true_labels == ("man",)
    assert found.places.boxes[2].tolist() == [39, -1, 49, 9]
