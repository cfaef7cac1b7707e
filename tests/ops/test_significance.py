"""Tests of two sets against scipy, and how often chance is taken for a difference."""

import numpy as np
import pytest
from scipy.stats import ttest_ind

from spotdiff.ops.significance import differences


def test_p_is_that_of_a_one_sided_welch_test():
    rng = np.random.default_rng(0)
    first, second = rng.normal(0.3, 2, (20, 15)), rng.normal(0, 1, (20, 40))
    told = differences(first, second)
    theirs = ttest_ind(first, second, axis=1, equal_var=False, alternative="greater")
    assert told.p == pytest.approx(theirs.pvalue)
    assert differences(second, first).p == pytest.approx(1 - told.p)


def test_q_bounds_false_discoveries_over_all_hypotheses():
    rng = np.random.default_rng(1)
    false = sum(
        bool((differences(rng.normal(size=(30, 40)), rng.normal(size=(30, 40))).q <= 0.05).any())
        for _ in range(200)
    )
    assert false <= 20  # 5 % of 200 are 10


def test_a_true_difference_is_found_among_many():
    rng = np.random.default_rng(2)
    first, second = rng.normal(size=(50, 60)), rng.normal(size=(50, 60))
    first[7] += 1.5
    assert np.flatnonzero(differences(first, second).q <= 0.01).tolist() == [7]


def test_the_effect_is_in_standard_deviations():
    rng = np.random.default_rng(3)
    first, second = rng.normal(10, 2, (1, 4000)), rng.normal(8, 2, (1, 4000))
    assert differences(first, second).effect[0] == pytest.approx(1.0, abs=0.06)


def test_scores_that_do_not_vary_are_judged_by_their_order():
    told = differences(np.ones((1, 10)), np.zeros((1, 10)))
    assert told.p[0] == pytest.approx(1 / 184756)
    assert differences(np.zeros((1, 10)), np.ones((1, 10))).p[0] == 1
    assert differences(np.ones((1, 3)), np.ones((1, 3))).p[0] == 0.5
    assert differences(np.ones((1, 1)), np.zeros((1, 1))).p[0] == 0.5


def test_no_hypotheses_have_no_differences():
    told = differences(np.zeros((0, 3)), np.zeros((0, 3)))
    assert all(len(column) == 0 for column in told)
