"""F1 of pixels by three conventions."""

import numpy as np
import pytest

from spotdiff.evaluation.pixels import Pixels, best_bin, f_scores, precision_recall
from spotdiff.types import ChangeMap, PairResult, Truth, ViewInfo


def answer(heat):
    none = np.zeros((0, 1, 1), np.float32)
    three = np.stack([heat, 0 * heat, 0 * heat]).astype(np.float32)
    seen = ChangeMap(three, np.zeros(3, np.float32), np.zeros((3, 0), np.float32), none, none)
    return PairResult("pair", ViewInfo(""), ViewInfo(""), change_map=seen)


def measured(*pairs, min_heat=0.5):
    pixels = Pixels(min_heat)
    for heat, mask in pairs:
        assert pixels.take(answer(np.array(heat)), Truth(mask=np.array(mask, np.uint8)))
    return pixels


def test_conventions_differ_where_a_pair_has_no_change():
    perfect = ([[0.9, 0.1]], [[1, 0]]), ([[0.1, 0.1]], [[0, 0]])
    values = measured(*perfect).values()
    assert values["average_precision"] == values["f1"] == values["precision"] == 1
    # the pair without change scores 0 in these two, though nothing was said of it
    assert values["f1_mean_of_pairs"] == pytest.approx(0.5, abs=1e-6)
    assert values["f1_of_means"] == pytest.approx(0.5, abs=1e-6)


def test_a_large_object_outweighs_a_small_one_only_over_all_pixels():
    large = ([[0.9] * 8], [[1] * 8])
    small = ([[0.1] * 7 + [0.9]], [[1, 1] + [0] * 6])  # one wrong, none of two found
    values = measured(large, small).values()
    assert values["f1"] == pytest.approx(2 * 8 / (9 + 10))
    assert values["f1_mean_of_pairs"] == pytest.approx(0.5, abs=1e-6)


def test_f1_of_means_is_neither_of_the_others():
    first = ([[0.9, 0.9, 0.1, 0.1]], [[1, 0, 0, 0]])  # precision 1 / 2, recall 1
    second = ([[0.9, 0.1, 0.1, 0.1]], [[1, 1, 1, 1]])  # precision 1, recall 1 / 4
    values = measured(first, second).values()
    assert values["f1"] == pytest.approx(2 * 2 / (3 + 5))
    assert values["f1_mean_of_pairs"] == pytest.approx((2 / 3 + 0.4) / 2, abs=1e-6)
    precision, recall = 0.75, 0.625
    assert values["f1_of_means"] == pytest.approx(
        2 * precision * recall / (precision + recall), abs=1e-6
    )


def test_the_best_threshold_is_the_one_of_all_pixels():
    values = measured(([[0.7, 0.4, 0.2]], [[1, 1, 0]]), min_heat=0.6).values()
    assert values["best_f1"] == 1
    assert 0.2 <= values["best_heat"] <= 0.4
    assert values["f1"] == pytest.approx(2 / 3)


def test_a_method_without_threshold_has_only_the_best_one():
    values = measured(([[0.7, 0.2]], [[1, 0]]), min_heat=None).values()
    assert values["best_f1"] == 1
    assert "f1" not in values
    assert "precision" not in values


def test_two_pairs_have_an_interval_and_one_has_none():
    good, bad = ([[0.9, 0.1]], [[1, 0]]), ([[0.1, 0.9]], [[1, 0]])
    low, high = measured(good, bad).intervals()["average_precision"]
    assert (low, high) == (0.5, 1)


def test_counts_of_bins_give_the_same_as_pixels():
    counts = np.zeros((1, 2, 10), np.float32)
    counts[0, 0, 3], counts[0, 1, 7] = 4, 2
    assert best_bin(counts) == 4
    assert f_scores(counts, 4)["f1"] == 1
    assert precision_recall(counts, 3) == {"precision": pytest.approx(1 / 3), "recall": 1}
