"""The distance of patch tokens, with a real vision transformer of random weights."""

import numpy as np
import pytest
import torch

from spotdiff.experts.patch_tokens import PatchTokenDistance
from spotdiff.models.encoder import ViTEncoder
from spotdiff.types import ModelInfo, Pair
from tests.fakes import noise

CHANGED = 2


@pytest.fixture(scope="module")
def encoder():
    torch.manual_seed(0)
    return ViTEncoder("test_vit", frozen=True)


def distance(encoder, **options):
    return PatchTokenDistance(encoder, ModelInfo("t", "0" * 64), side=64, **options)


def heat(rule, before, after):
    return rule([Pair("p", before, after)])[0].heat[CHANGED]


def test_equal_views_are_cold_also_where_every_pair_is_stretched(encoder):
    view = noise(0)
    assert heat(distance(encoder), view, view).max() == 0
    assert heat(distance(encoder, stretch=True), view, view).max() == 0


def test_exchanged_views_are_as_hot_and_a_stretched_pair_reaches_one(encoder):
    before, after = noise(0), noise(1)
    rule = distance(encoder)
    np.testing.assert_allclose(heat(rule, before, after), heat(rule, after, before), atol=1e-6)
    assert heat(distance(encoder, stretch=True), before, after).max() == pytest.approx(1, abs=0.05)


def test_heat_is_highest_where_the_views_differ(encoder):
    before = noise(0, 64, 64)
    after = before.copy()
    after[32:, 32:] = noise(7, 32, 32)
    found = heat(distance(encoder), before, after)
    assert found[40:60, 40:60].mean() > 2 * found[:24, :24].mean()


def test_a_pair_does_not_depend_on_its_company_and_stays_in_its_own_frame(encoder):
    pairs = [Pair(str(i), noise(i, 40 + i, 60), noise(i + 9, 40 + i, 60)) for i in range(5)]
    rule = distance(encoder, max_pairs=2)
    for pair, together in zip(pairs, rule(pairs), strict=True):
        assert together.heat.shape == (3, *pair.after.shape[:2])
        np.testing.assert_allclose(together.heat, rule([pair])[0].heat, atol=1e-5)


def test_a_side_below_one_patch_is_refused(encoder):
    with pytest.raises(ValueError, match="a patch or more"):
        PatchTokenDistance(encoder, ModelInfo("t", ""), side=4)
