"""The pair asked again with its views exchanged."""

import numpy as np
import pytest

from spotdiff.evaluation.methods import HEATS, Method
from spotdiff.evaluation.swapping import SwapConsistency, returned
from spotdiff.stages.decision import HeatmapDecision
from spotdiff.types import Change, ChangeKind, ChangeMap, Thresholds
from tests.fakes import ByDifference

ADDED, REMOVED, CHANGED = ChangeKind
BOX, NEAR, FAR = (0, 0, 20, 20), (0, 0, 20, 19), (0, 0, 20, 17)


class AlwaysAdded:
    """Calls every difference added, whichever view is the first."""

    def __call__(self, pairs):
        maps = ByDifference()(pairs)
        return [self._added(one) for one in maps]

    def _added(self, one):
        heat = np.stack([one.heat.max(axis=0), 0 * one.heat[0], 0 * one.heat[0]])
        return ChangeMap(
            heat, heat.max(axis=(1, 2)), one.label_scores, one.labels_before, one.labels_after
        )


def consistency(localizer, pair):
    decision = HeatmapDecision(Thresholds(min_heat=0.3, min_score=0.3))
    ours = Method("ours", localizer, HEATS, decision, 0.3)
    measure = SwapConsistency()
    measure.take(ours, pair, ours.answer(pair))
    return measure.values()


def test_a_method_without_a_favourite_side_says_the_same(tiny_pair):
    values = consistency(ByDifference(), tiny_pair)
    assert values == {
        "pairs": 1, "changes": 1, "same_changes": 1, "largest_heat_difference": 0,
    }  # fmt: skip


def test_a_kind_that_is_not_exchanged_is_found_out(tiny_pair):
    values = consistency(AlwaysAdded(), tiny_pair)
    assert values["same_changes"] == 0
    assert values["largest_heat_difference"] == pytest.approx(
        (255 - tiny_pair.before[20:40, 30:60].mean(axis=2).min()) / 255, abs=1e-6
    )


@pytest.mark.parametrize(
    ("other", "count"),
    [
        (Change(REMOVED, 0.9, None, BOX, None), 1),
        (Change(REMOVED, 0.9, None, NEAR, None), 1),
        (Change(REMOVED, 0.9, None, FAR, None), 0),
        (Change(ADDED, 0.9, None, None, BOX), 0),
        (Change(CHANGED, 0.9, None, BOX, BOX), 0),
    ],
)
def test_a_change_comes_back_with_its_kind_exchanged_and_the_same_box(other, count):
    assert returned([Change(ADDED, 0.9, None, None, BOX)], [other]) == count


def test_one_answer_stands_for_one_change():
    twice = [Change(ADDED, 0.9, None, None, BOX)] * 2
    assert returned(twice, [Change(REMOVED, 0.9, None, BOX, None)]) == 1
