"""Names of content: equal where the content is, and nowhere else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.ops.fingerprints import of_array, of_words


def test_a_name_is_the_same_today_and_tomorrow():
    """Evidence on disk is found by it: should these change, all evidence is gathered anew."""
    image = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert of_array(image) == "766b652f1300204a4387bbcbcf89c4b0"
    assert of_words("car", 0.5, None) == "bfb90a46735d0d1ed05affccaed92611"


@pytest.mark.parametrize(
    "other",
    [np.zeros((4, 3), np.uint8), np.zeros((3, 4), bool), np.eye(3, 4, dtype=np.uint8)],
    ids=["shape", "type", "values"],
)
def test_shape_type_and_values_all_count(other):
    assert of_array(np.zeros((3, 4), np.uint8)) != of_array(other)


def test_how_an_array_lies_in_memory_does_not_matter():
    image = np.random.default_rng(0).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    mirrored = image[:, ::-1]
    assert of_array(mirrored) == of_array(np.ascontiguousarray(mirrored))
    assert of_array(image.transpose(1, 0, 2)) == of_array(image.transpose(1, 0, 2).copy())


def test_nothing_has_a_name_too():
    assert of_array(np.zeros((0, 4), np.float32)) != of_array(np.zeros((4, 0), np.float32))


@given(st.lists(st.text(max_size=3), max_size=4), st.lists(st.text(max_size=3), max_size=4))
def test_names_of_words_are_equal_where_the_words_are(one, other):
    assert (of_words(*one) == of_words(*other)) == (one == other)


def test_a_word_is_not_its_number():
    assert of_words("1") != of_words(1) != of_words(1.0)
