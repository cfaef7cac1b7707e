"""Names of colours, and which pixels they are taken from."""

import numpy as np
import pytest

from spotdiff.ops.colours import TERMS, ThingColours, dominant, oklab, terms_of

NAMED = {
    "black": [(0, 0, 0), (25, 25, 30)],
    "white": [(255, 255, 255), (255, 255, 240), (245, 245, 220)],
    "grey": [(128, 128, 128), (105, 105, 105), (192, 192, 192), (112, 128, 144)],
    "red": [(255, 0, 0), (220, 20, 60), (139, 0, 0), (178, 34, 34)],
    "orange": [(255, 165, 0), (255, 140, 0)],
    "yellow": [(255, 255, 0), (255, 215, 0), (240, 230, 140)],
    "green": [(0, 128, 0), (0, 255, 0), (34, 139, 34), (46, 139, 87)],
    "blue": [(0, 0, 255), (0, 0, 128), (135, 206, 235), (70, 130, 180), (30, 144, 255)],
    "purple": [(128, 0, 128), (75, 0, 130), (238, 130, 238)],
    "pink": [(255, 192, 203), (255, 105, 180), (255, 20, 147)],
    "brown": [(139, 69, 19), (160, 82, 45), (210, 105, 30), (150, 111, 51)],
}


@pytest.mark.parametrize("term", TERMS)
def test_colours_that_have_a_name_on_the_web_are_called_by_their_basic_term(term):
    found = [TERMS[i] for i in terms_of(oklab(np.uint8(NAMED[term])))]
    assert found == [term] * len(found)


def test_pixels_without_colour_have_no_chroma_and_lightness_grows():
    lab = oklab(np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1))
    assert np.abs(lab[:, 1:]).max() < 1e-3
    assert (np.diff(lab[:, 0]) > 0).all()


def test_a_colour_is_said_where_it_dominates_and_not_otherwise():
    red, blue = (200, 30, 30), (30, 60, 160)
    assert dominant(oklab(np.uint8([red] * 6 + [blue] * 4))) == "red"
    assert dominant(oklab(np.uint8([red] * 5 + [blue] * 5))) is None
    assert dominant(np.empty((0, 3), np.float32)) is None


@pytest.fixture
def meadow():
    """Green ground with a little noise."""
    rng = np.random.default_rng(0)
    return (np.array([60, 120, 50]) + rng.integers(-6, 7, (80, 120, 3))).astype(np.uint8)


def test_the_colour_is_that_of_the_thing_and_not_of_the_ground_in_its_box(meadow):
    after = meadow.copy()
    after[30:50, 40:60] = (200, 30, 30)
    colours = ThingColours(meadow, after)
    assert colours.of((30, 20, 70, 60), 1) == "red"  # three quarters of the box are green
    assert colours.of((30, 20, 70, 60), 0) == "green"  # what the thing now covers


def test_where_nothing_or_too_little_differs_there_is_no_colour(meadow):
    after = meadow.copy()
    after[30:34, 40:44] = (200, 30, 30)
    colours = ThingColours(meadow, after)
    assert colours.of((80, 20, 110, 60), 1) is None
    assert colours.of((20, 10, 70, 70), 1) is None
    assert colours.of((40, 30, 40, 30), 1) is None
    assert colours.of((500, 500, 600, 600), 1) is None


def test_another_exposure_makes_no_ground_a_thing(meadow):
    brighter = (meadow * 1.3).astype(np.uint8)
    brighter[30:50, 40:60] = (250, 40, 40)
    colours = ThingColours(meadow, brighter)
    assert colours.of((30, 20, 70, 60), 1) == "red"
    assert colours.of((80, 20, 110, 60), 1) is None


def test_pictures_in_black_and_white_tell_no_colours(meadow):
    grey = np.repeat(meadow[..., :1], 3, axis=2)
    after = grey.copy()
    after[30:50, 40:60] = 250
    assert ThingColours(grey, after).of((40, 30, 60, 50), 1) is None


def test_exchanged_and_mirrored_views_show_the_same_colours(meadow):
    after = meadow.copy()
    after[30:50, 40:61] = (220, 190, 30)
    box, mirrored = (33, 25, 64, 53), (120 - 64, 25, 120 - 33, 53)
    assert ThingColours(meadow, after).of(box, 1) == "yellow"
    assert ThingColours(after, meadow).of(box, 0) == "yellow"
    flipped = ThingColours(meadow[:, ::-1], after[:, ::-1])
    assert flipped.of(mirrored, 1) == "yellow"


def test_large_things_are_looked_at_in_small():
    before = np.full((1500, 2000, 3), (60, 120, 50), np.uint8)
    after = before.copy()
    after[100:1300, 200:1200] = (30, 60, 160)
    assert ThingColours(before, after).of((100, 50, 1300, 1400), 1) == "blue"
