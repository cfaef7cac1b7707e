"""Measured properties as hypotheses: the clearest first, with more or less of each."""

import numpy as np
import pytest

from spotdiff.stages.attribute_proposer import AttributeProposer
from tests.stages.set_parts import NumberAlbum


def test_the_clearest_property_comes_first_in_its_direction():
    low, high = np.zeros((8, 3)), np.ones((8, 3))
    low[:, 1] = high[:, 1] = np.arange(8)  # the same in both
    low[0, 2] = 1.0
    said, problems = AttributeProposer()(NumberAlbum(low), NumberAlbum(high), 5, 0)
    assert [(one.text, one.measure) for one in said] == [("less of 0", "-m0"), ("less of 2", "-m2")]
    assert problems == []
    assert len(AttributeProposer()(NumberAlbum(low), NumberAlbum(high), 1, 0)[0]) == 1
    assert AttributeProposer(0.99)(NumberAlbum(low), NumberAlbum(high), 5, 0)[0] == said[:1]


def test_a_set_without_pictures_is_a_problem():
    empty = NumberAlbum(np.full((2, 3), np.nan))
    said, problems = AttributeProposer()(empty, NumberAlbum(np.ones((2, 3))), 5, 0)
    assert said == []
    assert problems == ["attributes: a set has no picture that can be read"]


def test_no_area_is_so_large():
    with pytest.raises(ValueError, match="Expected min_area to be from"):
        AttributeProposer(1.5)
