"""The label rules: what is read, what is folded, and that only training words are written."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.labels import Synonyms, Vocabulary, parse_cell
from spotdiff.types import LabelSets

CONF = Path(__file__).resolve().parents[2] / "conf" / "labels.yaml"
STREET = Synonyms({"cone": "cone", "traffic cone": "cone", "man": "person", "guy": "person"})
WORDS = st.lists(
    st.sampled_from(["man", "guy", "person", "traffic", "cone", "Car", "car"]), max_size=6
)


@pytest.mark.parametrize("cell", ["none", "None", "", "  ", ", ,", None, math.nan])
def test_cells_that_say_nothing_have_no_words(cell):
    assert parse_cell(cell) == ()


def test_words_keep_their_order_and_their_repeats():
    assert parse_cell("person, car person,dog") == ("person", "car", "person", "dog")


def test_a_number_is_no_label():
    with pytest.raises(ValueError, match=r"expected words or 'none', got the number 3"):
        parse_cell(3)


def test_the_longest_alias_wins_even_across_the_words_of_a_cell():
    words = parse_cell("traffic cone, traffic guy cone")
    assert STREET.fold(words) == ("cone", "traffic", "person", "cone")


def test_a_label_of_several_words_stays_one_when_no_alias_knows_it():
    assert STREET.fold(["stop sign", "traffic cone"]) == ("stop sign", "cone")


@given(WORDS)
def test_spans_give_back_every_raw_word_in_order(words):
    assert " ".join(raw for _, raw in STREET.spans(words)) == " ".join(words)


@given(WORDS)
def test_a_folded_label_folds_to_itself(words):
    for label in STREET.fold(words):
        assert STREET.fold([label]) == (label,)


def test_the_bundled_synonyms_fold_as_they_say():
    synonyms = Synonyms.from_file(CONF)
    assert synonyms.fold(["Lady", "pickup", "truck", "lamp", "post"]) == ("person", "truck", "pole")
    assert synonyms.fold(["car", "vehicle"]) == ("car", "vehicle")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("- a\n- b", "expected a mapping"),
        ("person: man", "expected a list of words"),
        ("person: [no]", "in quotes"),
        ("person: [driver]\ncar: [driver]", "'driver' stands for both 'person' and 'car'"),
    ],
)
def test_a_file_of_synonyms_that_makes_no_sense_is_refused(tmp_path, content, reason):
    path = tmp_path / "labels.yaml"
    path.write_text(content)
    with pytest.raises(ValueError, match=reason):
        Synonyms.from_file(path)


def test_the_vocabulary_is_sorted_by_frequency_then_by_name_above_the_floor():
    rows = [LabelSets(added=("dog", "cat", "car")), LabelSets(removed=("car",), changed=("ant",))]
    rows += [LabelSets(changed=("cat", "dog", "car"))]
    assert Vocabulary.from_rows(rows, min_count=2).labels == ("car", "cat", "dog")
    assert Vocabulary.from_rows(rows, min_count=4).labels == ()


def test_a_label_is_written_as_the_training_rows_mostly_write_it():
    rows = [LabelSets(added=("man", "guy", "guy")), LabelSets(removed=("traffic", "cone"))]
    vocabulary = Vocabulary.from_rows(rows, min_count=1, synonyms=STREET)
    assert vocabulary.labels == ("person", "cone")
    assert vocabulary.emit("person") == "guy"
    assert vocabulary.emit("cone") == "traffic cone"


def test_a_label_outside_the_vocabulary_cannot_be_written():
    with pytest.raises(ValueError, match="'truck'"):
        Vocabulary(("car",), ("car",)).emit("truck")


@settings(max_examples=30)
@given(st.lists(st.builds(LabelSets, *[WORDS.map(tuple)] * 3), max_size=5), st.integers(1, 3))
def test_nothing_but_training_words_is_ever_written(rows, min_count):
    vocabulary = Vocabulary.from_rows(rows, min_count, STREET)
    seen = {
        word for row in rows for words in (row.added, row.removed, row.changed) for word in words
    }
    assert {part for word in vocabulary.words for part in word.split()} <= seen
    assert len(set(vocabulary.words)) == len(vocabulary)


def test_encoding_folds_and_passes_over_words_outside_the_vocabulary():
    vocabulary = Vocabulary(("person", "cone"), ("man", "cone"), STREET)
    hot = vocabulary.encode(LabelSets(("guy", "man", "horse"), (), ("traffic", "cone", "Man")))
    assert hot.dtype == np.float32
    np.testing.assert_array_equal(hot, [[1, 0], [0, 0], [1, 1]])


@given(WORDS.map(tuple), WORDS.map(tuple))
def test_swapping_the_views_swaps_the_rows_of_the_encoding(added, removed):
    labels = LabelSets(added, removed)
    vocabulary = Vocabulary.from_rows([labels], 1, STREET)
    swapped = vocabulary.encode(labels.swapped())
    np.testing.assert_array_equal(swapped, vocabulary.encode(labels)[[1, 0, 2]])


def test_an_empty_vocabulary_encodes_to_no_columns():
    assert Vocabulary().encode(LabelSets(("car",))).shape == (3, 0)


def test_a_vocabulary_survives_json():
    vocabulary = Vocabulary.from_rows([LabelSets(("guy", "car"))], 1, STREET)
    assert Vocabulary.from_dict(json.loads(json.dumps(vocabulary.to_dict()))) == vocabulary


def test_labels_must_be_distinct_and_have_a_word_each():
    with pytest.raises(ValueError, match="distinct"):
        Vocabulary(("car", "car"), ("car", "car"))
    with pytest.raises(ValueError, match="one word"):
        Vocabulary(("car",), ())
