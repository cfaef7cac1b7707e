"""What boxes tell of pixels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.ops.box_masks import mask_of_boxes
from spotdiff.types import IGNORE, UNKNOWN_KIND, ChangeKind, TrueChange, swap_mask

ADDED, REMOVED, CHANGED = ChangeKind
SIZE = (20, 30)
EDGES = st.floats(-10, 40, width=32)
SIDES = st.floats(0.5, 30, width=32)


@st.composite
def changes(draw):
    kind = draw(st.sampled_from([*ChangeKind, None]))
    boxes = []
    for _ in range(2):
        x, y = draw(EDGES), draw(EDGES)
        boxes.append((x, y, x + draw(SIDES), y + draw(SIDES)))
    before = None if kind is ADDED else boxes[0]
    after = None if kind is REMOVED else boxes[1]
    return TrueChange(kind, None, before, after)


def added(*box: float) -> TrueChange:
    return TrueChange(ADDED, None, None, box)


def test_a_box_has_a_core_that_changed_a_rim_nobody_knows_and_an_unchanged_outside():
    mask = mask_of_boxes([added(2, 2, 8, 6)], (8, 12), outside_known=True, margin=1)
    rim = IGNORE
    # six columns by four rows: 0.8 of them is an ellipse that reaches two and one from its middle
    assert mask.tolist() == [
        [0] * 12,
        [0, *[rim] * 8, 0, 0, 0],
        [0, *[rim] * 8, 0, 0, 0],
        [0, *[rim] * 3, 1, 1, *[rim] * 3, 0, 0, 0],
        [0, rim, *[1] * 5, rim, rim, 0, 0, 0],
        [0, *[rim] * 3, 1, 1, *[rim] * 3, 0, 0, 0],
        [0, *[rim] * 8, 0, 0, 0],
        [0] * 12,
    ]


def test_where_something_was_missed_nobody_knows_the_outside():
    mask = mask_of_boxes([added(2, 2, 8, 6)], SIZE, outside_known=False)
    assert set(np.unique(mask)) == {1, IGNORE}


@pytest.mark.parametrize(("known", "everywhere"), [(True, 0), (False, IGNORE)])
def test_no_boxes_leave_what_is_known_of_the_outside(known, everywhere):
    assert (mask_of_boxes([], SIZE, outside_known=known) == everywhere).all()


def test_a_box_of_one_pixel_is_that_pixel_in_its_rim():
    mask = mask_of_boxes([added(3, 5, 4, 6)], SIZE, outside_known=True, margin=1)
    assert np.argwhere(mask == 1).tolist() == [[5, 3]]
    assert (mask == IGNORE).sum() == 8


def test_a_box_one_pixel_wide_keeps_its_height():
    mask = mask_of_boxes([added(5, 1, 6, 11)], SIZE, outside_known=True, margin=1)
    assert np.argwhere(mask == 1).tolist() == [[y, 5] for y in range(2, 11)]  # 4 up and down of 6


def test_a_box_outside_the_frame_leaves_it_alone():
    boxes = [added(40, 40, 50, 50), added(-20, -20, -10, -10)]
    assert not mask_of_boxes(boxes, SIZE, outside_known=True, margin=4).any()


def test_what_moved_went_here_and_came_there():
    moved = TrueChange(CHANGED, None, (0, 0, 4, 4), (10, 0, 14, 4))
    mask = mask_of_boxes([moved], SIZE, outside_known=True, margin=0)
    assert set(np.unique(mask[:4, :4])) == {REMOVED.bit, IGNORE}
    assert set(np.unique(mask[:4, 10:14])) == {ADDED.bit, IGNORE}
    assert not mask[:, 4:10].any()


def test_what_changed_where_it_stands_is_changed():
    stayed = TrueChange(CHANGED, None, (0, 0, 8, 8), (1, 0, 9, 8))
    mask = mask_of_boxes([stayed], SIZE, outside_known=True)
    assert set(np.unique(mask)) == {0, CHANGED.bit, IGNORE}


def test_a_change_of_unknown_kind_has_its_own_bit():
    change = TrueChange(None, None, (0, 0, 8, 8), None)
    assert UNKNOWN_KIND in mask_of_boxes([change], SIZE, outside_known=True)


def test_cores_that_overlap_hold_both_kinds_and_the_core_of_one_wins_over_the_rim_of_another():
    went = TrueChange(REMOVED, None, (0, 0, 10, 10), None)
    mask = mask_of_boxes([went, added(0, 0, 10, 10), added(12, 0, 20, 10)], SIZE, True, margin=4)
    assert mask[5, 5] == ADDED.bit | REMOVED.bit
    assert mask[5, 15] == ADDED.bit


@given(st.lists(changes(), max_size=4), st.booleans())
def test_the_order_of_boxes_does_not_matter_and_every_box_inside_has_a_core(found, known):
    mask = mask_of_boxes(found, SIZE, known)
    np.testing.assert_array_equal(mask, mask_of_boxes(found[::-1], SIZE, known))
    assert (((mask & IGNORE) > 0) == (mask == IGNORE)).all()  # nobody knows, or somebody does
    for change in found:
        for box in (change.box_before, change.box_after):
            if box and min(box) >= 0 and box[2] <= SIZE[1] and box[3] <= SIZE[0]:
                x, y = (int((box[0] + box[2]) / 2), int((box[1] + box[3]) / 2))
                around = mask[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2]
                assert (around & ~np.uint8(IGNORE)).any()


@given(st.lists(changes(), max_size=4), st.booleans())
def test_exchanging_the_views_exchanges_added_and_removed(found, known):
    swapped = mask_of_boxes([change.swapped() for change in found], SIZE, known)
    np.testing.assert_array_equal(swapped, swap_mask(mask_of_boxes(found, SIZE, known)))
