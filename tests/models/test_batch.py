"""A batch of pairs."""

import torch

from spotdiff.data.datamodule import Collate
from spotdiff.models.batch import PairBatch
from tests.fakes import VOCABULARY, noisy_pair


def test_moving_a_batch_moves_its_tensors_and_keeps_the_rest():
    batch = Collate(VOCABULARY)([noisy_pair(0), noisy_pair(1)])
    moved = batch.to("meta")
    assert isinstance(moved, PairBatch)
    assert len(moved) == 2
    assert {t.device.type for t in (moved.before, moved.mask, moved.cells_after)} == {"meta"}
    assert moved.pair_ids == ("noise-0", "noise-1")
    assert moved.truths == batch.truths
    assert batch.before.dtype == torch.uint8
