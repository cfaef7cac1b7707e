"""What hashes take for a repeat is one if no place of it differs clearly."""

import numpy as np
import pytest

from spotdiff.stages.pair_deduplication import RELATIONS, Repeats
from spotdiff.stages.pair_looks import confirmed

RNG = np.random.default_rng(0)
PAIR = RNG.integers(0, 240, (2, 32, 32, 3)).astype(np.uint8)


def told(earlier, views, most=16):
    """What is left of repeats of which the hashes say the earlier pair."""
    earlier = np.array(earlier)
    relation = np.where(earlier < 0, -1, 0).astype(np.int8)
    found = confirmed(
        Repeats(earlier, relation, np.zeros((len(earlier), 2), np.uint8)), views, most
    )
    names = zip(found.relation.tolist(), found.earlier.tolist(), strict=True)
    return [None if number < 0 else (RELATIONS[number], row) for number, row in names]


def spotted(pair, levels, view=1):
    other = pair.copy()
    other[view, 9, 7, 2] += levels
    return other


def test_the_way_is_that_in_which_pairs_are_alike():
    flipped = PAIR[:, :, ::-1]
    views = dict(enumerate([PAIR, PAIR, PAIR[::-1], flipped, flipped[::-1]]))
    expected = [None, *((name, 0) for name in RELATIONS)]
    assert told([-1, 0, 0, 0, 0], views) == expected


@pytest.mark.parametrize("view", [0, 1])
def test_one_place_of_one_channel_tells_pairs_apart(view):
    views = {0: PAIR, 1: spotted(PAIR, 16, view), 2: spotted(PAIR, 17 % 256, view)}
    views[2][view, 9, 7, 2] = (int(PAIR[view, 9, 7, 2]) + 128) % 256
    assert told([-1, 0, 0], views) == [None, ("same", 0), None]


def test_what_is_no_repeat_of_the_first_may_be_one_of_another():
    other = RNG.integers(0, 240, PAIR.shape).astype(np.uint8)
    views = {0: PAIR, 1: other, 2: other[::-1], 3: PAIR}
    assert told([-1, 0, 0, 0], views) == [None, None, ("swapped", 1), ("same", 0)]


def test_a_pair_that_cannot_be_looked_at_repeats_none():
    assert told([-1, 0, 0], {0: PAIR, 2: PAIR}) == [None, None, ("same", 0)]
    assert told([-1, 0, 0], {1: PAIR, 2: PAIR}) == [None, None, ("same", 1)]
    assert told([-1, 0], {}) == [None, None]


def test_no_pairs_are_no_repeats():
    assert told([], {}) == []
