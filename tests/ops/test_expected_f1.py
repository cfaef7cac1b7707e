"""The set with the largest expected F1, against counting over all outcomes."""

from itertools import product

import numpy as np
import pytest

from spotdiff.ops.expected_f1 import best_sets, expected_f1


def counted(words: np.ndarray, said: tuple[int, ...]) -> float:
    """The expected F1 of some words, over every outcome."""
    total = 0.0
    for outcome in product((False, True), repeat=len(words)):
        true = np.array(outcome)
        chance = np.where(true, words, 1 - words).prod()
        total += chance * 2 * true[list(said)].sum() / (len(said) + true.sum())
    return float(total)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_mean_over_all_outcomes(seed):
    words = -np.sort(-np.random.default_rng(seed).uniform(0, 1, 7))
    found = expected_f1(words[None])[0]
    expected = [counted(words, tuple(range(size))) for size in range(1, 8)]
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_no_other_set_is_expected_to_score_more(seed):
    words = np.random.default_rng(seed).uniform(0, 1, 5)
    chosen = np.flatnonzero(best_sets(np.array([1.0]), words[None])[0])
    best = counted(words, tuple(chosen))
    for size in range(1, 6):
        for others in product(range(5), repeat=size):
            if len(set(others)) == size:
                assert counted(words, others) <= best + 1e-12


def test_silence_is_chosen_where_it_is_expected_to_score_more():
    words = np.array([[1.0], [1.0]])
    assert best_sets(np.array([0.49, 0.51]), words).tolist() == [[False], [True]]


def test_no_words_are_no_answer():
    assert best_sets(np.array([0.9]), np.zeros((1, 0))).shape == (1, 0)


def test_many_words_are_counted_without_growing():
    words = np.full((1, 60), 0.5)
    assert expected_f1(words).shape == (1, 8)
    assert best_sets(np.array([1.0]), words).sum() == 8
