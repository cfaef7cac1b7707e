"""Counting probabilities."""

from __future__ import annotations

import torch

from spotdiff.training.histograms import BINS, histogram, middle_of_best, precision_recall


def test_counts_add_up_and_lie_in_the_bins_of_their_probabilities():
    generator = torch.Generator().manual_seed(0)
    probabilities = torch.rand(20, 30, generator=generator)
    targets = torch.rand(20, 30, generator=generator) < 0.3
    counts = histogram(probabilities, targets)
    assert counts.shape == (2, BINS)
    assert counts.sum(dim=1).tolist() == [int((~targets).sum()), int(targets.sum())]
    assert int(counts[1, 500:].sum()) == int((targets & (probabilities >= 0.5)).sum())


def test_precision_and_recall_by_hand():
    # Kept at or above 0.2: two right, one wrong; at or above 0.5: one right; above 0.6: nothing.
    counts = histogram(torch.tensor([0.2, 0.5, 0.4]), torch.tensor([True, True, False]))
    precision, recall = precision_recall(counts)
    torch.testing.assert_close(precision[[200, 500, 600]].float(), torch.tensor([2 / 3, 1, 0]))
    torch.testing.assert_close(recall[[200, 500, 600]].float(), torch.tensor([1, 0.5, 0]))


def test_the_middle_of_the_first_best_run_is_taken():
    assert middle_of_best(torch.tensor([1.0])) == 0
    assert middle_of_best(torch.tensor([0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0])) == 1
    assert middle_of_best(torch.tensor([1.0, 1.0, 1.0])) == 1
