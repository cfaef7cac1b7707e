"""Rounds: so many, of so many pictures each, seeded; a small set gives all it has."""

import numpy as np
import pytest

from spotdiff.stages.set_rounds import Rounds
from tests.stages.set_parts import NumberAlbum, Says


def albums():
    return NumberAlbum(np.zeros((30, 1))), NumberAlbum(np.zeros((4, 1)))


def test_each_round_sees_other_pictures_and_small_sets_give_all():
    proposer = Says("a", "b", "c", problems=["p"])
    said, problems = Rounds(proposer, rounds=3, samples=10)(*albums(), 2, 7)
    assert [len(first) for first, *_ in proposer.asked] == [10, 10, 10]
    assert [second for _, second, *_ in proposer.asked] == [(0, 1, 2, 3)] * 3
    assert len({first for first, *_ in proposer.asked}) == 3
    assert [(count, seed) for *_, count, seed in proposer.asked] == [(2, 7), (2, 8), (2, 9)]
    assert [one.text for one in said] == ["a", "a", "a", "b", "b", "b"]
    assert problems == ["p"] * 3


def test_a_seed_repeats():
    told = []
    for _ in range(2):
        proposer = Says("a")
        Rounds(proposer, 2, 5)(*albums(), 1, 3)
        told.append(proposer.asked)
    assert told[0] == told[1]


def test_no_rounds_are_one_sentence():
    with pytest.raises(ValueError, match="Expected rounds to be 1 or more, got 0"):
        Rounds(Says(), rounds=0)
