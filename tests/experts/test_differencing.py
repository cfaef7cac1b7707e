"""Rules without training: their values by hand, and the laws of a pair."""

import numpy as np
import pytest

from spotdiff.experts.differencing import PixelDifference, StructuralDissimilarity
from spotdiff.types import Pair
from tests.fakes import noise

RULES = [PixelDifference(), StructuralDissimilarity()]
CHANGED = 2


def pair_of(before, after):
    return Pair("p", before, after)


def noisy(seed=0):
    return pair_of(noise(seed), noise(seed + 1))


def heat_of(rule, pair):
    return rule([pair])[0].heat


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_equal_views_are_cold_and_exchanged_ones_as_hot(rule):
    pair = noisy()
    assert heat_of(rule, pair_of(pair.before, pair.before)).max() < 1e-6
    there, back = heat_of(rule, pair), heat_of(rule, pair_of(pair.after, pair.before))
    np.testing.assert_allclose(there, back, atol=1e-6)
    assert there[CHANGED].max() > 0.1
    assert not there[:CHANGED].any()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_mirrored_views_give_mirrored_heat(rule):
    pair = noisy(4)
    mirrored = pair_of(pair.before[:, ::-1].copy(), pair.after[:, ::-1].copy())
    np.testing.assert_allclose(heat_of(rule, mirrored)[..., ::-1], heat_of(rule, pair), atol=1e-5)


def test_a_level_step_of_the_whole_picture_is_its_root():
    before = np.full((40, 40, 3), 100, np.uint8)
    after = before + np.array((30, 0, 15), np.uint8)
    np.testing.assert_allclose(
        heat_of(PixelDifference(), pair_of(before, after))[CHANGED], np.sqrt(15 / 255), atol=1e-5
    )


def test_dissimilarity_takes_a_step_of_light_for_little_and_other_structure_for_much():
    before = noise(3)
    lit = np.clip(before.astype(int) + 12, 0, 255).astype(np.uint8)
    rule = StructuralDissimilarity()
    assert heat_of(rule, pair_of(before, lit)).mean() < 0.05
    assert heat_of(rule, pair_of(before, noise(9))).mean() > 0.1


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_views_of_unequal_size_are_refused(rule):
    with pytest.raises(ValueError, match="one frame"):
        rule([pair_of(noise(0), noise(1, 32, 32))])


@pytest.mark.parametrize("kind", [PixelDifference, StructuralDissimilarity])
def test_a_blur_of_nothing_is_refused(kind):
    with pytest.raises(ValueError, match="sigma"):
        kind(sigma=0)
