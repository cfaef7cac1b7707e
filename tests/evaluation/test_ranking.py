"""Average precision that can be weighted, beside the one of COCO."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.evaluation.ranking import (
    MAX_BOXES,
    Ranking,
    average_precision,
    best_boxes,
    curve_of,
    draws,
    interval,
    pixel_average_precision,
    ranked,
    seed_spread,
)
from spotdiff.training import scores
from spotdiff.training.metrics import PixelScores
from spotdiff.training.scores import UNKNOWN, Places, hits_by_centre, hits_by_overlap


def evidence(seed, pairs=6, boxes=8):
    """Pairs whose predicted boxes lie around true ones, some of them not; scores tie at times."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(pairs):
        count, said = int(rng.integers(0, 5)), int(rng.integers(0, boxes))
        true = np.concatenate(
            [corner := rng.uniform(0, 60, (count, 2)), corner + rng.uniform(8, 30, (count, 2))], 1
        )
        around = true[rng.integers(count, size=said)] if count else rng.uniform(0, 60, (said, 4))
        guess = around + rng.normal(0, 3, (said, 4))
        guess[:, 2:] = np.maximum(guess[:, 2:], guess[:, :2] + 1)
        found.append(
            Places(
                guess.astype(np.float32),
                rng.choice(np.linspace(0.1, 1, 40), said).astype(np.float32),
                np.zeros(said, np.int64),
                true.astype(np.float32),
                np.full(count, UNKNOWN),
            )
        )
    return found


@pytest.mark.parametrize("seed", range(40))
def test_the_light_average_precision_is_that_of_coco(seed):
    pairs = evidence(seed)
    expected = scores.average_precision(pairs)
    light = average_precision(ranked(pairs, hits_by_overlap))
    if math.isnan(expected.overall):
        assert math.isnan(light)
    else:
        assert light == pytest.approx(expected.overall, abs=1e-6)
    assert average_precision(ranked(pairs, hits_by_centre), interpolated=False) == pytest.approx(
        expected.centre, abs=1e-9
    )


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.integers(0, 5))
def test_a_pair_that_counts_twice_is_two_pairs(seed, twice):
    pairs = evidence(seed)
    if not any(len(one.true_boxes) for one in pairs):
        return
    # scores of their own, so that copies stay side by side
    pairs = [
        replace(one, scores=(one.scores + 1e-4 * np.arange(len(one.scores)) + 1e-2 * i))
        for i, one in enumerate(pairs)
    ]
    weights = np.ones(len(pairs))
    weights[twice] = 2
    weighted = average_precision(ranked(pairs, hits_by_overlap), weights=weights)
    copied = average_precision(ranked([*pairs, pairs[twice]], hits_by_overlap))
    assert weighted == pytest.approx(copied, abs=0.02)


def test_pairs_that_do_not_count_change_nothing():
    pairs = evidence(3)
    weights = np.array([1, 1, 1, 1, 1, 0.0])
    assert average_precision(ranked(pairs, hits_by_overlap), weights=weights) == pytest.approx(
        average_precision(ranked(pairs[:5], hits_by_overlap))
    )


def test_without_true_boxes_there_is_no_precision():
    nothing = Ranking(np.zeros(1, bool), np.zeros(1, np.int64), np.zeros(1, np.int64))
    assert math.isnan(average_precision(nothing))
    assert math.isnan(average_precision(ranked([], hits_by_overlap)))


def test_only_the_hundred_best_boxes_of_a_pair_count():
    many = MAX_BOXES + 20
    boxes = np.tile(np.array([[0, 0, 4, 4]], np.float32), (many, 1))
    rising = np.linspace(0, 1, many).astype(np.float32)
    kept = best_boxes(Places(boxes, rising, np.zeros(many, np.int64), boxes[:1], np.zeros(1, int)))
    assert len(kept.boxes) == MAX_BOXES
    assert kept.scores[0] == 1
    assert kept.scores[-1] == pytest.approx(rising[20])


def test_pixels_score_as_the_metric_of_training_says():
    rng = np.random.default_rng(0)
    probability = torch.from_numpy(rng.random((20, 30)).astype(np.float32))
    changed = torch.from_numpy(rng.random((20, 30)) < probability.numpy() ** 2)
    metric = PixelScores()
    metric.update(probability, changed, torch.ones_like(changed))
    assert pixel_average_precision(metric.counts.numpy()) == pytest.approx(
        float(metric.compute().average_precision)
    )
    assert math.isnan(pixel_average_precision(np.array([[1, 2], [0, 0]])))


def test_an_interval_holds_the_value_and_repeats():
    counts = np.random.default_rng(0).integers(0, 9, (30, 2, 20)).astype(np.float32)
    counts[:, 1] *= np.linspace(0, 2, 20, dtype=np.float32)
    value = curve_of(counts)
    low, high = interval(value, 30)
    assert low < value(np.ones(30)) < high
    assert (low, high) == interval(value, 30)


def test_one_pair_has_no_interval():
    assert all(math.isnan(end) for end in interval(lambda _: 1.0, 1))
    assert all(math.isnan(end) for end in interval(lambda _: math.nan, 5))


def test_every_draw_has_as_many_pairs_as_there_are():
    assert {int(weights.sum()) for weights in draws(7)} == {7}


def test_one_seed_has_no_spread():
    mean, deviation = seed_spread([0.5])
    assert mean == 0.5
    assert math.isnan(deviation)
