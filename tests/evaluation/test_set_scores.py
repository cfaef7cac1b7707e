"""F1 of word sets, by hand."""

import numpy as np
import pytest

from spotdiff.evaluation.set_scores import (
    frequent_words,
    gate_oracle,
    micro_f1,
    row_f1,
    word_counts,
)
from spotdiff.training.scores import set_f1
from spotdiff.types import LabelSets


def test_cells_have_the_f1_that_training_watches():
    said = LabelSets(("car", "cat"), ("man",), ())
    true = LabelSets(("car", "man", "car"), (), ())
    counts = word_counts([said], [true])
    assert row_f1(counts)[0] == pytest.approx(set_f1(said, true))
    assert row_f1(counts)[0] == pytest.approx([1 / 2, 0, 1])


def test_micro_f1_adds_words_up_before_it_divides():
    said = [LabelSets(("car",)), LabelSets(("man",)), LabelSets()]
    true = [LabelSets(("car",)), LabelSets(("car", "bag")), LabelSets((), ("cup",))]
    counts = word_counts(said, true)
    assert micro_f1(counts) == pytest.approx([2 / 5, 0, 1])  # 1 right, 1 wrong, 2 missed
    twice = np.array([2.0, 0.0, 1.0])
    assert micro_f1(counts, twice) == pytest.approx([1, 0, 1])


def test_no_pairs_have_no_counts():
    assert word_counts([], []).shape == (0, 3, 3)


def test_frequent_words_count_cells_and_break_ties_by_the_alphabet():
    true = [LabelSets(("b", "b", "b"), ("c",)), LabelSets((), ("c",), ("a",))]
    assert frequent_words(true, 3) == ("c", "a", "b")
    assert frequent_words([], 2) == ()


def test_the_oracle_says_its_words_where_there_are_any():
    true = LabelSets((), ("x", "y"), ())
    assert gate_oracle(true, ("car", "man")) == LabelSets((), ("car", "man"), ())
