"""Sets of which a share trades places."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.ops.purity import mixed


@given(st.integers(0, 40), st.integers(0, 40), st.floats(0, 1), st.integers(0, 5))
def test_every_item_is_there_once_and_sizes_stay(first, second, purity, seed):
    one, other = mixed(first, second, purity, seed)
    assert (len(one), len(other)) == (first, second)
    assert sorted([*one.tolist(), *other.tolist()]) == list(range(first + second))
    assert int((one >= first).sum()) == round((1 - purity) * min(first, second))


@pytest.mark.parametrize("purity", [0.1, 0.3, 0.7, 0.9, 0.95])
def test_counts_are_exact(purity):
    one, _ = mixed(100, 100, purity, 0)
    assert int((one >= 100).sum()) == round(100 - 100 * purity)


def test_the_seed_says_which():
    assert np.array_equal(mixed(50, 50, 0.5, 1)[0], mixed(50, 50, 0.5, 1)[0])
    assert not np.array_equal(mixed(50, 50, 0.5, 1)[0], mixed(50, 50, 0.5, 2)[0])


def test_what_is_no_share_is_refused():
    with pytest.raises(ValueError, match="share from 0 to 1, got"):
        mixed(2, 2, 1.5, 0)
