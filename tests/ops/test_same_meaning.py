"""What means the same: articles, plurals and capitals aside."""

import numpy as np
import pytest

from spotdiff.ops.same_meaning import first_alike


@pytest.mark.parametrize(
    ("one", "other"),
    [("A dog", "dogs"), ("the red cars!", "Red Car"), ("people at night", "a person at night")],
)
def test_the_same_words(one, other):
    assert first_alike([one, other]) == [0, 0]


@pytest.mark.parametrize(
    ("one", "other"),
    [("red cars", "cars"), ("dog and cat", "cat and dog"), ("many cars", "few cars")],
)
def test_other_words(one, other):
    assert first_alike([one, other]) == [0, 1]


def test_vectors_join_to_the_nearest_earlier_one():
    vectors = np.float32([[1, 0], [0, 1], [0.6, 0.8], [0.05, 0.9987]])
    assert first_alike(list("abcd"), vectors, 0.9) == [0, 1, 2, 1]
    assert first_alike([], None) == []
