"""Which rows show the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.stages.deduplication import Sameness
from tests.hash_parts import Hashed, image, row, row_hashes


def first(*rows: Hashed, **settings) -> list[int]:
    return Sameness(**settings).groups(row_hashes(rows)).tolist()


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
    rows = [([one], None) for one in (white, black, white)]
    assert first(*rows) == [0, 1, 0]
    assert first(*rows, flat_alike=True) == [0, 0, 0]


def test_colours_count_on_request():
    red, blue = image(5, colour=(200, 10, 10)), image(5, colour=(10, 10, 200))
    rows = [([one], None) for one in (red, blue)]
    assert first(*rows) == [0, 0]
    assert first(*rows, colour=True) == [0, 1]


@pytest.mark.parametrize("bits", [-1, 65])
def test_what_is_no_number_of_bits_is_refused(bits):
    with pytest.raises(ValueError, match="from 0 to 64"):
        Sameness(max_distance=bits)


codes = st.lists(st.integers(0, 2**10 - 1), max_size=12)


@given(codes, st.integers(0, 4))
def test_groups_are_what_chains_of_near_rows_join(drawn, distance):
    found = first(*map(row, drawn), max_distance=distance)
    reached = np.arange(len(drawn))
    for _ in drawn:
        for i, one in enumerate(drawn):
            for j, other in enumerate(drawn):
                if (one ^ other).bit_count() <= distance:
                    reached[i] = reached[j] = min(reached[i], reached[j])
    assert found == reached.tolist()


@given(codes, st.integers(0, 3), st.randoms())
def test_the_order_of_rows_changes_no_group(drawn, distance, random):
    order = list(range(len(drawn)))
    random.shuffle(order)
    there = np.array(first(*map(row, drawn), max_distance=distance), int)
    back = np.array(first(*(row(drawn[i]) for i in order), max_distance=distance), int)
    joined = {frozenset(np.flatnonzero(there == one).tolist()) for one in set(there.tolist())}
    again = {frozenset(order[i] for i in np.flatnonzero(back == o)) for o in set(back.tolist())}
    assert joined == again


def mirrored_row(*pairs: tuple[int, int]) -> Hashed:
    return [image(bits, mirrored=other) for bits, other in pairs], None


def test_mirror_images_are_the_same_on_request():
    rows = [mirrored_row((1, 2)), mirrored_row((2, 1)), mirrored_row((3, 4)), mirrored_row((1, 9))]
    assert first(*rows) == [0, 1, 2, 0]
    assert first(*rows, mirrored=True) == [0, 0, 2, 0]


def test_rows_whose_mirror_images_alone_are_alike_are_not_the_same():
    rows = [mirrored_row((1, 7)), mirrored_row((8, 7))]
    assert first(*rows, mirrored=True) == [0, 1]
    assert first(*rows, mirrored_row((7, 0)), mirrored=True) == [0, 0, 0]


def test_all_images_of_a_row_are_mirrored_or_none():
    one = mirrored_row((1, 2), (3, 4))
    assert first(one, mirrored_row((2, 1), (4, 3)), mirrored=True) == [0, 0]
    assert first(one, mirrored_row((2, 1), (3, 4)), mirrored=True) == [0, 1]
    assert first(one, mirrored_row((4, 3), (2, 1)), mirrored=True) == [0, 1]
    assert first(one, mirrored_row((4, 3), (2, 1)), mirrored=True, ordered=False) == [0, 0]


def test_rows_with_something_wrong_are_never_the_same():
    from spotdiff.data.collections import NamedRow
    from spotdiff.data.row_hashing import HashColumns, RowReading
    from spotdiff.types import ImageRow

    columns = HashColumns(RowReading(consider_text=True))
    list(columns.begun(NamedRow(i, ImageRow(str(i), problem="broken")) for i in range(2)))
    assert Sameness().groups(columns.finished()).tolist() == [0, 1]


class Pairwise:
    """Whether two rows are the same, asked one pair at a time."""

    def __init__(self, distance, ordered, mirrored):
        self.distance, self.ordered, self.mirrored = distance, ordered, mirrored

    def __call__(self, one: Hashed, other: Hashed) -> bool:
        if len(one[0]) != len(other[0]) or not one[0] or one[1] != other[1]:
            return False
        views = [(False, False), (True, False), (False, True)][: 3 if self.mirrored else 1]
        return any(self._near(one, other, *view) for view in views)

    def _near(self, one, other, turned, other_turned):
        codes, others = self._codes(one, turned), self._codes(other, other_turned)
        return all((a ^ b).bit_count() <= self.distance for a, b in zip(codes, others, strict=True))

    def _codes(self, hashed, turned):
        codes = [one.mirrored if turned else one.bits for one in hashed[0]]
        return codes if self.ordered else sorted(codes)


images = st.lists(st.tuples(st.integers(0, 31), st.integers(0, 31)), min_size=1, max_size=3)
collections = st.lists(st.tuples(images, st.sampled_from("ab")), max_size=14)


@given(collections, st.integers(0, 2), st.booleans(), st.booleans())
def test_groups_are_what_chains_of_same_rows_join(drawn, distance, ordered, mirrored):
    rows = [([image(bits, mirrored=other) for bits, other in own], text) for own, text in drawn]
    same = Pairwise(distance, ordered, mirrored)
    reached = np.arange(len(rows))
    for _ in rows:
        for i, one in enumerate(rows):
            for j, other in enumerate(rows):
                if same(one, other):
                    reached[i] = reached[j] = min(reached[i], reached[j])
    found = first(*rows, max_distance=distance, ordered=ordered, mirrored=mirrored)
    assert found == reached.tolist()


def test_distances_are_those_at_the_position_of_most():
    hashed = row_hashes([row(0, 0), row(1, 7), row(3, 0), row(None, 0), row(5)])
    others = np.array([0, 0, 0, 0, 4])
    assert Sameness().distances(hashed, others).tolist() == [0, 3, 2, 0, 0]
    turned = row_hashes([mirrored_row((1, 6), (6, 1)), mirrored_row((6, 1), (1, 6))])
    assert Sameness().distances(turned, np.array([0, 0])).tolist() == [0, 3]
    assert Sameness(mirrored=True).distances(turned, np.array([0, 0])).tolist() == [0, 0]
    assert Sameness(ordered=False).distances(turned, np.array([0, 0])).tolist() == [0, 0]
