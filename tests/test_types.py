"""The nouns keep their promises: exchange is its own inverse, values cannot be changed."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spotdiff.types import (
    IGNORE,
    UNKNOWN_KIND,
    Change,
    ChangeKind,
    ChangeMap,
    LabelSets,
    Pair,
    PairResult,
    Thresholds,
    TrueChange,
    Truth,
    ViewInfo,
    swap_mask,
)


def test_each_kind_has_its_own_bit_and_none_is_that_of_unknown_or_ignore():
    assert [kind.bit for kind in ChangeKind] == [1, 2, 4]
    assert not {1, 2, 4} & {UNKNOWN_KIND, IGNORE}


def test_added_and_removed_trade_places_and_changed_stays():
    assert [kind.swapped for kind in ChangeKind] == ["removed", "added", "changed"]


def test_kinds_are_written_as_their_words():
    assert f"{ChangeKind.ADDED}" == "added"


@given(arrays(np.uint8, (3, 4)))
def test_swapping_a_mask_twice_gives_it_back(mask):
    np.testing.assert_array_equal(swap_mask(swap_mask(mask)), mask)


@given(arrays(np.uint8, (3, 4)))
def test_swapping_a_mask_moves_two_bits_and_leaves_the_others(mask):
    swapped = swap_mask(mask)
    np.testing.assert_array_equal(swapped & 1, (mask & 2) >> 1)
    np.testing.assert_array_equal(swapped & 0xFC, mask & 0xFC)
    assert swapped.dtype == np.uint8


def test_a_swapped_truth_exchanges_words_boxes_and_bits():
    truth = Truth(
        LabelSets(("car",), ("dog", "dog"), ("sign",)),
        (TrueChange(ChangeKind.ADDED, "car", None, (1, 2, 3, 4)),),
        np.array([[1, 2]], np.uint8),
    )
    swapped = truth.swapped()
    assert swapped.labels == LabelSets(("dog", "dog"), ("car",), ("sign",))
    assert swapped.changes == (TrueChange(ChangeKind.REMOVED, "car", (1, 2, 3, 4), None),)
    assert swapped.mask.tolist() == [[2, 1]]


def test_what_is_unknown_stays_unknown_and_what_is_known_to_be_nothing_stays_nothing():
    assert Truth().swapped() == Truth()
    assert Truth(LabelSets(), ()).swapped() == Truth(LabelSets(), ())


def test_a_change_of_unknown_kind_swaps_its_boxes_alone():
    assert TrueChange(None, None, (0, 0, 1, 1), None).swapped().kind is None


@given(st.tuples(*[st.lists(st.text(max_size=4), max_size=3).map(tuple)] * 3))
def test_label_sets_swap_back(words):
    sets = LabelSets(*words)
    assert sets.swapped().swapped() == sets
    assert sets.swapped().of(ChangeKind.ADDED) == sets.of(ChangeKind.REMOVED)


def test_values_are_frozen():
    with pytest.raises(FrozenInstanceError):
        LabelSets().added = ("car",)


@pytest.mark.parametrize("wrong", [{"min_heat": "high"}, {"min_gates": (0.5, None, 0.5)}])
def test_a_threshold_that_is_no_number_is_named(wrong):
    with pytest.raises(ValueError, match=f"Expected {next(iter(wrong))} to be a number"):
        Thresholds(**wrong)


def test_a_light_result_keeps_the_answer_and_drops_the_pixels():
    empty = np.zeros((0, 1, 1), np.float32)
    nothing = np.zeros((3, 0), np.float32)
    seen = ChangeMap(np.zeros((3, 2, 2), np.float32), nothing[:, 0:0].sum(1), nothing, empty, empty)
    pair = Pair("a", np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2, 3), np.uint8))
    changes = (Change(ChangeKind.ADDED, 0.5),)
    whole = PairResult("a", ViewInfo("b"), ViewInfo("c"), changes=changes, pair=pair)
    light = PairResult.light(whole)
    assert light.pair is None
    assert light.change_map is None
    assert light.changes == changes
    assert seen.vocabulary == ()
