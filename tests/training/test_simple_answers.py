"""Answers to hold a search against, by hand."""

from dataclasses import replace

import numpy as np
import pytest

from spotdiff.training.simple_answers import LEVELS, counted_apart, perfect_gates, silence
from spotdiff.types import LabelSets, ObjectEvidence
from tests.training.object_tables import labelled, seen

CARS = ObjectEvidence(
    seen(("car", 0, 0.9), ("cone", 1, 0.4)), seen(("car", 0, 0.9), ("car", 2, 0.6))
)
TRUTH = LabelSets(added=("car",), removed=("cone",))


def test_a_word_that_is_seen_more_often_was_added_and_less_often_removed():
    found = counted_apart(labelled([CARS], [TRUTH]), (0.3, 0.5, 0.7, 1.0))
    np.testing.assert_array_equal(found[:, 0], [[1, 1, 1], [1, 0, 1], [0, 0, 1], [0, 0, 1]])


def test_as_many_of_a_word_are_no_change_wherever_they_are():
    moved = ObjectEvidence(seen(("car", 0, 0.9)), seen(("car", 1, 0.9)))
    found = counted_apart(labelled([moved], [LabelSets(changed=("car",))]), (0.5,))
    np.testing.assert_array_equal(found[0], [[1, 1, 0]])


def test_failed_pairs_and_equal_views_count_as_nothing_said():
    table = labelled([None, replace(CARS, identical=True)], [TRUTH, TRUTH])
    np.testing.assert_array_equal(counted_apart(table)[7], silence(table))


def test_least_scores_go_from_5_to_90_percent():
    assert (LEVELS[0], LEVELS[-1], len(LEVELS)) == (0.05, 0.9, 18)
    assert counted_apart(labelled([CARS], [TRUTH])).shape == (18, 1, 3)


def test_silence_is_right_about_empty_sets_alone():
    table = labelled([CARS, CARS], [TRUTH, LabelSets()])
    np.testing.assert_array_equal(silence(table), [[0, 0, 1], [1, 1, 1]])


def test_perfect_gates_say_the_most_frequent_word_where_there_is_any():
    truth = [
        LabelSets(added=("car",)),
        LabelSets(removed=("car", "dog")),
        LabelSets(added=("dog",), changed=("car", "cat", "cow")),
    ]
    found = perfect_gates(labelled([None] * 3, truth))
    np.testing.assert_allclose(found, [[1, 1, 1], [1, 2 / 3, 1], [0, 1, 1 / 2]])


@pytest.mark.parametrize("answer", [silence, perfect_gates])
def test_where_nobody_says_a_word_everything_is_right(answer):
    np.testing.assert_array_equal(answer(labelled([None] * 2, [LabelSets()] * 2)), np.ones((2, 3)))
