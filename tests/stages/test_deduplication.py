"""Which rows show the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.stages.deduplication import HashedRow, Sameness
from spotdiff.types import ImageHash


def image(bits: int | None, *, flat: bool = False, colour=(9, 9, 9)) -> ImageHash:
    problem = None if bits is not None else "torn"
    return ImageHash(bits, flat, colour, 8, 8, 1.0, problem)


def row(*bits: int | None, text: str | None = None) -> HashedRow:
    return HashedRow(tuple(image(one) for one in bits), text)


def first(*rows: HashedRow, **settings) -> list[int]:
    return Sameness(**settings).groups(rows).tolist()


def test_equal_codes_are_one_group_named_by_its_first_row():
    assert first(row(7), row(5), row(7), row(5)) == [0, 1, 0, 1]


def test_every_position_counts():
    assert first(row(1, 1), row(1), row(1, 2), row(2, 1), row(1, 1)) == [0, 1, 2, 3, 0]
    assert first(row(1, 2), row(2, 1), ordered=False) == [0, 0]


def test_near_codes_are_joined_by_a_chain():
    assert first(row(0b0), row(0b11), row(0b1111), row(0b111111111), max_distance=2) == [0, 0, 0, 3]
    assert first(row(0b0), row(0b1), max_distance=0) == [0, 1]


def test_near_rows_of_several_images_are_near_at_every_position():
    rows = [row(0, 0), row(1, 1), row(1, 0b111)]
    assert first(*rows, max_distance=1) == [0, 0, 2]


def test_texts_that_count_must_be_equal():
    assert first(row(1, text="a"), row(1, text="b"), row(1, text="a")) == [0, 1, 0]
    assert first(row(text="a"), row(text="b"), row(text="a")) == [0, 1, 0]


def test_rows_without_images_are_never_the_same_by_that_alone():
    assert first(row(), row()) == [0, 1]


def test_of_what_could_not_be_read_nothing_is_known():
    assert first(row(None), row(None), row(3, None), row(3, None)) == [0, 1, 2, 3]


def test_flat_images_are_told_apart_by_their_colour():
    white, black = image(0, flat=True, colour=(255,) * 3), image(0, flat=True, colour=(0,) * 3)
    rows = [HashedRow((one,)) for one in (white, black, white)]
    assert Sameness().groups(rows).tolist() == [0, 1, 0]
    assert Sameness(flat_alike=True).groups(rows).tolist() == [0, 0, 0]


def test_colours_count_on_request():
    red, blue = image(5, colour=(200, 10, 10)), image(5, colour=(10, 10, 200))
    rows = [HashedRow((one,)) for one in (red, blue)]
    assert Sameness().groups(rows).tolist() == [0, 0]
    assert Sameness(colour=True).groups(rows).tolist() == [0, 1]


@pytest.mark.parametrize("bits", [-1, 65])
def test_what_is_no_number_of_bits_is_refused(bits):
    with pytest.raises(ValueError, match="from 0 to 64"):
        Sameness(max_distance=bits)


codes = st.lists(st.integers(0, 2**10 - 1), max_size=12)


@given(codes, st.integers(0, 4))
def test_groups_are_what_chains_of_near_rows_join(drawn, distance):
    found = Sameness(max_distance=distance).groups([row(one) for one in drawn])
    reached = np.arange(len(drawn))
    for _ in drawn:
        for i, one in enumerate(drawn):
            for j, other in enumerate(drawn):
                if (one ^ other).bit_count() <= distance:
                    reached[i] = reached[j] = min(reached[i], reached[j])
    assert found.tolist() == reached.tolist()


@given(codes, st.integers(0, 3), st.randoms())
def test_the_order_of_rows_changes_no_group(drawn, distance, random):
    order = list(range(len(drawn)))
    random.shuffle(order)
    there = Sameness(max_distance=distance).groups([row(one) for one in drawn])
    back = Sameness(max_distance=distance).groups([row(drawn[i]) for i in order])
    joined = {frozenset(np.flatnonzero(there == one).tolist()) for one in set(there.tolist())}
    again = {frozenset(order[i] for i in np.flatnonzero(back == o)) for o in set(back.tolist())}
    assert joined == again
