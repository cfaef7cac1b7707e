"""False alarms at a recall."""

import math

import pytest

from spotdiff.evaluation.alarms import Rate, alarms, over_seeds, own_alarms


def test_one_threshold_holds_for_all_nuisances():
    unchanged = {"blur": [0.1, 0.45], "noise": [0.5, 0.6]}
    changed = {"blur": [0.9] * 9, "noise": [0.4]}  # 9 of 10 reach 0.9
    assert alarms(unchanged, changed) == {"blur": 0, "noise": 0, "all": 0}
    changed = {"blur": [0.4] * 5, "noise": [0.4] * 5}
    assert alarms(unchanged, changed) == {"blur": 0.5, "noise": 1, "all": 0.75}


def test_a_threshold_of_its_own_may_be_higher():
    unchanged = {"blur": [0.1, 0.45], "noise": [0.5, 0.6]}
    assert own_alarms(unchanged, {"blur": [0.4], "noise": [0.55]}) == {"blur": 0.5, "noise": 0.5}


def test_scores_that_reach_the_threshold_are_alarms():
    assert alarms({"blur": [0.5]}, {"blur": [0.5]})["blur"] == 1


def test_the_spread_is_that_of_seeds():
    rate = over_seeds([{"blur": 0.2}, {"blur": 0.4}])["blur"]
    assert rate.mean == pytest.approx(0.3)
    assert rate.deviation == pytest.approx(math.sqrt(0.02))
    assert rate.by_seed == (0.2, 0.4)
    assert math.isnan(Rate.of([0.2]).deviation)
