"""Who owns a pixel, and the truth that follows from it, on scenes small enough to count."""

from __future__ import annotations

import numpy as np

from spotdiff.data.layers import (
    Entry,
    Frame,
    Layer,
    Sprite,
    box_of,
    compose,
    owned,
    paste,
    settled,
    truth,
    words,
)
from spotdiff.types import IGNORE, ChangeKind, LabelSets, TrueChange

ADDED, REMOVED, CHANGED = ChangeKind.ADDED, ChangeKind.REMOVED, ChangeKind.CHANGED
WHOLE = Frame((20, 30))


def ground():
    return np.full((20, 30, 3), 100, np.uint8)


def block(x, y, width=4, height=3, colour=200):
    image = np.full((height, width, 3), colour, np.uint8)
    return Sprite(image, np.full((height, width), 255, np.uint8), x, y)


def known(layers, before=WHOLE, after=WHOLE, min_visible=1):
    return truth(compose(ground(), layers, 6.0), before, after, min_visible)


def test_what_is_added_has_a_box_and_a_mask_in_the_after_view_only():
    found = known([Layer(ADDED, "cup", None, block(5, 6))])
    assert found.changes == (TrueChange(ADDED, "cup", None, (5, 6, 9, 9)),)
    expected = np.zeros((20, 30), np.uint8)
    expected[6:9, 5:9] = ADDED.bit
    np.testing.assert_array_equal(found.mask, expected)
    assert found.labels == LabelSets(added=("cup",))


def test_only_the_pixels_of_the_change_differ():
    scene = compose(ground(), [Layer(REMOVED, None, block(5, 6), None)], 6.0)
    differs = (scene.before != scene.after).any(axis=2)
    np.testing.assert_array_equal(differs, scene.owners_before == 1)


def test_a_moved_thing_is_removed_here_and_added_there_and_changed_where_both_meet():
    found = known([Layer(CHANGED, "cup", block(5, 6), block(7, 6), moves=True)])
    assert found.changes == (TrueChange(CHANGED, "cup", (5, 6, 9, 9), (7, 6, 11, 9)),)
    assert found.mask[6, 5:11].tolist() == [2, 2, 4, 4, 1, 1]


def test_a_replaced_thing_is_changed_over_both_outlines():
    found = known([Layer(CHANGED, None, block(5, 6), block(6, 6, colour=20))])
    assert found.mask[6, 4:11].tolist() == [0, 4, 4, 4, 4, 4, 0]
    assert found.labels == LabelSets()


def test_later_things_hide_earlier_ones_from_boxes_and_mask():
    shared = block(7, 0, width=10, height=20, colour=50)
    found = known([Layer(ADDED, "cup", None, block(5, 6)), Layer(None, None, shared, shared)])
    assert found.changes[0].box_after == (5, 6, 7, 9)
    assert np.count_nonzero(found.mask) == 6


def test_removed_and_added_things_at_one_place_leave_both_bits():
    found = known(
        [
            Layer(REMOVED, None, block(5, 6, colour=30), None),
            Layer(ADDED, None, None, block(5, 6)),
        ]
    )
    assert set(found.mask[6:9, 5:9].ravel()) == {ADDED.bit | REMOVED.bit}


def test_a_change_that_is_hidden_is_never_drawn():
    cover = block(0, 0, width=30, height=20, colour=50)
    layers = [Layer(ADDED, "cup", None, block(5, 6)), Layer(None, None, cover, cover)]
    assert settled(layers, (20, 30), 12) == layers[1:]


def test_what_is_uncovered_by_dropping_a_change_is_kept():
    hidden = Layer(ADDED, "b", None, block(5, 6))
    partly = Layer(ADDED, "c", None, block(5, 6, width=5))
    assert settled([hidden, partly], (20, 30), 12) == [partly]


def test_a_thing_cut_off_by_the_border_has_a_box_inside():
    found = known([Layer(ADDED, None, None, block(-2, 18))])
    assert found.changes[0].box_after == (0, 18, 2, 20)


def test_a_thing_outside_the_canvas_owns_nothing():
    before, after = owned([Layer(ADDED, None, None, block(50, 50))], (20, 30))
    assert not before.any()
    assert not after.any()


def test_a_change_too_faint_to_see_is_ignored_and_gives_no_word():
    found = known([Layer(ADDED, "cup", None, block(5, 6, colour=103))])
    assert found.changes == ()
    assert found.labels == LabelSets()
    assert set(np.unique(found.mask)) == {0, IGNORE}


def test_a_small_change_needs_more_contrast_than_a_large_one():
    faint = 100 + 12
    large = known([Layer(ADDED, None, None, block(2, 2, width=12, height=12, colour=faint))])
    small = known([Layer(ADDED, None, None, block(2, 2, colour=faint))])
    assert len(large.changes) == 1
    assert small.changes == ()


def test_a_change_too_small_to_see_is_ignored():
    found = known([Layer(ADDED, "cup", None, block(5, 6))], min_visible=13)
    assert found.changes == ()
    assert np.count_nonzero(found.mask == IGNORE) == 12


def test_each_view_has_its_boxes_in_its_own_frame_and_the_mask_follows_the_after_view():
    shifted = Frame((20, 30), 0, np.array(((1.0, 0, 3), (0, 1, 2))))
    layers = [
        Layer(CHANGED, None, block(5, 6), block(5, 6, colour=20)),
        Layer(REMOVED, None, block(15, 6), None),
    ]
    found = known(layers, after=shifted)
    assert found.changes[0].box_before == (5, 6, 9, 9)
    assert found.changes[0].box_after == (8, 8, 12, 11)
    assert found.changes[1].box_before == (15, 6, 19, 9)
    assert box_of(found.mask == REMOVED.bit) == (18, 8, 22, 11)


def test_a_frame_without_a_matrix_leaves_out_its_margin():
    canvas = np.arange(6 * 8, dtype=np.uint8).reshape(6, 8)
    np.testing.assert_array_equal(Frame((2, 4), 2).owners(canvas), canvas[2:4, 2:6])


def test_half_transparent_things_let_the_ground_through():
    canvas = ground()
    thing = block(5, 6)
    paste(canvas, Sprite(thing.image, thing.alpha, 5, 6, opacity=0.5))
    assert canvas[6, 5].tolist() == [150, 150, 150]


def test_shadows_darken_but_own_nothing():
    dark = block(5, 10, colour=0)
    shadow = Sprite(dark.image, dark.alpha, 5, 10, opacity=0.5)
    thing = block(5, 6)
    layers = [Layer(ADDED, None, None, Sprite(thing.image, thing.alpha, 5, 6, 1.0, shadow))]
    scene = compose(ground(), layers, 6.0)
    assert scene.after[10, 5].tolist() == [50, 50, 50]
    assert box_of(scene.owners_after == 1) == (5, 6, 9, 9)


def test_words_keep_their_kind_and_repeats():
    changes = [
        TrueChange(ADDED, "cup", None, (0, 0, 1, 1)),
        TrueChange(REMOVED, None, (0, 0, 1, 1), None),
        TrueChange(ADDED, "cup", None, (2, 2, 3, 3)),
    ]
    assert words(changes) == LabelSets(added=("cup", "cup"))


def test_an_empty_region_has_no_box():
    assert box_of(np.zeros((4, 4), bool)) is None


def test_an_entry_without_a_kind_is_no_change():
    assert Entry(None, "cup").kind is None
    shared = block(5, 6)
    found = known([Layer(None, "cup", shared, shared)])
    assert found.changes == ()
    assert not found.mask.any()
