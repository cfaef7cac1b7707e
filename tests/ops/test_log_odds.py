from __future__ import annotations

import numpy as np
import pytest

from spotdiff.ops.log_odds import log_odds


def test_swapped_sets_give_the_opposite_and_equal_use_gives_nothing():
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 30, 40), rng.integers(0, 50, 40)
    told = log_odds(first, second, (30, 50))
    np.testing.assert_allclose(log_odds(second, first, (50, 30)), -told, atol=1e-12)
    assert log_odds(np.array([3, 30]), np.array([5, 50]), (30, 50)) == pytest.approx(
        [0, 0], abs=0.1
    )


def test_a_word_that_came_once_proves_less_than_one_that_came_often():
    once, often = log_odds(np.array([1, 15]), np.array([0, 0]), (30, 30))
    assert 0 < once < 1 < 2 < often


def test_a_stronger_prior_believes_less():
    told = [log_odds(np.array([9]), np.array([2]), (20, 20), s)[0] for s in (1.0, 10.0, 100.0)]
    assert told == sorted(told, reverse=True)


@pytest.mark.parametrize(("sizes", "strength"), [((0, 3), 10.0), ((3, 3), 0.0)])
def test_nothing_is_said_of_no_texts_or_without_a_prior(sizes, strength):
    with pytest.raises(ValueError, match="Expected texts in both sets and a prior above 0"):
        log_odds(np.array([1]), np.array([1]), sizes, strength)
