"""Searches find what was planted, and say what they cannot search."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.training import tuning
from spotdiff.training.object_scores import scores_of, subset
from spotdiff.training.tuning import GridSearch, OddsSearch, OptunaSearch, grid, odds_of
from spotdiff.types import LabelSets, ObjectEvidence, ObjectRules
from tests.training.object_tables import labelled, planted_table, random_table, seen

BASE = ObjectRules()
ALL = np.arange(24)


def test_a_grid_holds_every_combination_in_order():
    found = grid(ObjectRules(boost=0.3), {"alpha": [0.2, 0.4], "min_score": [0.1, 0.5, 0.9]})
    assert [(one.alpha, one.min_score) for one in found] == [
        (0.2, 0.1),
        (0.2, 0.5),
        (0.2, 0.9),
        (0.4, 0.1),
        (0.4, 0.5),
        (0.4, 0.9),
    ]
    assert {one.boost for one in found} == {0.3}
    assert grid(BASE, {}) == [BASE]


def test_a_rule_that_is_none_is_named():
    with pytest.raises(ValueError, match=r"Expected rules of \[.*'alpha'.*\], got det_thr, lambda"):
        grid(BASE, {"lambda": [1.0], "alpha": [0.5], "det_thr": [0.2]})


def test_a_value_out_of_its_range_is_named():
    with pytest.raises(ValueError, match=r"Expected alpha to be a number from 0 to 1, got 1\.5"):
        grid(BASE, {"alpha": [0.5, 1.5]})


def test_a_grid_search_finds_the_best():
    search = GridSearch(planted_table(), grid(BASE, {"min_score": [0.4, 0.6, 0.8]}))
    assert search(ALL).min_score == 0.6


def test_of_equals_the_first_is_taken():
    search = GridSearch(planted_table(), grid(BASE, {"min_score": [0.4, 0.65, 0.55]}))
    assert search(ALL).min_score == 0.65


def test_a_grid_search_looks_at_its_pairs_alone(monkeypatch):
    """Pairs without cars are best answered with nothing; all are scored once."""
    calls = []
    monkeypatch.setattr(
        tuning, "scores_of", lambda *given: calls.append(given) or scores_of(*given)
    )
    search = GridSearch(planted_table(), grid(BASE, {"min_score": [0.8, 0.4, 0.6]}))
    assert search(ALL[::2]).min_score == 0.8
    assert search(ALL[1::2]).min_score == 0.6
    assert len(calls) == 1


SPACE = {"min_score": [0.05, 0.9], "min_heat": [0.1, 0.9]}


def test_proposals_find_what_was_planted():
    rules = OptunaSearch(planted_table(), BASE, SPACE, trials=25, seed=0)(ALL)
    assert 0.5 < rules.min_score <= 0.7
    assert (rules.alpha, rules.heat) == (BASE.alpha, BASE.heat)


def test_proposals_repeat_by_their_seed():
    table = random_table(np.random.default_rng(3), 12)
    space = SPACE | {"alpha": [0.0, 1.0], "max_shift": [0.05, 2.0]}

    def found(seed):
        return OptunaSearch(table, BASE, space, trials=8, seed=seed)(np.arange(12))

    assert found(1) == found(1)


def test_the_first_proposal_is_what_there_was():
    table = planted_table()
    rules = ObjectRules(min_score=0.6)
    assert OptunaSearch(table, rules, SPACE, trials=1, seed=5)(ALL) == rules


def test_proposals_say_nothing_and_leave_the_voice_of_optuna_as_it_was(recwarn, capfd):
    import optuna

    before = optuna.logging.get_verbosity()
    recwarn.clear()
    OptunaSearch(planted_table(4), BASE, SPACE, trials=1, seed=0)(np.arange(4))
    assert optuna.logging.get_verbosity() == before
    assert [str(warning.message) for warning in recwarn] == []
    assert capfd.readouterr() == ("", "")


def test_a_space_of_strange_rules_is_refused():
    with pytest.raises(ValueError, match="got iou_thr"):
        OptunaSearch(planted_table(4), BASE, {"iou_thr": [0.1, 0.9]}, trials=1, seed=0)


def test_without_optuna_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(tuning, "find_spec", lambda _: None)
    with pytest.raises(ImportError, match=r'pip install "spotdiff\[sweep\]"'):
        OptunaSearch(planted_table(4), BASE, SPACE, trials=1, seed=0)


def inner(_) -> ObjectRules:
    return ObjectRules(min_score=0.4)


@settings(max_examples=15)
@given(st.integers(0, 10**9))
def test_odds_are_never_worse_on_their_own_pairs(seed):
    rng = np.random.default_rng(seed)
    table = random_table(rng, 8)
    rows = rng.permutation(8)[:5]
    some = subset(table, rows)
    found = OddsSearch(table, inner)(rows)
    both = scores_of(some, [inner(rows), found]).mean(axis=(1, 2))
    assert both[1] >= both[0]


def hot_and_cold(pairs: int = 30):
    """Cars come hot or, wrongly, cold; all score the same."""
    evidence, truth = [], []
    for i in range(pairs):
        hot = i % 2 == 0
        evidence.append(ObjectEvidence(seen(), seen(("car", i % 5, 0.6, 0.9 if hot else 0.05))))
        truth.append(LabelSets(added=("car",) if hot else ()))
    return labelled(evidence, truth)


def test_odds_tell_hot_from_cold_boxes_where_scores_cannot():
    table = hot_and_cold()
    rows = np.arange(len(table))
    deaf = ObjectRules(min_score=0.4, boost=0)
    found = OddsSearch(table, lambda _: deaf)(rows)
    assert found.heat == "odds"
    scores = scores_of(table, [deaf, found]).mean(axis=(1, 2))
    assert scores[0] == pytest.approx(5 / 6)
    assert scores[1] == 1


def test_odds_of_no_things_are_those_of_the_start():
    table = labelled([ObjectEvidence(), None], [LabelSets(added=("car",)), LabelSets()])
    assert odds_of(table, BASE) == (1.0, 1.0, 0.0)
