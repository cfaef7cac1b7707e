"""What a search is worth: folds, and that no fold is seen by what is scored on it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.training import cross_validation
from spotdiff.training.combining import fit_combination
from spotdiff.training.cross_validation import (
    combination_of,
    combination_scores,
    cross_validate,
    folds,
    spoken,
    spread,
)
from spotdiff.training.object_scores import scores_of
from spotdiff.training.simple_answers import silence
from spotdiff.types import LabelSets, ObjectEvidence, ObjectRules, WholePair
from tests.training.object_tables import labelled, planted_table, random_table, seen


@given(st.integers(2, 30), st.integers(2, 8), st.integers(0, 100))
def test_folds_are_apart_cover_all_and_are_of_like_size(pairs, count, seed):
    names = [f"p{i}" for i in range(pairs)]
    found = folds(names, count, seed)
    assert sorted(np.concatenate(found).tolist()) == list(range(pairs))
    sizes = [len(rows) for rows in found]
    assert len(found) == min(count, pairs)
    assert max(sizes) - min(sizes) <= 1
    for rows, same in zip(found, folds(names, count, seed), strict=True):
        np.testing.assert_array_equal(rows, same)


def test_another_seed_is_another_draw():
    names = [f"p{i}" for i in range(40)]
    assert [r.tolist() for r in folds(names, 4, 0)] != [r.tolist() for r in folds(names, 4, 1)]


def test_folds_do_not_depend_on_the_order_of_the_table():
    names = [f"p{i}" for i in range(20)]
    there = [{names[i] for i in rows} for rows in folds(names, 4, 0)]
    back = [{names[::-1][i] for i in rows} for rows in folds(names[::-1], 4, 0)]
    assert there == back


@pytest.mark.parametrize("group", [r"^(\w+)_", r"^[a-z]+"])
def test_pairs_of_one_group_share_a_fold(group):
    names = [f"{place}_{i}" for place in ("road", "hall", "park", "yard") for i in range(5)]
    found = folds(names, 3, 0, group)
    assert len(found) == 3
    homes = {}
    for fold, rows in enumerate(found):
        for i in rows:
            homes.setdefault(names[i].split("_")[0], set()).add(fold)
    assert all(len(home) == 1 for home in homes.values())
    assert sum(map(len, found)) == 20


def test_fewer_groups_make_fewer_folds():
    assert len(folds(["a_1", "a_2", "b_1"], 5, 0, r"^(\w)_")) == 2


@pytest.mark.parametrize(
    ("names", "count", "group"),
    [(["a"], 5, None), ([], 5, None), (["a", "b"], 1, None), (["a_1", "a_2"], 5, "a")],
)
def test_one_fold_is_refused(names, count, group):
    with pytest.raises(ValueError, match="Expected pairs for two folds at least"):
        folds(names, count, 0, group)


def test_a_group_that_is_not_in_an_id_is_refused():
    with pytest.raises(ValueError, match="not found in 'other'"):
        folds(["road_1", "other"], 2, 0, r"^(\w+)_")


def test_a_spread_by_hand():
    scores = np.float32([[0.4, 0.5, 0.6], [0.4, 0.6, 0.5], [0.5, 0.5, 0.8]])
    found = spread(scores, [np.array([0]), np.array([1]), np.array([2])])
    assert found.mean == pytest.approx(4.8 / 9)
    assert found.kinds == pytest.approx((1.3 / 3, 1.6 / 3, 1.9 / 3))
    deviation = np.std([0.5, 0.5, 0.6], ddof=1)
    assert found.high - found.mean == pytest.approx(4.3027 * deviation / 3**0.5, rel=1e-4)
    assert found.mean - found.low == pytest.approx(found.high - found.mean)


def test_a_spread_ends_where_scores_do():
    found = spread(np.float32([[0] * 3, [1] * 3]), [np.array([0]), np.array([1])])
    assert (found.low, found.mean, found.high) == (0, 0.5, 1)


def test_every_fold_is_scored_by_what_the_others_found():
    table = planted_table(12)
    parts = folds(table.pair_ids, 3, 0)
    asked = []

    def search(rows):
        asked.append(rows.tolist())
        return ObjectRules(min_score=0.1 * len(asked))

    found = cross_validate(table, search, parts, ["objects"])
    assert [one.min_score for one in found.chosen] == pytest.approx([0.1, 0.2, 0.3])
    for rows, others, rules in zip(parts, asked, found.chosen, strict=True):
        assert sorted([*rows.tolist(), *others]) == list(range(12))
        np.testing.assert_array_equal(found.rules[rows], scores_of(table, [rules])[0][rows])


def test_what_only_one_fold_says_is_not_known_there(monkeypatch):
    """A unicorn is in one fold alone, seen by everybody: nobody who has not met it can say it."""
    table = planted_table(12)
    parts = folds(table.pair_ids, 3, 0)
    home = parts[1].tolist()
    unicorn = LabelSets(added=("unicorn",))
    evidence, truth = list(table.evidence), list(table.truth)
    for row in home:
        evidence[row] = ObjectEvidence(seen(), seen(("unicorn", 0, 0.95)))
        truth[row] = unicorn
    table = replace(table, evidence=tuple(evidence), truth=tuple(truth))
    met = []

    def noted(said, known, words):
        met.append("unicorn" in words or unicorn in known)
        return fit_combination(said, known, words)

    monkeypatch.setattr(cross_validation, "fit_combination", noted)
    found = cross_validate(table, lambda _: ObjectRules(), parts, ["objects"])
    assert met == [True, False, True]
    np.testing.assert_array_equal(found.combinations["objects"][home, 0], 0)
    whole = combination_of(table, ObjectRules(), ["objects"])
    assert combination_scores(table, ObjectRules(), whole, "objects")[home, 0].min() == 1


def test_a_label_that_detectors_were_asked_for_may_be_said_though_no_fold_has_it():
    table = replace(planted_table(12), known_words=("car", "unicorn"))
    assert combination_of(table, ObjectRules(), ["objects"]).words == ("car", "unicorn")


def test_a_combination_learns_which_word_never_comes_true():
    """Cones are seen with the same score as cars and are never right."""
    table = planted_table(30, low=0.7, high=0.7)
    parts = folds(table.pair_ids, 3, 0)
    found = cross_validate(table, lambda _: ObjectRules(), parts, ["objects"])
    assert found.rules.mean() < 0.8
    assert found.combinations["objects"].mean() > 0.95


@settings(max_examples=15)
@given(st.integers(0, 10**9))
def test_failed_pairs_and_equal_views_are_answered_with_nothing(seed):
    table = random_table(np.random.default_rng(seed), 10)
    rules = ObjectRules()
    fitted = combination_of(table, rules, ["both", "objects", "model"])
    nothing = [one is None or one.identical for one in table.evidence]
    for witnesses in ("both", "objects", "model"):
        found = combination_scores(table, rules, fitted, witnesses)
        np.testing.assert_array_equal(found[nothing], silence(table)[nothing])


def test_what_is_spoken_has_words_of_things_and_of_the_model():
    whole = WholePair(np.float32([0.9, 0.1, 0.2]), np.float32([[0.7], [0], [0]]), ("dog",))
    table = labelled(
        [ObjectEvidence(seen(), seen(("car", 0, 0.6)), whole=whole), None],
        [LabelSets(), LabelSets()],
    )
    one, failed = spoken(table, ObjectRules(), ("car", "dog"), "both")
    np.testing.assert_allclose(one.words, [[0.6, 0], [0, 0], [0, 0]], rtol=1e-6)
    np.testing.assert_allclose(one.labels, [[0, 0.7], [0, 0], [0, 0]], rtol=1e-6)
    assert failed.gates is None
    assert not failed.words.any()
