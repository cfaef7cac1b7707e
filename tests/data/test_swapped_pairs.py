"""Pairs in which things became other things, with their truth."""

import cv2
import numpy as np
import pytest

from spotdiff.data.cutouts import PhotoLibrary
from spotdiff.data.photos import Outline, Photo
from spotdiff.data.swapped_pairs import SwapError, SwappedPairs
from spotdiff.types import ChangeKind
from tests.photo_parts import COLOURS, library
from tests.photo_parts import photo as photo_of

DOG, CUP = (60, 50, 130, 120), (100, 90, 140, 140)


@pytest.fixture
def draw(tmp_path):
    return SwappedPairs(library(tmp_path))


def photo(draw, name):
    return next(p.path for p in draw.library.photos if p.path.stem == name)


def near(image, label):
    apart = np.abs(image.astype(int) - COLOURS[label]).max(axis=-1)
    return apart < 30


def test_the_thing_is_gone_and_another_one_stands_in_its_place(draw):
    pair = draw("p", 1, "dog", "cat", photo(draw, "one"))
    (change,) = pair.truth.changes
    assert (change.kind, change.label) == (ChangeKind.CHANGED, "cat")
    assert near(pair.before, "dog").sum() > 3000
    assert not near(pair.after, "dog").any()
    assert near(pair.after, "cat").sum() > 2000
    assert np.abs(np.subtract(change.box_before, (60, 50, 131, 121))).max() <= 4
    x0, y0, x1, y1 = change.box_after
    assert abs(y1 - change.box_before[3]) <= 3  # on the same foot
    inside = near(pair.after, "cat")[int(y0) : int(y1), int(x0) : int(x1)]
    assert inside.sum() == near(pair.after, "cat").sum()


def test_nothing_else_changes(draw):
    pair = draw("p", 1, "dog", "cat", photo(draw, "one"))
    apart = (pair.before != pair.after).any(axis=-1).astype(np.uint8)
    (change,) = pair.truth.changes
    for box in (change.box_before, change.box_after):
        x0, y0, x1, y1 = (round(edge) for edge in box)
        apart[max(y0 - 4, 0) : y1 + 4, max(x0 - 4, 0) : x1 + 4] = 0
    assert cv2.countNonZero(apart) == 0


def test_all_things_of_the_sort_change(draw):
    pair = draw("p", 2, "cup", "bowl", photo(draw, "three"))
    assert len(pair.truth.changes) == 2
    assert not near(pair.after, "cup").any()


def test_the_same_seed_draws_the_same_and_another_one_something_else(draw):
    one, again = (draw("p", 5, "dog", "cat", None) for _ in range(2))
    assert np.array_equal(one.before, again.before)
    assert np.array_equal(one.after, again.after)
    assert not np.array_equal(one.before, draw("p", 6, "dog", "cat", None).before)


def test_without_a_photograph_both_things_are_pasted(draw):
    pair = draw("p", 3, "bowl", "cup", None)
    assert pair.before.shape == (512, 512, 3)
    assert len(pair.truth.changes) == 1


def test_what_stands_in_front_stays_there_and_what_holds_a_thing_does_not(tmp_path):
    """The cup stands before the dog, its foot lower; the bowl holds the dog."""
    scenes = {
        "before": photo_of(tmp_path, "before", ("dog", (60, 40, 130, 120)), ("cup", CUP)),
        "holding": photo_of(tmp_path, "holding", ("bowl", (40, 20, 190, 155)), ("dog", DOG)),
        "cat": photo_of(tmp_path, "cat", ("cat", (20, 40, 90, 120))),
    }
    draw = SwappedPairs(PhotoLibrary(list(scenes.values())))
    pair = draw("p", 1, "dog", "cat", scenes["before"].path)
    cup = near(pair.before, "cup")
    assert cup.sum() > 500
    assert (near(pair.after, "cup") == cup).mean() > 0.995  # but for the rim
    pair = draw("p", 1, "dog", "cat", scenes["holding"].path)
    assert near(pair.after, "cat").sum() > 0.9 * near(pair.before, "dog").sum()


def test_a_thing_most_of_which_is_hidden_is_refused(tmp_path):
    hidden = photo_of(tmp_path, "hidden", ("dog", DOG), ("cup", (70, 60, 160, 150)))
    others = photo_of(tmp_path, "cat", ("cat", (20, 40, 90, 120)))
    with pytest.raises(SwapError, match="or hides behind it"):
        SwappedPairs(PhotoLibrary([hidden, others]))("p", 1, "dog", "cat", hidden.path)


def test_what_has_another_outline_does_not_come_in(tmp_path):
    wide = photo_of(tmp_path, "wide", ("dog", (10, 60, 190, 90)))
    tall = photo_of(tmp_path, "tall", ("cat", (80, 10, 110, 150)))
    with pytest.raises(SwapError, match="no cut-out of 'cat' has nearly the outline of what was"):
        SwappedPairs(PhotoLibrary([wide, tall]))("p", 1, "dog", "cat", wide.path)


def test_the_nearer_of_two_is_drawn_on_top(tmp_path):
    near_one, far_one = (70, 70, 130, 150), (40, 30, 110, 110)
    for name, order in (("a", (near_one, far_one)), ("b", (far_one, near_one))):
        scene = photo_of(tmp_path, name, *(("dog", box) for box in order))
        others = photo_of(tmp_path, "cat", ("cat", (20, 40, 90, 120)))
        pair = SwappedPairs(PhotoLibrary([scene, others]))("p", 1, "dog", "cat", scene.path)
        feet = [change.box_before[3] for change in pair.truth.changes]
        assert feet == sorted(feet)
        x0, y0, x1, y1 = map(int, pair.truth.changes[1].box_after)
        assert near(pair.after[y0:y1, x0:x1], "cat").mean() > 0.7


def test_things_in_pieces_stay(tmp_path):
    one = photo_of(tmp_path, "one", ("dog", (20, 40, 60, 80)), ("dog", (120, 40, 180, 80)))
    parts = tuple(outline.polygons[0] for outline in one.outlines)
    parted = Photo(one.path, (Outline(parts, 4000.0, "dog"),))
    others = photo_of(tmp_path, "cat", ("cat", (20, 40, 90, 120)))
    with pytest.raises(SwapError, match="one of 1 of 'dog' is seen in pieces only"):
        SwappedPairs(PhotoLibrary([parted, others]))("p", 1, "dog", "cat", one.path)


def test_what_cannot_be_drawn_says_why(draw):
    with pytest.raises(SwapError, match="no cut-out of 'fox'"):
        draw("p", 1, "dog", "fox", photo(draw, "one"))
    with pytest.raises(SwapError, match="one of 1 of 'dog' is too small or too large"):
        draw("p", 1, "dog", "cat", photo(draw, "tiny"))
