"""Methods that are compared: with and without thresholds of their own."""

from dataclasses import replace

import numpy as np
import pytest

from spotdiff.evaluation.methods import HEATS, Method, method
from spotdiff.stages.decision import HeatmapDecision
from spotdiff.types import ChangeKind, Thresholds, TrueChange, Truth
from tests.fakes import ByDifference


def test_without_a_decision_there_is_heat_and_a_score_but_no_change(tiny_pair):
    answered = method("difference", ByDifference()).answer(tiny_pair)
    assert answered.result.changes == ()
    assert answered.result.change_score == pytest.approx(answered.change_map.gates[0])
    assert answered.change_map.heat[0, 20:40, 30:60].min() > 0.4
    assert answered.seconds > 0


def test_a_decision_reports_changes_at_its_thresholds(tiny_pair):
    decision = HeatmapDecision(Thresholds(min_heat=0.3, min_score=0.3))
    ours = Method("ours", ByDifference(), HEATS, decision, 0.3)
    (change,) = ours.answer(tiny_pair).result.changes
    assert change.kind is ChangeKind.ADDED
    assert change.box_after == (30, 20, 60, 40)


def test_a_localizer_may_say_which_thresholds_are_worth_trying():
    class Few(ByDifference):
        heats = (0.1, 0.2)

    assert method("few", Few()).heats == (0.1, 0.2)
    assert method("other", ByDifference()).heats == HEATS


def test_an_aligner_moves_the_view_and_the_truth_of_before(tiny_pair):
    def moved(pairs):
        matrix = np.array([[1, 0, 4], [0, 1, 0], [0, 0, 1.0]])
        rolled = [replace(pair, before=np.roll(pair.before, 4, axis=1)) for pair in pairs]
        return [(pair, matrix, None) for pair in rolled]

    truth = Truth(changes=(TrueChange(ChangeKind.REMOVED, None, (0, 0, 8, 8), None),))
    pair = replace(tiny_pair, before=np.roll(tiny_pair.after, -4, axis=1), truth=truth)
    answered = method("aligned", ByDifference(), moved).answer(pair)
    assert not answered.change_map.heat.any()
    assert answered.truth.changes[0].box_before == (4, 0, 12, 8)
    assert answered.moved
