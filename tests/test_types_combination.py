"""What was fitted, as plain values and back; damage is one sentence."""

import json
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.types import Combination, ObjectRules, Tuned, WitnessWeights

COMBINATION = Combination(
    ("car", "dog"),
    np.array([[0.5, -1.25], [1e-9, 3.0]]),
    {"objects": WitnessWeights(np.arange(8.0).reshape(2, 4), np.arange(8.0).reshape(2, 4) / 7)},
)
TUNED = Tuned(
    ObjectRules(min_score=0.3, heat="odds", odds=(1.5, 0.25, -0.5)),
    COMBINATION,
    ("car", "person"),
    ("car", "man"),
)


def same(one: Combination, other: Combination) -> None:
    assert one.words == other.words
    np.testing.assert_array_equal(one.prior, other.prior)
    assert list(one.weights) == list(other.weights)
    for name, weights in one.weights.items():
        np.testing.assert_array_equal(weights.gates, other.weights[name].gates)
        np.testing.assert_array_equal(weights.words, other.weights[name].words)


@pytest.mark.parametrize("travel", [json.dumps, yaml.safe_dump])
def test_what_was_tuned_comes_back(travel):
    found = Tuned.from_plain(yaml.safe_load(travel(TUNED.plain())))
    assert replace(found, combination=None) == replace(TUNED, combination=None)
    same(found.combination, COMBINATION)


def test_without_a_combination_none_comes_back():
    assert Tuned.from_plain(Tuned(ObjectRules()).plain()) == Tuned(ObjectRules())


numbers = st.floats(-1e6, 1e6)


@given(st.lists(st.text(max_size=4), max_size=3, unique=True), st.data())
def test_any_combination_comes_back(words, data):
    def array(width):
        rows = st.lists(numbers, min_size=width, max_size=width)
        return np.array([data.draw(rows), data.draw(rows)], np.float64).reshape(2, width)

    weights = {name: WitnessWeights(array(6), array(5)) for name in ("both", "model")}
    combination = Combination(tuple(words), array(len(words)), weights)
    same(Combination.from_plain(json.loads(json.dumps(combination.plain()))), combination)


def remove(name):
    return lambda plain: plain.pop(name)


def put(name, value):
    return lambda plain: plain.__setitem__(name, value)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (remove("words"), "KeyError: 'words'"),
        (remove("prior"), "KeyError: 'prior'"),
        (remove("weights"), "KeyError: 'weights'"),
        (put("words", "ab"), "a list of words"),
        (put("words", 3), "a list of words"),
        (put("words", ["car", "dog", "cow"]), "ValueError"),
        (put("prior", [[0, 1], [2]]), "ValueError"),
        (put("prior", "x"), "ValueError"),
        (put("prior", [[0, float("nan")], [0, 0]]), "finite numbers"),
        (put("weights", [1]), "AttributeError"),
        (put("weights", {"both": 3}), "TypeError"),
        (put("weights", {"both": {"gates": [1, 2]}}), "KeyError: 'words'"),
        (put("weights", {"both": {"gates": [1, 2, 3], "words": [1, 2]}}), "ValueError"),
        (put("weights", {"both": {"gates": [1, float("inf")], "words": [1, 2]}}), "finite numbers"),
    ],
)
def test_a_damaged_combination_is_one_sentence(damage, said):
    plain = deepcopy(COMBINATION.plain())
    damage(plain)
    with pytest.raises(ValueError, match=r"^Expected a combination with words, prior") as caught:
        Combination.from_plain(plain)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (remove("rules"), "Expected rules, combination, labels and words"),
        (remove("combination"), "Expected rules, combination, labels and words"),
        (remove("labels"), "Expected rules, combination, labels and words"),
        (put("rules", 3), "Expected rules, combination, labels and words"),
        (put("rules", "ab"), "Expected rules, combination, labels and words"),
        (put("rules", {"min_scores": 0.5}), "unexpected keyword argument 'min_scores'"),
        (put("rules", {"min_score": 2}), "Expected min_score to be a number from 0 to 1, got 2."),
        (put("rules", {"min_score": "high"}), "Expected min_score to be a number"),
        (put("rules", {"odds": 3}), "Expected rules, combination, labels and words"),
        (put("rules", {"odds": [1, 2]}), "Expected odds to be three numbers"),
        (put("combination", [1]), "Expected a combination with words"),
        (put("combination", {}), "Expected a combination with words"),
        (put("labels", None), "Expected rules, combination, labels and words"),
        (put("labels", "car"), "a list of words"),
        (put("words", ["car"]), "one word to write for each label, got 2 labels and 1 words"),
    ],
)
def test_damaged_tuning_is_one_sentence(damage, said):
    plain = deepcopy(TUNED.plain())
    damage(plain)
    with pytest.raises(ValueError, match=r"^Expected") as caught:
        Tuned.from_plain(plain)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_rules_of_an_older_version_have_the_defaults_for_what_they_lack():
    plain = TUNED.plain() | {"rules": {"alpha": 0.25}}
    assert Tuned.from_plain(plain).rules == ObjectRules(alpha=0.25)
