"""Gathered over batches and ranks, scores are what they are over everything at once."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
import torch
from torchmetrics.classification import BinaryAveragePrecision

from spotdiff.training.metrics import (
    BoxAP,
    ChangeAUROC,
    FalseAlarmRate,
    PixelScores,
    SetF1,
    pixel_truth,
)
from spotdiff.training.scores import average_precision, false_alarm_rate, places
from spotdiff.types import Change, ChangeKind, LabelSets, TrueChange

HERE, THERE = (0.0, 0.0, 10.0, 10.0), (20.0, 20.0, 30.0, 30.0)


def some_pixels(seed: int, size: tuple[int, int] = (40, 50)):
    generator = torch.Generator().manual_seed(seed)
    changed = torch.rand(size, generator=generator) < 0.1
    noise = torch.rand(size, generator=generator)
    known = torch.rand(size, generator=generator) < 0.9
    return (noise * 0.7 + changed * 0.3), changed, known


def some_places(seed: int):
    rng = np.random.default_rng(seed)
    corners = rng.integers(0, 50, (6, 2))
    boxes = [(float(x), float(y), x + 9.0, y + 9.0) for x, y in corners]
    changes = [
        Change(ChangeKind.ADDED, float(score), box_after=box)
        for score, box in zip(rng.random(4), boxes[:4], strict=True)
    ]
    truth = [TrueChange(ChangeKind.ADDED, None, None, box) for box in boxes[2:]]
    return places(changes, truth)


def joined(metric, other):
    """The metric as if `other` were the state of another rank."""
    metric.merge_state(other)
    return metric


def test_the_truth_of_pixels_is_any_bit_but_the_unknown_ones():
    changed, known = pixel_truth(torch.tensor([[0, 1, 2, 4, 8, 128, 129]], dtype=torch.uint8))
    assert changed.tolist() == [[False, True, True, True, True, False, False]]
    assert known.tolist() == [[True, True, True, True, True, False, False]]


def test_pixel_precision_is_that_of_torchmetrics_but_for_the_bins():
    metric, reference = PixelScores(), BinaryAveragePrecision(ignore_index=-1)
    for seed in range(3):
        probability, changed, known = some_pixels(seed)
        metric.update(probability, changed, known)
        reference.update(probability.flatten(), torch.where(known, changed.long(), -1).flatten())
    assert metric.compute().average_precision.item() == pytest.approx(
        reference.compute().item(), abs=2e-3
    )


def test_best_pixel_f1_by_hand():
    metric = PixelScores()
    metric.update(
        torch.tensor([0.9, 0.6, 0.7, 0.1, 0.99]),
        torch.tensor([True, True, False, False, False]),
        torch.tensor([True, True, True, True, False]),
    )
    # All three at or above 0.6: precision 2/3, recall 1. The last pixel is unknown.
    assert metric.compute().best_f1.item() == pytest.approx(0.8)


def test_pixels_of_two_ranks_add_up():
    whole, one, other = PixelScores(), PixelScores(), PixelScores()
    for seed, part in ((0, one), (1, other)):
        whole.update(*some_pixels(seed))
        part.update(*some_pixels(seed))
    assert joined(one, other).compute() == whole.compute()


def test_the_area_under_the_curve_by_hand():
    metric = ChangeAUROC()
    metric.update(torch.tensor([0.9, 0.4, 0.5]), torch.tensor([1, 1, 0]))
    assert metric.compute().item() == pytest.approx(0.5)


def test_false_alarms_of_two_ranks_are_those_of_all_pairs():
    rng = np.random.default_rng(0)
    scores, changed = rng.random(40).astype(np.float32), rng.random(40) < 0.5
    one, other = FalseAlarmRate(), FalseAlarmRate()
    one.update(torch.from_numpy(scores[:15]), torch.from_numpy(changed[:15]))
    other.update(torch.from_numpy(scores[15:]), torch.from_numpy(changed[15:]))
    expected = false_alarm_rate(scores, changed)
    assert joined(one, other).compute().item() == pytest.approx(expected)


def test_set_f1_is_the_mean_over_pairs_of_all_ranks():
    one, other = SetF1(), SetF1()
    one.update([LabelSets(("car",)), LabelSets()], [LabelSets(("car", "dog")), LabelSets()])
    other.update([LabelSets()], [LabelSets((), (), ("man",))])
    expected = [(2 / 3 + 1 + 1) / 3, 1, 2 / 3]
    torch.testing.assert_close(joined(one, other).compute(), torch.tensor(expected))


def test_boxes_come_back_from_the_stream_as_they_went_in():
    evidence = [some_places(0), places([], []), some_places(1)]
    one, other = BoxAP(), BoxAP()
    one.update(evidence[:2])
    other.update(evidence[2:])
    assert joined(one, other).compute() == pytest.approx(average_precision(evidence), nan_ok=True)


def test_a_rank_without_pairs_takes_nothing_away():
    metric = BoxAP()
    metric.update([some_places(0)])
    alone = metric.compute()
    metric = BoxAP()
    metric.update([some_places(0)])
    metric.stream.append(torch.tensor([]))
    assert metric.compute() == pytest.approx(alone, nan_ok=True)


@pytest.mark.filterwarnings("ignore:The ``compute`` method of metric")
@pytest.mark.parametrize("kind", [PixelScores, ChangeAUROC, FalseAlarmRate, SetF1, BoxAP])
def test_without_pairs_a_metric_is_nan(kind):
    answer = kind().compute()
    assert all(math.isnan(value) for value in np.ravel([np.asarray(v) for v in np.ravel(answer)]))


@pytest.mark.parametrize("kind", [PixelScores, ChangeAUROC, FalseAlarmRate, SetF1, BoxAP])
def test_a_metric_survives_pickling(kind):
    assert isinstance(pickle.loads(pickle.dumps(kind())), kind)
