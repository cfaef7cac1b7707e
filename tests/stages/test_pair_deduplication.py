"""Which pairs repeat an earlier one: worked out by hand, and by comparing all with all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.stages.pair_deduplication import RELATIONS, repeats
from spotdiff.types import ViewHashes


def views(bits, mirrored=None, look=None):
    """Views whose mirror images are unlike anything else, unless they are given."""
    bits = np.array(bits, np.uint64)
    if mirrored is None:
        mirrored = [(1 << 60) + (number << 40) for number in range(len(bits))]
    return ViewHashes(
        bits, np.array(mirrored, np.uint64), np.array(look or [0] * len(bits), np.int64)
    )


def told(before, after, max_distance=0, older=0):
    """Relation and earlier pair of each, or None."""
    found = repeats(before, after, max_distance, older)
    names = zip(found.relation.tolist(), found.earlier.tolist(), strict=True)
    return [None if number < 0 else (RELATIONS[number], earlier) for number, earlier in names]


def test_a_pair_repeats_an_earlier_one_in_four_ways():
    before = views([1, 1, 2, 11, 12, 1], [11, 11, 12, 1, 2, 11])
    after = views([2, 2, 1, 12, 11, 3], [12, 12, 11, 2, 1, 13])
    expected = [None, ("same", 0), ("swapped", 0), ("mirrored", 0), ("mirrored, swapped", 0), None]
    assert told(before, after) == expected


def test_one_view_alone_makes_no_repeat():
    assert told(views([1, 1, 3]), views([2, 3, 2])) == [None] * 3


def test_views_may_differ_in_some_bits_and_no_chain_leads_away():
    before, after = views([0b0, 0b1, 0b11, 0b111]), views([8, 8, 8, 8])
    assert told(before, after) == [None] * 4
    assert told(before, after, 1) == [None, ("same", 0), None, ("same", 2)]
    found = repeats(before, views([8, 8 + 16, 8, 8]), 2)
    assert found.distances.tolist() == [[0, 0], [1, 1], [2, 0], [0, 0]]


def test_of_several_relations_to_one_pair_the_nearest_is_told():
    before, after = views([0b00, 0b01]), views([0b01, 0b00])
    assert told(before, after, 1) == [None, ("swapped", 0)]
    assert told(views([5, 5]), views([5, 5])) == [None, ("same", 0)]  # nobody can tell


def test_looks_must_be_equal():
    before = views([1, 1, 1], look=[7, 8, 7])
    assert told(before, views([2, 2, 2])) == [None, None, ("same", 0)]


def test_older_pairs_stay_whatever_they_repeat():
    before, after = views([1, 3, 3]), views([2, 2, 2])
    assert told(before, after, 1) == [None, ("same", 0), ("same", 0)]
    assert told(before, after, 1, older=2) == [None, None, ("same", 0)]
    assert told(views([0b0, 0b1, 0b11]), views([8] * 3), 1, older=2) == [None, None, ("same", 1)]


def test_no_pairs_are_no_repeats():
    assert told(views([]), views([])) == []


@pytest.mark.parametrize("bits", [-1, 65])
def test_what_is_no_number_of_bits_is_refused(bits):
    with pytest.raises(ValueError, match="from 0 to 64"):
        repeats(views([1]), views([2]), bits)


def by_all(before, after, most, older):
    """The same by comparing every pair with all that stay before it."""
    answers, stay = [], []
    for i, (b, a) in enumerate(zip(before, after, strict=True)):
        answer = None
        for j in stay if i >= older else ():
            (c, mc), (d, md) = before[j], after[j]
            ways = [(c, d), (d, c), (mc, md), (md, mc)]
            apart = [((b[0] ^ x).bit_count(), (a[0] ^ y).bit_count()) for x, y in ways]
            fitting = [(sum(bits), way) for way, bits in enumerate(apart) if max(bits) <= most]
            if fitting:
                answer = RELATIONS[min(fitting)[1]], j
                break
        if answer is None:
            stay.append(i)
        answers.append(answer)
    return answers


code = st.integers(0, 63)
view = st.tuples(code, code)


@given(st.lists(st.tuples(view, view), max_size=14), st.integers(0, 2), st.integers(0, 5))
def test_nothing_is_missed(drawn, most, older):
    before, after = [one for one, _ in drawn], [other for _, other in drawn]
    sides = (
        views([bits for bits, _ in side], [mirrored for _, mirrored in side])
        for side in (before, after)
    )
    assert told(*sides, most, older) == by_all(before, after, most, older)
