"""Equal names for texts that are the same once what does not count is left out."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.ops.text_hashes import text_hash


def test_the_name_is_the_md5_of_the_stripped_text():
    assert text_hash("  A cup, 2 plates\n") == hashlib.md5(b"A cup, 2 plates").hexdigest()


@pytest.mark.parametrize(
    ("one", "other"),
    [("Cup", "cup"), ("a cup", "acup"), ("cup 12", "cup"), ("cup!?", "cup"), ("ЧАШКА 7", "чашка")],
    ids=["case", "space", "digits", "punctuation", "another script"],
)
def test_what_does_not_count_is_left_out_only_when_asked(one, other):
    assert text_hash(one) != text_hash(other)
    assert text_hash(one, True, True) == text_hash(other, True, True)


def test_each_choice_leaves_the_other_alone():
    assert text_hash("Cup 1", lowercase=True) == text_hash("cup 1")
    assert text_hash("Cup 1", ignore_non_character=True) == text_hash("Cup")


def test_punctuation_of_other_scripts_counts():
    assert text_hash("你好。", ignore_non_character=True) != text_hash("你好")


def test_half_a_character_has_a_name_too():
    assert text_hash("\ud800") != text_hash("")


@given(st.text(), st.text())
def test_names_are_equal_where_stripped_texts_are(one, other):
    assert (text_hash(one) == text_hash(other)) == (one.strip() == other.strip())


@given(st.text(st.sampled_from(" \t\n0123456789!?.,;-")))
def test_nothing_is_left_of_what_does_not_count(text):
    assert text_hash(text, ignore_non_character=True) == text_hash("")
