"""Which words stand for one another, as the bundled files say."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.labels import Meanings, Synonyms

CONF = Path(__file__).resolve().parents[2] / "conf"
BUNDLED = Meanings.from_files(CONF / "labels.yaml", CONF / "broader.yaml")


@pytest.mark.parametrize(
    ("word", "meaning", "sort"),
    [
        ("Lorry", "truck", "vehicle"),
        ("car", "car", "vehicle"),
        ("vehicles", "vehicle", "vehicle"),
        ("woman", "person", "person"),
        ("stop sign", "stop sign", "sign"),
        ("traffic  sign", "sign", "sign"),
        ("unicorn", "unicorn", "unicorn"),
    ],
)
def test_words_fold_and_go_by_their_broader_term(word, meaning, sort):
    assert (BUNDLED.fold(word), BUNDLED.group(word)) == (meaning, sort)


def test_bundled_terms_are_those_of_labels_as_they_are_folded():
    """Else a term would never be found."""
    for label, term in BUNDLED.broader.items():
        assert BUNDLED.fold(label) == label
        assert BUNDLED.fold(term) == term


def test_no_broader_term_has_one_of_its_own():
    assert set(BUNDLED.broader.values()).isdisjoint(BUNDLED.broader)


def test_a_label_of_two_broader_terms_is_refused(tmp_path):
    path = tmp_path / "broader.yaml"
    path.write_text("vehicle: [truck]\ntoy: [truck]")
    with pytest.raises(ValueError, match=r"'truck' stands for both 'vehicle' and 'toy'"):
        Meanings.from_files(CONF / "labels.yaml", path)


def test_a_word_means_itself_before_a_synonym_and_a_synonym_before_a_broader_term():
    assert BUNDLED.name_among("man", ["person", "man"]) == "man"
    assert BUNDLED.name_among("Man", ["person", "man"]) == "man"
    assert BUNDLED.name_among("lorry", ["vehicle", "truck"]) == "truck"
    assert BUNDLED.name_among("lorry", ["vehicle", "pickup"]) == "pickup"
    assert BUNDLED.name_among("lorry", ["car", "vehicle"]) == "vehicle"


def test_a_name_that_is_a_synonym_of_the_broader_term_will_do():
    assert BUNDLED.name_among("bus", ["vehicles"]) == "vehicles"


def test_nothing_is_called_by_a_narrower_or_a_sister_term():
    assert BUNDLED.name_among("vehicle", ["car", "truck"]) is None
    assert BUNDLED.name_among("bus", ["car", "truck"]) is None
    assert BUNDLED.name_among("car", []) is None


KNOWN = sorted({*BUNDLED.synonyms.aliases, *BUNDLED.broader, *BUNDLED.broader.values(), "unicorn"})


@given(st.sampled_from(KNOWN))
def test_a_group_is_its_own_group(word):
    assert BUNDLED.group(BUNDLED.group(word)) == BUNDLED.group(word)


@given(st.sampled_from(KNOWN), st.lists(st.sampled_from(KNOWN), max_size=6))
def test_what_a_word_is_called_is_a_name_of_its_group(word, names):
    found = BUNDLED.name_among(word, names)
    assert found is None or found in names
    if found is None:
        assert BUNDLED.fold(word) not in map(BUNDLED.fold, names)
    else:
        assert BUNDLED.group(found) == BUNDLED.group(word)


def test_without_files_a_word_means_itself():
    plain = Meanings()
    assert (plain.group("Truck"), plain.name_among("truck", ["Truck"])) == ("truck", "Truck")
    assert Meanings(Synonyms({"a": "b"})).group("a") == "b"
