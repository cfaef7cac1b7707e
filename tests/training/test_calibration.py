"""Thresholds fitted to evidence for which the best ones are known by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from spotdiff.training.calibration import (
    LEVELS,
    Evidence,
    ThresholdCalibrator,
    fit_gate,
    fit_score,
    open_f1,
)
from spotdiff.training.histograms import BINS, histogram
from spotdiff.types import ChangeKind, Thresholds, TrueChange

SIZE = (32, 48)
DEFAULTS = Thresholds(0.31, 0.32, (0.33, 0.34, 0.35), (0.36, 0.37, 0.38), 0.39)


def evidence(**known):
    """A pair of which nothing is said and nothing is known, but for what is given."""
    silent = Evidence(torch.zeros(3, *SIZE), torch.zeros(3), torch.zeros(3, 0))
    return replace(silent, **known)


def fitted(*pairs):
    calibrator = ThresholdCalibrator(DEFAULTS, min_area=4)
    for pair in pairs:
        calibrator.update(pair)
    return calibrator.fit()


def heat_of(*painted):
    heat = torch.zeros(3, *SIZE)
    for x0, value in painted:
        heat[0, 8:16, x0 : x0 + 8] = value
    return heat


def truly_at(x0):
    return TrueChange(ChangeKind.ADDED, None, None, (x0, 8.0, x0 + 8.0, 16.0))


def test_what_nobody_knows_keeps_its_default():
    assert fitted(evidence()) == DEFAULTS


def test_heat_is_cut_half_way_between_what_changed_and_what_did_not():
    heat = torch.zeros(3, *SIZE)
    heat[1] = 0.2
    heat[1, :10] = 0.8
    changed = torch.zeros(SIZE, dtype=torch.bool)
    changed[:10] = True
    fit = fitted(evidence(heat=heat, changed=changed, known=torch.ones_like(changed)))
    assert fit.min_heat == pytest.approx(0.5, abs=0.002)
    assert fit.min_gates == DEFAULTS.min_gates


def test_unknown_pixels_do_not_move_the_heat():
    heat = torch.zeros(3, *SIZE)
    heat[1] = 0.2
    heat[1, :10] = 0.8
    heat[1, 20:] = 0.95
    changed = torch.zeros(SIZE, dtype=torch.bool)
    changed[:10] = True
    known = torch.ones_like(changed)
    known[20:] = False
    assert fitted(evidence(heat=heat, changed=changed, known=known)).min_heat == pytest.approx(
        0.5, abs=0.002
    )


def test_the_score_of_boxes_lies_between_right_and_wrong_ones():
    pairs = [
        evidence(heat=heat_of((4, 0.9), (30, 0.5)), changes=(truly_at(4.0),)),
        evidence(heat=heat_of((20, 0.4)), changes=()),
    ]
    assert fitted(*pairs).min_score == pytest.approx(0.7, abs=0.002)


def test_the_score_threshold_by_hand():
    # Right at 0.9 and 0.3, wrong at 0.6, of two true boxes: all three (F1 0.8) beat one (0.67).
    counts = histogram(torch.tensor([0.9, 0.6, 0.3]), torch.tensor([True, False, True]))
    assert fit_score(counts, torch.tensor(2)) == pytest.approx(0.15, abs=0.001)
    # With four wrong ones in between: one of two alone (0.67) beats two of six (0.5).
    crowd = histogram(torch.tensor([0.9] + [0.6] * 4 + [0.3]), torch.tensor([1, 0, 0, 0, 0, 1]))
    assert fit_score(crowd, torch.tensor(2)) == pytest.approx(0.75, abs=0.001)
    assert fit_score(counts, torch.tensor(0)) is None


def test_a_gate_has_the_best_balanced_accuracy():
    # Nine absent and one present: with accuracy alone, always closed would do well.
    gates = torch.tensor([0.1] * 7 + [0.4] * 2 + [0.3])
    counts = histogram(gates, torch.arange(10) == 9)
    assert fit_gate(counts) == pytest.approx(0.2, abs=0.001)
    assert fit_gate(histogram(gates, torch.ones(10))) is None


def test_added_and_removed_share_a_gate_and_changed_has_its_own():
    pairs = [
        evidence(gates=torch.tensor([0.8, 0.1, 0.3]), present=torch.tensor([1.0, 0.0, 1.0])),
        evidence(gates=torch.tensor([0.2, 0.6, 0.1]), present=torch.tensor([0.0, 1.0, 0.0])),
    ]
    gates = fitted(*pairs).min_gates
    assert gates[0] == gates[1] == pytest.approx(0.4, abs=0.002)
    assert gates[2] == pytest.approx(0.2, abs=0.002)


def test_unknown_kinds_do_not_move_the_gates():
    nobody_knows = torch.full((3,), torch.nan)
    gates = fitted(evidence(gates=torch.full((3,), 0.9), present=nobody_knows)).min_gates
    assert gates == DEFAULTS.min_gates


def labelled(gate, scores, words, present=None):
    """A pair whose three kinds say and hold the same."""
    true = torch.zeros(3, 3)
    true[:, list(words)] = 1
    there = float(bool(words)) if present is None else present
    return evidence(
        gates=torch.full((3,), gate),
        label_scores=torch.tensor(scores).repeat(3, 1),
        present=torch.full((3,), there),
        labels=true,
    )


def test_gates_and_label_thresholds_fit_the_label_sets_together():
    pairs = [
        labelled(0.9, [0.805, 0.605, 0.205], {0, 1}),
        labelled(0.7, [0.705, 0.105, 0.305], {0}),
        labelled(0.3, [0.9, 0.9, 0.9], set()),
    ]
    fit = fitted(*pairs)
    for kind in range(3):
        assert fit.min_gates[kind] == pytest.approx(0.5, abs=0.002)
        assert fit.min_label_scores[kind] == pytest.approx(0.455, abs=0.01)


def test_where_labels_are_never_right_silence_costs_least():
    # Opening the gate for the one pair that holds something would win nothing, and lose two.
    pairs = [labelled(0.5, [0.9, 0.1, 0.1], {2}), *[labelled(0.8, [0.9, 0.1, 0.1], set())] * 2]
    assert fitted(*pairs).min_gates[0] > 0.8


def test_words_outside_the_vocabulary_do_not_reward_silence():
    calibrator = ThresholdCalibrator(DEFAULTS)
    calibrator.update(labelled(0.5, [0.9, 0.1, 0.1], set(), present=1.0))
    assert calibrator.closed.sum() == 0
    assert calibrator.opened.sum() == 0


def test_label_sets_behind_an_open_gate_always_say_the_best_label():
    scores, true = torch.tensor([[0.3, 0.2]]), torch.tensor([[True, False]])
    f1 = open_f1(scores, true)[0]
    assert f1.shape == (LEVELS,)
    assert f1[10] == pytest.approx(2 / 3)
    assert f1[99] == 1


def test_two_ranks_fit_what_one_would():
    pairs = [
        labelled(0.9, [0.805, 0.605, 0.205], {0, 1}),
        labelled(0.3, [0.9, 0.9, 0.9], set()),
        evidence(heat=heat_of((4, 0.9), (30, 0.5)), changes=(truly_at(4.0),)),
    ]
    one, other = ThresholdCalibrator(min_area=4), ThresholdCalibrator(min_area=4)
    one.update(pairs[0])
    for pair in pairs[1:]:
        other.update(pair)
    one.merge_state(other)
    whole = ThresholdCalibrator(min_area=4)
    for pair in pairs:
        whole.update(pair)
    assert one.fit() == whole.fit()


def test_what_is_kept_does_not_grow_with_the_pairs():
    calibrator = ThresholdCalibrator()
    shapes = {name: getattr(calibrator, name).shape for name in ("pixels", "boxes", "opened")}
    calibrator.update(labelled(0.9, [0.8, 0.6, 0.2], {0}))
    assert {name: getattr(calibrator, name).shape for name in shapes} == shapes
    assert calibrator.opened.shape == (3, BINS, LEVELS)


def test_boxes_and_not_pixels_say_where_the_heat_is_cut():
    # Two things with a bridge of weak heat between them: pixels want it, boxes do not.
    heat = heat_of((4, 0.95), (12, 0.45), (20, 0.95))
    changed = heat[0] > 0
    true = (truly_at(4.0), truly_at(20.0))
    fit = fitted(evidence(heat=heat, changed=changed, known=changed | True, changes=true))
    assert 0.45 < fit.min_heat <= 0.8
    alone = fitted(evidence(heat=heat, changed=changed, known=changed | True))
    assert alone.min_heat < 0.45


def test_without_true_boxes_they_say_nothing():
    fit = fitted(evidence(heat=heat_of((20, 0.4)), changes=()))
    assert (fit.min_heat, fit.min_score) == (DEFAULTS.min_heat, DEFAULTS.min_score)


def test_of_scores_as_good_the_lowest_is_taken():
    # 200 right boxes above; a last right one at 0.4 comes with two wrong ones: hardly worse.
    scores = torch.tensor([0.9] * 200 + [0.4, 0.45, 0.45])
    right = torch.tensor([1] * 201 + [0, 0]).bool()
    assert fit_score(histogram(scores, right), torch.tensor(201)) == pytest.approx(0.2, abs=0.001)
