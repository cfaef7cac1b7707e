"""From a change map to changes: kinds, boxes, moves, labels, sets, and the laws of a pair."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.stages.decision import HeatmapDecision
from spotdiff.types import ChangeKind, ChangeMap, LabelSets, Pair, Thresholds

SIZE = (64, 96)
VOCABULARY = ("car", "person", "dog")
DECIDE = HeatmapDecision(Thresholds())


def change_map(heat=None, gates=(0, 0, 0), scores=None, before=None, after=None):
    """A map with nothing in it but what is given."""
    grid = np.zeros((3, 4, 6), np.float32)
    return ChangeMap(
        heat=np.zeros((3, *SIZE), np.float32) if heat is None else heat,
        gates=np.array(gates, np.float32),
        label_scores=np.zeros((3, 3), np.float32) if scores is None else scores,
        labels_before=grid if before is None else before,
        labels_after=grid if after is None else after,
        vocabulary=VOCABULARY,
    )


def heat_of(*painted):
    heat = np.zeros((3, *SIZE), np.float32)
    for kind, (x0, y0, x1, y1), value in painted:
        heat[list(ChangeKind).index(kind), y0:y1, x0:x1] = value
    return heat


def plain_pair():
    ground = np.random.default_rng(0).integers(100, 140, (*SIZE, 3)).astype(np.uint8)
    return Pair("p", ground, ground.copy())


def moved_pair():
    """One thing at (8, 8) before and at (60, 30) after; another that came at (60, 8)."""
    pair = plain_pair()
    things = np.random.default_rng(1).integers(0, 255, (2, 4, 4, 3)).astype(np.uint8)
    thing, other = things.repeat(4, axis=1).repeat(4, axis=2)
    pair.before[8:24, 8:24] = thing
    pair.after[30:46, 60:76] = thing
    pair.after[8:24, 60:76] = other
    return pair


def swapped(pair, seen):
    order = [1, 0, 2]
    return (
        Pair(pair.pair_id, pair.after, pair.before),
        replace(
            seen,
            heat=seen.heat[order],
            gates=seen.gates[order],
            label_scores=seen.label_scores[order],
            labels_before=seen.labels_after,
            labels_after=seen.labels_before,
        ),
    )


def test_a_calm_map_says_nothing():
    assert DECIDE(plain_pair(), change_map()) == ((), 0.0, LabelSets())


def test_each_kind_has_the_boxes_of_the_views_that_show_it():
    heat = heat_of(
        (ChangeKind.ADDED, (4, 4, 20, 12), 0.9),
        (ChangeKind.REMOVED, (40, 4, 48, 50), 0.8),
        (ChangeKind.CHANGED, (70, 40, 90, 60), 0.7),
    )
    changes, _, _ = DECIDE(plain_pair(), change_map(heat))
    assert [change.kind for change in changes] == list(ChangeKind)
    assert [change.box_before for change in changes] == [None, (40, 4, 48, 50), (70, 40, 90, 60)]
    assert [change.box_after for change in changes] == [(4, 4, 20, 12), None, (70, 40, 90, 60)]
    np.testing.assert_allclose([change.score for change in changes], [0.9, 0.8, 0.7], rtol=1e-6)


def test_what_went_away_and_came_elsewhere_is_one_change_with_both_boxes():
    heat = heat_of(
        (ChangeKind.REMOVED, (8, 8, 24, 24), 0.9),
        (ChangeKind.ADDED, (60, 30, 76, 46), 0.7),
        (ChangeKind.ADDED, (60, 8, 76, 24), 0.6),
    )
    changes, _, _ = DECIDE(moved_pair(), change_map(heat))
    moved, came = changes
    assert (moved.kind, came.kind) == (ChangeKind.CHANGED, ChangeKind.ADDED)
    assert moved.box_before == (8, 8, 24, 24)
    assert moved.box_after == (60, 30, 76, 46)
    assert moved.score == pytest.approx(0.8)
    assert came.box_after == (60, 8, 76, 24)


def test_moves_can_be_switched_off_by_asking_for_the_impossible():
    heat = heat_of(
        (ChangeKind.REMOVED, (8, 8, 24, 24), 0.9), (ChangeKind.ADDED, (60, 30, 76, 46), 0.7)
    )
    changes, _, _ = replace(DECIDE, min_move_similarity=1.5)(moved_pair(), change_map(heat))
    assert [change.kind for change in changes] == [ChangeKind.REMOVED, ChangeKind.ADDED]


def test_boxes_below_the_score_or_the_area_are_not_reported():
    heat = heat_of(
        (ChangeKind.ADDED, (4, 4, 20, 12), 0.55), (ChangeKind.ADDED, (40, 4, 44, 7), 0.9)
    )
    strict = HeatmapDecision(Thresholds(min_score=0.6), min_area=12)
    assert [c.box_after for c in strict(plain_pair(), change_map(heat))[0]] == [(40, 4, 44, 7)]
    assert len(replace(strict, min_area=13)(plain_pair(), change_map(heat))[0]) == 0


def test_a_label_comes_from_the_view_that_shows_the_thing():
    before, after = np.zeros((2, 3, 4, 6), np.float32)
    before[0], after[1] = 0.9, 0.8
    heat = heat_of(
        (ChangeKind.ADDED, (0, 0, 16, 16), 0.9),
        (ChangeKind.REMOVED, (32, 0, 48, 40), 0.8),
        (ChangeKind.CHANGED, (64, 32, 80, 48), 0.7),
    )
    seen = change_map(heat, before=before, after=after)
    labels = [change.label for change in DECIDE(plain_pair(), seen)[0]]
    # Where both views show it, car has (0.9 + 0) / 2 and person (0 + 0.8) / 2: neither is enough.
    assert labels == ["person", "car", None]
    lenient = HeatmapDecision(Thresholds(min_label=0.45))
    assert lenient(plain_pair(), seen)[0][2].label == "car"


def test_without_a_vocabulary_boxes_have_no_label_and_sets_are_empty():
    heat = heat_of((ChangeKind.ADDED, (0, 0, 16, 16), 0.9))
    nothing = np.zeros((0, 4, 6), np.float32)
    seen = replace(
        change_map(heat, (1, 1, 1), np.zeros((3, 0), np.float32), nothing, nothing), vocabulary=()
    )
    changes, score, labels = DECIDE(plain_pair(), seen)
    assert changes[0].label is None
    assert (score, labels) == (1.0, LabelSets())


def test_sets_need_an_open_gate_and_take_the_best_label_if_none_is_sure():
    scores = np.array([[0.6, 0.9, 0.1], [0.2, 0.3, 0.1], [0.9, 0.9, 0.9]], np.float32)
    _, score, labels = DECIDE(plain_pair(), change_map(None, (0.9, 0.5, 0.4), scores))
    assert labels == LabelSets(added=("person", "car"), removed=("person",), changed=())
    assert score == pytest.approx(1 - 0.1 * 0.5 * 0.6)


def test_each_kind_has_its_own_thresholds():
    scores = np.full((3, 3), 0.6, np.float32)
    thresholds = Thresholds(min_gates=(0.2, 0.4, 0.6), min_label_scores=(0.5, 0.7, 0.5))
    labels = HeatmapDecision(thresholds)(plain_pair(), change_map(None, [0.5] * 3, scores))[2]
    assert labels == LabelSets(added=VOCABULARY, removed=("car",), changed=())


def test_equal_scores_keep_reading_order():
    heat = heat_of(
        (ChangeKind.REMOVED, (40, 2, 50, 12), 0.75), (ChangeKind.ADDED, (4, 30, 14, 60), 0.75)
    )
    kinds = [change.kind for change in DECIDE(plain_pair(), change_map(heat))[0]]
    assert kinds == [ChangeKind.REMOVED, ChangeKind.ADDED]


def test_a_view_in_another_frame_than_the_map_is_refused_with_its_sizes():
    pair = Pair("odd", np.zeros((10, 10, 3), np.uint8), np.zeros((*SIZE, 3), np.uint8))
    with pytest.raises(ValueError, match=r"before view of pair 'odd'.*\(64, 96\).*\(10, 10\)"):
        DECIDE(pair, change_map())


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_exchanging_the_views_exchanges_added_with_removed_and_the_boxes(seed):
    rng = np.random.default_rng(seed)
    heat = np.stack([cv2.GaussianBlur(one, (0, 0), 4.0) for one in rng.random((3, *SIZE))])
    heat = ((heat - heat.min()) / np.ptp(heat)).astype(np.float32)
    views = rng.integers(0, 255, (2, *SIZE, 3)).astype(np.uint8)
    pair = Pair("p", *views)
    grids = rng.random((2, 3, 4, 6)).astype(np.float32)
    scores = rng.random((3, 3)).astype(np.float32)
    seen = change_map(heat, rng.random(3), scores, *grids)
    decide = HeatmapDecision(Thresholds(min_heat=0.6))
    changes, score, labels = decide(pair, seen)
    back_changes, back_score, back_labels = decide(*swapped(pair, seen))
    exchanged = tuple(
        replace(c, kind=c.kind.swapped, box_before=c.box_after, box_after=c.box_before)
        for c in back_changes
    )
    assert exchanged == changes
    assert back_score == pytest.approx(score)
    assert back_labels.swapped() == labels


class ByPlace:
    """Names a region by the half of the picture that it lies in, and doubts small ones."""

    words = ("left", "right")
    max_gap = -1.0

    def __call__(self, pairs, boxes):
        del pairs
        found = []
        for some in boxes:
            rows = np.zeros((len(some), 2), np.float32)
            rows[np.arange(len(some)), (some[:, 0] >= SIZE[1] / 2).astype(int)] = np.where(
                some[:, 2] - some[:, 0] < 6, 0.1, 0.9
            )
            found.append(rows)
        return found


def test_a_labeller_names_regions_lowers_doubtful_ones_and_says_the_words_of_the_pair():
    heat = heat_of(
        (ChangeKind.ADDED, (4, 4, 20, 20), 0.95),
        (ChangeKind.REMOVED, (60, 4, 80, 30), 0.95),
        (ChangeKind.ADDED, (4, 50, 8, 56), 0.95),
    )
    decide = HeatmapDecision(Thresholds(), labeller=ByPlace())
    changes, _, words = decide(plain_pair(), change_map(heat))
    assert {(c.kind, c.label) for c in changes} == {
        (ChangeKind.REMOVED, "right"),
        (ChangeKind.ADDED, "left"),
    }
    assert words == LabelSets(added=("left",), removed=("right",))
    assert changes[0].score == pytest.approx(0.95 * 0.9, abs=1e-3)


def test_parts_of_one_name_are_one_thing_where_the_labeller_says_so():
    heat = heat_of(
        (ChangeKind.ADDED, (4, 4, 20, 20), 0.95), (ChangeKind.ADDED, (23, 4, 40, 20), 0.9)
    )
    labeller = ByPlace()
    decide = HeatmapDecision(Thresholds(), labeller=labeller)
    assert len(decide(plain_pair(), change_map(heat))[0]) == 2
    labeller.max_gap = 5
    (whole,) = decide(plain_pair(), change_map(heat))[0]
    assert whole.box_after == (4, 4, 40, 20)
    assert whole.score == pytest.approx(0.95 * 0.9, abs=1e-3)


def test_what_goes_by_two_names_has_not_moved():
    pair = moved_pair()
    heat = heat_of(
        (ChangeKind.REMOVED, (8, 8, 24, 24), 0.9), (ChangeKind.ADDED, (60, 30, 76, 46), 0.9)
    )
    assert [c.kind for c in DECIDE(pair, change_map(heat))[0]] == [ChangeKind.CHANGED]
    decide = HeatmapDecision(Thresholds(min_score=0.3), labeller=ByPlace())
    assert {c.kind for c in decide(pair, change_map(heat))[0]} == {
        ChangeKind.ADDED,
        ChangeKind.REMOVED,
    }
