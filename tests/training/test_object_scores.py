"""Many settings at once score as one decision after the other."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.ops.things import things_of
from spotdiff.stages.object_decision import ObjectDecision
from spotdiff.training.object_scores import (
    f1_of,
    pooled_things,
    scores_of,
    subset,
    things_by_pair,
)
from spotdiff.types import ChangeKind, LabelSets, ObjectEvidence, ObjectRules
from tests.training.object_tables import LOOK, MEANINGS, labelled, random_table, seen

NONE, CAR = LabelSets(), LabelSets(added=("car",))


def f1(said, true) -> float:
    """By sets of words."""
    said, true = set(said), set(true)
    return 2 * len(said & true) / (len(said) + len(true)) if said or true else 1.0


def asked_one_by_one(table, rules) -> np.ndarray:
    """The F1 of every pair and kind, by the decision that answers pairs."""
    decision = ObjectDecision(rules, None, MEANINGS, LOOK)
    rows = []
    for evidence, truth in zip(table.evidence, table.truth, strict=True):
        said = NONE if evidence is None else decision(evidence, "both")[2]
        rows.append([f1(said.of(kind), truth.of(kind)) for kind in ChangeKind])
    return np.array(rows).reshape(-1, 3)


def random_rules(rng: np.random.Generator) -> ObjectRules:
    share = lambda: float(rng.uniform(0, 1))  # noqa: E731
    return ObjectRules(
        min_score=share(),
        min_partner=share() / 2,
        alpha=share(),
        min_same=share(),
        max_shift=2 * share(),
        min_alike=share(),
        boost=2 * share(),
        min_heat=round(0.05 * int(rng.integers(1, 21)), 2),
        heat=str(rng.choice(["boost", "odds"])),
        odds=tuple(rng.normal(size=3).tolist()),
    )


@settings(max_examples=60)
@given(st.integers(0, 10**9), st.integers(1, 6), st.booleans(), st.booleans())
def test_many_settings_score_as_one_decision_after_the_other(seed, pairs, heat, looks):
    rng = np.random.default_rng(seed)
    table = random_table(rng, pairs, heat=heat, looks=looks)
    some = [random_rules(rng) for _ in range(6)]
    # settings that share partners, and such that share scores too
    some += [replace(some[0], min_score=0.5), replace(some[0], boost=0.1, max_shift=0.2)]
    some += [replace(some[1], heat="odds", min_score=level) for level in (0, 0.3, 1)]
    found = scores_of(table, some)
    assert found.shape == (len(some), pairs, 3)
    for rules, scores in zip(some, found, strict=True):
        np.testing.assert_allclose(scores, asked_one_by_one(table, rules), atol=1e-6)


def test_it_is_no_test_of_silence():
    """What the law above is drawn from has answers of every sort."""
    rng = np.random.default_rng(0)
    table = random_table(rng, 200)
    scores = scores_of(table, [ObjectRules(min_score=0.2)])[0]
    for kind in range(3):
        assert {0.0, 1.0} < set(scores[:, kind].tolist())
    assert sum(one is None for one in table.evidence) > 10
    assert sum(one is not None and one.identical for one in table.evidence) > 5


def test_a_failed_pair_and_equal_views_are_answered_with_nothing():
    hot = ObjectEvidence(seen(), seen(("car", 0, 0.9)))
    table = labelled(
        [None, None, replace(hot, identical=True), replace(hot, identical=True), hot],
        [NONE, CAR, NONE, CAR, CAR],
    )
    (scores,) = scores_of(table, [ObjectRules()])
    np.testing.assert_array_equal(scores, [[1, 1, 1], [0, 1, 1], [1, 1, 1], [0, 1, 1], [1, 1, 1]])


def test_without_settings_there_are_no_scores():
    table = random_table(np.random.default_rng(0), 3)
    assert scores_of(table, []).shape == (0, 3, 3)


def test_pairs_without_any_objects_are_scored():
    table = labelled([ObjectEvidence(), None], [CAR, NONE])
    np.testing.assert_array_equal(scores_of(table, [ObjectRules()])[0], [[0, 1, 1], [1, 1, 1]])


@settings(max_examples=20)
@given(st.integers(0, 10**9))
def test_some_pairs_score_as_they_do_among_all(seed):
    rng = np.random.default_rng(seed)
    table, rules = random_table(rng, 6), [random_rules(rng) for _ in range(3)]
    rows = rng.permutation(6)[:3]
    some = subset(table, rows)
    assert some.pair_ids == tuple(f"p{row}" for row in rows)
    np.testing.assert_array_equal(scores_of(some, rules), scores_of(table, rules)[:, rows])


@settings(max_examples=20)
@given(st.integers(0, 10**9))
def test_things_pooled_are_the_things_of_each_pair(seed):
    rng = np.random.default_rng(seed)
    table, rules = random_table(rng, 5), random_rules(rng)
    found = things_by_pair(table, pooled_things(table, rules), rules)
    for things, evidence in zip(found, table.known, strict=True):
        alone = things_of(evidence, rules, LOOK, MEANINGS.group)
        assert things.words == alone.words
        np.testing.assert_array_equal(things.kinds, alone.kinds)
        np.testing.assert_allclose(things.scores, alone.scores, atol=1e-6)


def test_repeated_and_unknown_words_count_once():
    truth = LabelSets(added=("car", "car", "unicorn"))
    evidence = ObjectEvidence(seen(), seen(("car", 0, 0.9), ("car", 1, 0.9)))
    (scores,) = scores_of(labelled([evidence], [truth]), [ObjectRules()])
    np.testing.assert_allclose(scores, [[2 / 3, 1, 1]])


def test_the_f1_of_sets_by_hand():
    said = np.array([[[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]]], bool)
    true = np.array([[[1, 0, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0]]], bool)
    np.testing.assert_allclose(f1_of(said, true), [[2 / 5, 1, 0]])


def test_words_are_those_of_truth_and_of_objects():
    table = labelled(
        [ObjectEvidence(seen(("truck", 0, 0.1))), None], [LabelSets(changed=("dog",)), CAR]
    )
    assert table.words == ("car", "dog", "truck")
    assert table.true_words == {"car", "dog"}
    assert table.holds.tolist() == [
        [[0, 0, 0], [0, 0, 0], [0, 1, 0]],
        [[1, 0, 0], [0] * 3, [0] * 3],
    ]
