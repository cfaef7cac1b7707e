"""Scores of whole pairs."""

import math

import numpy as np
import pytest

from spotdiff.evaluation.pairs import calibration_error, is_changed
from spotdiff.types import IGNORE, ChangeKind, LabelSets, TrueChange, Truth


def truly_added(box):
    return TrueChange(ChangeKind.ADDED, None, None, box)


def test_a_pair_is_changed_as_its_best_truth_says():
    block = np.array([[0, 4]], np.uint8)
    assert is_changed(Truth(mask=block)) is True
    assert is_changed(Truth(mask=block * 0, changes=(truly_added((0, 0, 1, 1)),))) is False
    assert is_changed(Truth(mask=np.full((1, 2), IGNORE, np.uint8))) is None
    assert is_changed(Truth(labels=LabelSets(changed=("car",)))) is True
    assert is_changed(Truth(changes=())) is False
    assert is_changed(Truth()) is None


def test_scores_that_are_shares_have_no_calibration_error():
    scores, answers = np.full(4, 0.25), np.array([True, False, False, False])
    assert calibration_error(scores, answers) == 0


def test_errors_of_bins_weigh_as_many_pairs_as_they_hold():
    scores, answers = np.array([1.0, 1.0, 1.0, 0.0]), np.array([True, False, False, False])
    assert calibration_error(scores, answers) == pytest.approx(3 / 4 * 2 / 3)
    assert math.isnan(calibration_error(scores[:0], answers[:0]))
