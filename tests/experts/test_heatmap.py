"""Regions of a change map, each in the views that show it."""

import numpy as np
import pytest

from spotdiff.experts.heatmap import HeatmapProposer
from spotdiff.models.localizer import SiameseLocalizer
from spotdiff.types import ChangeMap, ModelInfo, Pair
from tests.fakes import noisy_pair, tiny_network

INFO = ModelInfo("tiny", "0" * 64)


@pytest.fixture(scope="module")
def net():
    """A network of its own: experts switch its gradients off."""
    return tiny_network()


def _map(heat: np.ndarray) -> ChangeMap:
    nothing = np.zeros((0, 1, 1), np.float32)
    return ChangeMap(heat, np.ones(3, np.float32), np.zeros((3, 0), np.float32), nothing, nothing)


def test_what_came_is_proposed_after_what_went_before_and_what_changed_in_both(net):
    proposer = HeatmapProposer(SiameseLocalizer(net), INFO, min_heat=0.5)
    heat = np.zeros((3, 64, 96), np.float32)
    heat[0, 5:25, 5:25] = 0.9  # added
    heat[1, 35:60, 5:30] = 0.8  # removed
    heat[2, 10:30, 60:90] = 0.7  # changed
    proposer.localizer = lambda pairs: [_map(heat) for _ in pairs]
    blank = np.zeros((64, 96, 3), np.uint8)
    ((before, after),) = proposer([Pair("p", blank, blank)])
    np.testing.assert_allclose(before.boxes, [[5, 35, 30, 60], [60, 10, 90, 30]])
    np.testing.assert_allclose(after.boxes, [[5, 5, 25, 25], [60, 10, 90, 30]])
    np.testing.assert_allclose(before.scores, [0.8, 0.7], rtol=1e-5)


def test_exchanging_the_views_exchanges_the_regions(net):
    proposer = HeatmapProposer(SiameseLocalizer(net), INFO, min_heat=0.02)
    pair = noisy_pair(3)
    ((before, after),) = proposer([pair])
    ((swapped_before, swapped_after),) = proposer([Pair("swapped", pair.after, pair.before)])
    assert len(before) + len(after) > 0
    np.testing.assert_allclose(before.boxes, swapped_after.boxes)
    np.testing.assert_allclose(after.boxes, swapped_before.boxes)


def test_the_network_moves_with_the_proposer_and_is_not_trained(net):
    proposer = HeatmapProposer(SiameseLocalizer(net), INFO, min_heat=0.5)
    assert {id(p) for p in proposer.parameters()} == {id(p) for p in net.parameters()}
