"""Two witnesses joined: what speaks for a set and for a word, by hand; and the laws of a pair."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.ops.combination import (
    GATE_COLUMNS,
    WORD_COLUMNS,
    WordEvidence,
    combined,
    gate_features,
    word_evidence,
    word_features,
)
from spotdiff.types import Combination, WholePair, WitnessWeights

WORDS = ("car", "cone", "dog")
NOTHING = np.log(0.005 / 0.995)  # the log-odds of 0, which nobody is that sure of
PRIOR = np.array([[0.5, 0.25, 0.0], [-0.5, -0.25, 1.0]])
SWAPPED = [1, 0, 2]  # added and removed exchanged


def evidence(things=(0.8, 0.5, 0.0), totals=(1.0, 0.5, 0.0), words=None, **rest) -> WordEvidence:
    table = np.zeros((3, 3)) if words is None else np.array(words, float)
    rest.setdefault("kin", np.full((3, 3), 0.5))
    return WordEvidence(np.array(things), np.array(totals), table, **rest)


def test_what_speaks_for_a_set_by_hand():
    gates = np.float32([0.5, 0.8, 0.2])
    features = gate_features([evidence(gates=gates)])
    four = np.log(4)
    expected = [
        [four, np.log(2), 0, 0, four, 1],  # added: the others are what was removed
        [0, np.log(1.5), four, four, 0, 1],
        [NOTHING, 0, four, -four, four, 1],  # changed: the larger one of both
    ]
    np.testing.assert_allclose(features, [expected], atol=1e-6)


def test_what_speaks_for_a_word_by_hand():
    words = [[0.8, 0, 0], [0.5, 0, 0], [0, 0, 0.2]]
    labels = np.float32([[0.2, 0, 0.5]] * 3)
    features = word_features([evidence(words=words, labels=labels)], PRIOR)
    four = np.log(4)
    assert features.shape == (1, 3, 3, 6)
    np.testing.assert_allclose(features[0, 0, 0], [four, 0, 0, -four, 0.5, 1], atol=1e-6)
    np.testing.assert_allclose(features[0, 1, 0], [0, 0, four, -four, 0.5, 1], atol=1e-6)
    np.testing.assert_allclose(features[0, 2, 0], [NOTHING, 0, four, -four, -0.5, 1], atol=1e-6)
    np.testing.assert_allclose(features[0, 2, 2], [-four, 0, NOTHING, 0, 1, 1], atol=1e-6)
    np.testing.assert_allclose(
        features[0, 0, 1], [NOTHING, 0, NOTHING, NOTHING, 0.25, 1], atol=1e-6
    )


def test_a_witness_who_is_not_there_says_nothing_either_way():
    alone = evidence()
    np.testing.assert_array_equal(gate_features([alone])[..., 3:5], 0)
    np.testing.assert_array_equal(word_features([alone], PRIOR)[..., 3], 0)


def test_no_pairs_have_no_features():
    assert gate_features([]).shape == (0, 3, 6)
    assert word_features([], PRIOR).shape == (0, 3, 3, 6)


def test_things_that_did_not_change_and_unknown_words_are_left_out():
    kinds, scores = np.array([-1, 0, 0, 2]), np.float32([1, 0.5, 0.25, 0.75])
    whole = WholePair(
        np.float32([0.1, 0.2, 0.3]), np.float32([[0.5, 0.6], [0, 0], [0, 1]]), ("cat", "dog")
    )
    found = word_evidence(kinds, scores, ["car", "cat", "car", "dog"], whole, WORDS)
    np.testing.assert_array_equal(found.things, [0.5, 0, 0.75])
    np.testing.assert_array_equal(found.totals, [0.75, 0, 0.75])
    np.testing.assert_array_equal(found.words, [[0.25, 0, 0], [0, 0, 0], [0, 0, 0.75]])
    np.testing.assert_array_equal(found.kin, found.words)
    np.testing.assert_array_equal(found.gates, whole.gates)
    np.testing.assert_allclose(found.labels, [[0, 0, 0.6], [0, 0, 0], [0, 0, 1]], rtol=1e-6)


def test_kin_speak_for_one_another():
    kinds, scores = np.array([0, 0]), np.float32([0.5, 0.75])
    group = {"man": "person", "person": "person", "woman": "person"}.get
    found = word_evidence(kinds, scores, ["man", "woman"], None, ["person", "man"], group)
    np.testing.assert_array_equal(found.words[0], [0, 0.5])
    np.testing.assert_array_equal(found.kin[0], [0.75, 0.75])


def drawn(seed: int) -> tuple[WordEvidence, Combination]:
    """What anybody may say, and any weights that join it."""
    rng = np.random.default_rng(seed)
    gates = rng.uniform(0, 1, 3).astype(np.float32)
    labels = rng.uniform(0, 1, (3, 3)).astype(np.float32)
    said = evidence(rng.uniform(0, 1, 3), rng.uniform(0, 3, 3), rng.uniform(0, 1, (3, 3)))
    said = replace(said, kin=rng.uniform(0, 1, (3, 3)))
    said = replace(said, gates=gates, labels=labels)
    weights = {
        name: WitnessWeights(
            rng.normal(size=(2, len(GATE_COLUMNS[name]))),
            rng.normal(size=(2, len(WORD_COLUMNS[name]))),
        )
        for name in ("both", "objects", "model")
    }
    return said, Combination(WORDS, rng.normal(size=(2, 3)), weights)


def swapped(said: WordEvidence) -> WordEvidence:
    return WordEvidence(
        *(value[SWAPPED] for value in (said.things, said.totals, said.words, said.kin)),
        said.gates[SWAPPED],
        said.labels[SWAPPED],
        said.identical,
    )


@given(st.integers(0, 10**6), st.sampled_from(["both", "objects", "model"]))
def test_exchanged_views_exchange_the_answer(seed, witnesses):
    said, combination = drawn(seed)
    there = combined([said], combination, witnesses)
    back = combined([swapped(said)], combination, witnesses)
    np.testing.assert_allclose(there[0][:, SWAPPED], back[0])
    np.testing.assert_array_equal(there[1][:, SWAPPED], back[1])


@given(st.integers(0, 10**6), st.sampled_from(["both", "objects", "model"]))
def test_of_equal_views_nothing_is_said(seed, witnesses):
    said, combination = drawn(seed)
    filled, chosen = combined([replace(said, identical=True)], combination, witnesses)
    assert not filled.any()
    assert not chosen.any()


@given(st.integers(0, 10**6))
def test_who_is_not_asked_does_not_matter(seed):
    said, combination = drawn(seed)
    other, _ = drawn(seed + 1)
    for witnesses, changed in (
        ("objects", replace(said, gates=other.gates, labels=other.labels)),
        (
            "model",
            replace(
                said, things=other.things, totals=other.totals, words=other.words, kin=other.kin
            ),
        ),
    ):
        for one, same in zip(
            combined([said], combination, witnesses),
            combined([changed], combination, witnesses),
            strict=True,
        ):
            np.testing.assert_array_equal(one, same)


def test_a_combination_says_no_other_words_than_it_may():
    _, combination = drawn(0)
    fewer = combination.among(["dog", "cat"])
    assert fewer.words == ("dog",)
    assert np.array_equal(fewer.prior, combination.prior[:, [2]])


def test_answers_do_not_depend_on_other_pairs():
    some = [drawn(seed)[0] for seed in range(5)]
    _, combination = drawn(9)
    together = combined(some, combination, "both")
    for row, one in enumerate(some):
        alone = combined([one], combination, "both")
        np.testing.assert_allclose(together[0][row], alone[0][0])
        np.testing.assert_array_equal(together[1][row], alone[1][0])


def test_a_combination_of_other_witnesses_is_refused():
    said, combination = drawn(0)
    alone = replace(combination, weights={"objects": combination.weights["objects"]})
    with pytest.raises(ValueError, match=r"fitted for 'both', got one for objects: tune again\."):
        combined([said], alone, "both")


def test_weights_of_another_version_are_refused():
    said, combination = drawn(0)
    short = WitnessWeights(np.zeros((2, 3)), np.zeros((2, 5)))
    with pytest.raises(ValueError, match=r"Expected 6 weights .* for 'both', got 3 and 5"):
        combined([said], replace(combination, weights={"both": short}), "both")
