"""The region head as an expert: batches, empty pairs, networks without a head."""

import numpy as np
import pytest
import torch

from spotdiff.models.labeller import SiameseLabeller
from spotdiff.models.regions import RegionHead
from spotdiff.types import Pair
from tests.fakes import noise, tiny_network

BOXES = np.array([[4, 4, 20, 24], [30, 10, 60, 50]], np.float32)
NONE = np.zeros((0, 4), np.float32)


def _pair(seed: int) -> Pair:
    return Pair(str(seed), noise(seed, 64, 96), noise(seed + 50, 64, 96))


@pytest.fixture(scope="module")
def labeller() -> SiameseLabeller:
    net = tiny_network(0)
    torch.manual_seed(0)
    channels = dict(zip(net.pyramid.strides, net.pyramid.channels, strict=True))
    net.regions = RegionHead(("a", "b"), 32, 8, (channels[8], channels[16])).eval()
    return SiameseLabeller(net, words=("eh", "be"))


def test_every_box_gets_a_row_and_a_pair_does_not_depend_on_its_company(labeller):
    together = labeller([_pair(1), _pair(2), _pair(3)], [BOXES, NONE, BOXES[1:]])
    assert [len(rows) for rows in together] == [2, 0, 1]
    assert labeller.words == ("eh", "be")
    alone = labeller([_pair(3)], [BOXES[1:]])[0]
    np.testing.assert_allclose(together[2], alone, atol=1e-6)
    assert ((together[0] >= 0) & (together[0].sum(axis=1, keepdims=True) <= 1)).all()


def test_nothing_found_asks_nothing(labeller):
    assert labeller([_pair(1)], [NONE])[0].shape == (0, 2)
    assert labeller([], []) == []


def test_a_network_without_a_head_is_refused():
    with pytest.raises(ValueError, match="region head"):
        SiameseLabeller(tiny_network(0))
    with pytest.raises(ValueError, match="region head"):
        tiny_network(0).region_logits(torch.zeros(1, 3, 32, 32), torch.zeros(1, 3, 32, 32))
