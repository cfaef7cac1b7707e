import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.writers.tags import place_tags

FRAME = (200, 120)
EDGES = st.tuples(st.integers(0, 180), st.integers(0, 100), st.integers(1, 60), st.integers(1, 60))
BOXES = EDGES.map(lambda e: (e[0], e[1], min(e[0] + e[2], 200), min(e[1] + e[3], 120)))
SIZES = st.tuples(st.integers(5, 90), st.just(20))


@given(st.lists(st.tuples(BOXES, SIZES), max_size=12))
def test_tags_stay_in_the_picture_and_off_one_another(tagged):
    corners = place_tags([box for box, _ in tagged], [size for _, size in tagged], FRAME)
    covered = np.zeros((FRAME[1], FRAME[0]), int)
    for (_, (width, height)), corner in zip(tagged, corners, strict=True):
        if corner is not None:
            x, y = corner
            assert 0 <= x <= FRAME[0] - width
            assert 0 <= y <= FRAME[1] - height
            covered[y : y + height, x : x + width] += 1
    assert covered.max(initial=0) <= 1


def test_a_lone_tag_stands_above_its_box():
    assert place_tags([(50, 60, 90, 100)], [(30, 20)], FRAME) == [(50, 40)]


def test_a_tag_with_no_room_above_goes_below():
    assert place_tags([(50, 5, 90, 40)], [(30, 20)], FRAME) == [(50, 40)]


def test_a_tag_at_the_right_border_ends_with_its_box():
    assert place_tags([(180, 60, 200, 100)], [(80, 20)], FRAME) == [(120, 40)]


def test_a_tag_avoids_the_box_of_another_change():
    assert place_tags([(50, 60, 90, 100), (50, 30, 90, 58)], [(30, 20)], FRAME) == [(50, 100)]


def test_a_tag_larger_than_the_picture_is_left_out():
    assert place_tags([(0, 0, 10, 10)], [(300, 20)], FRAME) == [None]


def test_the_first_tag_wins_a_place_wanted_twice():
    full = (0, 0, 40, 20)
    assert place_tags([full, full], [(40, 20), (40, 20)], (40, 20)) == [(0, 0), None]
