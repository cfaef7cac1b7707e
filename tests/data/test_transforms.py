"""Augmentation: one geometry for both views, light for each, and the truth follows."""

import warnings

import numpy as np
import pytest

from spotdiff.data.transforms import (
    PairTransform,
    geometry,
    letterbox,
    one_frame,
    photometry,
    swapped,
)
from spotdiff.types import IGNORE, ChangeKind, LabelSets, Pair, TrueChange, Truth
from tests.fakes import noise

SIZE = (64, 64)


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        yield


def _marked(height: int = 80, width: int = 100) -> Pair:
    """Bright blocks on dark ground, boxed and masked: one came, one went, one stayed elsewhere."""
    before, after = (np.full((height, width, 3), 20, np.uint8) for _ in range(2))
    mask = np.zeros((height, width), np.uint8)
    after[10:30, 20:50] = (250, 0, 0)
    mask[10:30, 20:50] |= ChangeKind.ADDED.bit
    before[40:70, 60:80] = (0, 250, 0)
    mask[40:70, 60:80] |= ChangeKind.REMOVED.bit
    changes = (
        TrueChange(ChangeKind.ADDED, "red", None, (20, 10, 50, 30)),
        TrueChange(ChangeKind.REMOVED, "green", (60, 40, 80, 70), None),
    )
    truth = Truth(LabelSets(("red",), ("green",)), changes, mask)
    return Pair("marked", before, after, truth)


def _box_of(pixels) -> np.ndarray:
    rows, columns = np.nonzero(pixels)
    return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])


@pytest.mark.parametrize("seed", range(8))
def test_equal_views_stay_equal_under_geometry(seed):
    view = noise(seed, 80, 100)
    moved = PairTransform(geometry(SIZE, turn=1.0))(Pair("same", view, view.copy()), seed)
    np.testing.assert_array_equal(moved.before, moved.after)
    assert moved.before.shape == (*SIZE, 3)
    assert moved.before.dtype == np.uint8


@pytest.mark.parametrize("seed", range(8))
def test_boxes_and_masks_follow_the_pixels(seed):
    moved = PairTransform(geometry(SIZE, min_scale=0.8, turn=0.0))(_marked(), seed)
    for change in moved.truth.changes:
        view = moved.after if change.box_after else moved.before
        channel = 0 if change.label == "red" else 1
        found = _box_of(view[..., channel] > 130)
        box = change.box_after or change.box_before
        np.testing.assert_allclose(box, found, atol=1.6)
        bits = moved.truth.mask & change.kind.bit
        np.testing.assert_allclose(box, _box_of(bits), atol=1.6)


def test_the_same_seed_draws_the_same_and_another_one_does_not():
    transform = PairTransform(geometry(SIZE), photometry(), swap=0.5)
    one, two, other = (transform(_marked(), seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one.before, two.before)
    np.testing.assert_array_equal(one.after, two.after)
    assert one.truth.changes == two.truth.changes
    assert (one.before != other.before).any()


def test_draws_do_not_depend_on_what_was_drawn_before():
    fresh, used = (PairTransform(geometry(SIZE), photometry()) for _ in range(2))
    for seed in range(5):
        used(_marked(), seed)
    np.testing.assert_array_equal(fresh(_marked(), 9).after, used(_marked(), 9).after)


def test_light_is_drawn_for_each_view():
    view = noise(0, 64, 64)
    lit = [PairTransform(letterbox(SIZE), photometry())(Pair("p", view, view), s) for s in range(6)]
    assert any((pair.before != pair.after).any() for pair in lit)


def test_light_moves_no_pixel_and_changes_no_truth():
    pair = _marked(80, 100)
    lit = PairTransform(letterbox((80, 100)), photometry())(pair, 3)
    for found, given in zip(lit.truth.changes, pair.truth.changes, strict=True):
        box, expected = (c.box_before or c.box_after for c in (found, given))
        np.testing.assert_allclose(box, expected, rtol=1e-6)
    np.testing.assert_array_equal(lit.truth.mask, pair.truth.mask)


@pytest.mark.parametrize("seed", range(4))
def test_light_of_strength_zero_leaves_pictures_as_they_are(seed):
    view = noise(seed, 64, 64)
    lit = PairTransform(letterbox(SIZE), photometry(0.0))(Pair("p", view, view), seed)
    np.testing.assert_array_equal(lit.before, view)


def test_the_swap_exchanges_views_and_truth():
    pair = _marked()
    transform = PairTransform(letterbox((80, 100)), swap=1.0)
    moved = transform(pair, 0)
    np.testing.assert_array_equal(moved.before, pair.after)
    np.testing.assert_array_equal(moved.after, pair.before)
    assert moved.truth.labels == LabelSets(("green",), ("red",))
    assert [c.kind for c in moved.truth.changes] == ["removed", "added"]
    np.testing.assert_allclose(moved.truth.changes[0].box_before, (20, 10, 50, 30), rtol=1e-6)
    assert set(np.unique(moved.truth.mask[10:30, 20:50])) == {ChangeKind.REMOVED.bit}


def test_about_half_of_the_pairs_are_swapped_at_half():
    transform = PairTransform(letterbox(SIZE), swap=0.5)
    pair = _marked()
    count = sum(transform(pair, s).truth.labels.added == ("green",) for s in range(60))
    assert 15 <= count <= 45


def test_swapping_twice_is_nothing():
    pair = _marked()
    again = swapped(swapped(pair))
    np.testing.assert_array_equal(again.before, pair.before)
    assert again.truth.changes == pair.truth.changes


def test_the_letterbox_keeps_the_aspect_and_ignores_the_rest():
    boxed = PairTransform(letterbox((64, 64)))(_marked(80, 160), 0)
    assert boxed.after.shape == (64, 64, 3)
    assert (boxed.truth.mask[32:] == IGNORE).all()
    assert not (boxed.truth.mask[:32] & IGNORE).any()
    assert (boxed.after[34:] == 128).all()
    np.testing.assert_allclose(boxed.truth.changes[0].box_after, np.array([20, 10, 50, 30]) * 0.4)


def test_the_letterbox_grows_a_small_picture():
    pair = Pair("small", noise(0, 16, 16), noise(1, 16, 16))
    grown = PairTransform(letterbox(SIZE))(pair, 0)
    assert grown.after.shape == (*SIZE, 3)
    assert (grown.after[-1] != 128).any()


def test_a_turned_picture_is_ignored_where_nothing_is_known():
    turning = PairTransform(geometry(SIZE, min_scale=1.0, turn=1.0))
    turned = [turning(_marked(64, 64), seed) for seed in range(6)]
    assert any((pair.truth.mask == IGNORE).any() for pair in turned)


def test_unequal_views_come_into_the_frame_of_the_after_view():
    pair = _marked(80, 100)
    small = Pair("u", pair.before[::2, ::2].copy(), pair.after, Truth(mask=pair.truth.mask))
    half = tuple(v / 2 for v in (60, 40, 80, 70))
    changes = (TrueChange(ChangeKind.CHANGED, None, half, (60, 40, 80, 70)),)
    framed = one_frame(Pair("u", small.before, small.after, Truth(None, changes)))
    assert framed.before.shape == framed.after.shape
    assert framed.truth.changes[0].box_before == (60, 40, 80, 70)
    assert framed.truth.changes[0].box_after == (60, 40, 80, 70)
    assert PairTransform(geometry(SIZE))(small, 0).before.shape == (*SIZE, 3)


@pytest.mark.parametrize("changes", [None, ()])
def test_unknown_stays_unknown_and_nothing_stays_nothing(changes):
    truth = Truth(None, changes, None)
    pair = Pair("p", noise(0, 40, 40), noise(1, 80, 80), truth)
    assert PairTransform(geometry(SIZE), photometry(), swap=0.5)(pair, 1).truth == truth


def test_what_a_crop_does_not_show_is_no_change_any_more():
    after = noise(1, 100, 100)
    corner = (TrueChange(ChangeKind.ADDED, "a", None, (0, 0, 6, 6)),)
    pair = Pair("p", noise(0, 100, 100), after, Truth(changes=corner))
    crops = [PairTransform(geometry(SIZE, min_scale=0.2))(pair, seed) for seed in range(10)]
    counts = {len(crop.truth.changes) for crop in crops}
    assert counts == {0, 1}


@pytest.mark.parametrize(
    "box",
    [(-20, -10, 30, 30), (90, 70, 130, 95), (10, 10, 10, 30), (120, 10, 140, 20), (9, 9, 5, 5)],
)
def test_a_box_over_the_edge_or_without_area_breaks_nothing(box):
    changes = (TrueChange(ChangeKind.ADDED, "a", None, box),)
    pair = Pair("p", noise(0, 80, 100), noise(1, 80, 100), Truth(changes=changes))
    moved = PairTransform(letterbox((80, 100)))(pair, 0)
    for change in moved.truth.changes:
        x0, y0, x1, y1 = change.box_after
        assert 0 <= x0 < x1 <= 100
        assert 0 <= y0 < y1 <= 80
