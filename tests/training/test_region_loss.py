"""Losses for names of regions, on hand-computed cases."""

import math

import pytest
import torch
from torch.nn import functional

from spotdiff.models.batch import RegionBatch
from spotdiff.training.region_loss import RegionLoss, bag_loss, listed_loss, teacher_loss


def batch(owner, words, kinds=None, has_kinds=False, targets=None):
    count = len(owner)
    lists = torch.tensor(words).float()
    return RegionBatch(
        before=torch.zeros(count, 3, 8, 8, dtype=torch.uint8),
        after=torch.zeros(count, 3, 8, 8, dtype=torch.uint8),
        owner=torch.tensor(owner),
        kinds=torch.tensor(kinds or [0] * count),
        words=lists if lists.ndim == 3 else lists[:, None].expand(-1, 3, -1).contiguous(),
        has_kinds=torch.full((len(words),), has_kinds),
        targets=torch.tensor(targets or [-1] * count),
    )


def logs(*rows):
    return torch.tensor(rows).log()


def test_a_listed_word_needs_one_region_and_an_unlisted_one_none():
    log_p = logs([0.5, 0.25, 0.25], [0.25, 0.25, 0.5])
    loss = bag_loss(log_p, batch([0, 0], [[1, 0]]))
    listed = -math.log(1 - 0.5 * 0.75)
    unlisted = -2 * math.log(0.75)
    assert loss.item() == pytest.approx((listed + unlisted) / 2, rel=1e-4)


def test_pairs_are_told_apart():
    log_p = logs([0.8, 0.1, 0.1], [0.1, 0.8, 0.1])
    right = bag_loss(log_p, batch([0, 1], [[1, 0], [0, 1]]))
    wrong = bag_loss(log_p, batch([0, 1], [[0, 1], [1, 0]]))
    assert right < 0.3 < wrong


def test_where_lists_tell_of_kinds_only_regions_of_the_kind_speak():
    words = [[[1, 0], [0, 1], [0, 0]]]
    log_p = logs([0.8, 0.1, 0.1], [0.1, 0.8, 0.1])
    right = bag_loss(log_p, batch([0, 0], words, kinds=[0, 1], has_kinds=True))
    wrong = bag_loss(log_p, batch([0, 0], words, kinds=[1, 0], has_kinds=True))
    assert right < wrong / 3


def test_a_word_that_no_region_could_show_costs_nothing():
    log_p = logs([0.1, 0.1, 0.8])
    empty = batch([1], [[1, 1], [0, 0]])
    assert bag_loss(log_p, empty).item() == pytest.approx(-math.log(0.9) * 2 / 4, rel=1e-3)


def test_a_region_shows_one_of_the_words_of_its_pair():
    log_p = logs([0.5, 0.3, 0.2], [0.1, 0.1, 0.8])
    allowed = torch.tensor([[1.0, 1.0], [0.0, 0.0]])
    assert listed_loss(log_p, allowed).item() == pytest.approx(-math.log(0.8), rel=1e-4)
    assert listed_loss(log_p, torch.zeros(2, 2)).item() == 0


def test_the_teacher_is_heard_only_about_words_that_are_allowed():
    log_p = logs([0.5, 0.3, 0.2])
    teacher = torch.tensor([[5.0, 1.0]])
    allowed = torch.tensor([[0.0, 1.0]])
    assert teacher_loss(log_p, teacher, allowed).item() == pytest.approx(-math.log(0.3), rel=1e-4)


def test_true_labels_are_plain_cross_entropy_and_unknown_ones_count_for_nothing():
    loss = RegionLoss(boxes=1, bags=0, listed=0, teacher=0)
    logits = torch.tensor([[1.0, 0.0], [0.0, 3.0], [2.0, 2.0]])
    known = batch([0, 0, 0], [[1, 1]], targets=[0, 2, -1])
    whole = functional.log_softmax(torch.cat([logits, torch.zeros(3, 1)], 1), 1)
    assert loss(logits, known).item() == pytest.approx(
        -(whole[0, 0] + whole[1, 2]).item() / 2, rel=1e-5
    )
    assert loss(logits, batch([0, 0, 0], [[1, 1]])).item() == 0


def test_word_lists_alone_part_two_looks_that_always_come_together_but_for_a_few_pairs():
    """Looks are one-hot; most pairs list both words, so only the few others tell which is which."""
    torch.manual_seed(0)
    looks = torch.eye(2).repeat(40, 1)
    linear = torch.nn.Linear(2, 2)
    owner, words = [], []
    for pair in range(40):
        owner += [pair, pair]
        words.append([1, 1])
    extra = torch.eye(2)[[0, 1, 0, 1]]
    owner += [40, 41, 42, 43]
    words += [[1, 0], [0, 1], [1, 0], [0, 1]]
    given = batch(owner, words)
    seen = torch.cat([looks, extra])
    loss = RegionLoss(listed=1)
    optimizer = torch.optim.Adam(linear.parameters(), 0.1)
    for _ in range(150):
        optimizer.zero_grad()
        loss(linear(seen), given).backward()
        optimizer.step()
    assert linear(torch.eye(2)).argmax(dim=1).tolist() == [0, 1]
