"""Words for places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.ops.places import Place, place_of

MIRRORED = {"left": "right", "right": "left"}


@st.composite
def boxes(draw):
    """Boxes in whole pixels of a frame 90 wide and 60 high."""
    x0, x1 = sorted(draw(st.tuples(st.integers(0, 90), st.integers(0, 90))))
    y0, y1 = sorted(draw(st.tuples(st.integers(0, 60), st.integers(0, 60))))
    return x0, y0, x1, y1


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ((0, 0, 10, 10), "upper left"),
        ((40, 0, 50, 10), "top"),
        ((80, 0, 90, 10), "upper right"),
        ((0, 25, 10, 35), "left"),
        ((40, 25, 50, 35), "centre"),
        ((80, 25, 90, 35), "right"),
        ((0, 50, 10, 60), "lower left"),
        ((40, 50, 50, 60), "bottom"),
        ((80, 50, 90, 60), "lower right"),
    ],
)
def test_every_cell_of_the_grid_has_its_words(box, words):
    assert place_of(box, (60, 90)).words == words


def test_the_border_of_two_thirds_belongs_to_the_middle():
    assert place_of((30, 20, 30, 20), (60, 90)) == Place(0, 0)
    assert place_of((60, 40, 60, 40), (60, 90)) == Place(0, 0)
    assert place_of((29, 19, 30, 20), (60, 90)) == Place(-1, -1)


def test_what_is_large_both_ways_has_no_place_and_one_way_the_other():
    assert place_of((0, 0, 90, 60), (60, 90)) is None
    assert place_of((0, 0, 60, 9), (60, 90)) == Place(-1, 0)
    assert place_of((81, 0, 90, 50), (60, 90)) == Place(0, 1)


@given(boxes())
def test_a_mirrored_box_is_at_the_mirrored_place(box):
    x0, y0, x1, y1 = box
    place, other = (place_of(b, (60, 90)) for b in (box, (90 - x1, y0, 90 - x0, y1)))
    if place is None:
        assert other is None
    else:
        words = " ".join(MIRRORED.get(word, word) for word in place.words.split())
        assert (other.words, other.rank) == (words, place.rank)
