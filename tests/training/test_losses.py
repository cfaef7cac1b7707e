"""Losses against numbers worked out by hand, and batches that know different things."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from spotdiff.data.datamodule import Collate
from spotdiff.models.siamese import ChangeLogits
from spotdiff.training.losses import (
    ChangeLoss,
    any_change,
    asymmetric_loss,
    dense_loss,
    gate_loss,
)
from spotdiff.types import IGNORE, UNKNOWN_KIND, ChangeKind, LabelSets, Pair, TrueChange, Truth
from tests.fakes import VOCABULARY, noise, tiny_network

LN2 = math.log(2)


def _mask(*rows) -> torch.Tensor:
    return torch.tensor([rows], dtype=torch.uint8)


def test_the_pixel_loss_of_a_half_changed_cell_at_logit_zero():
    # Two of four pixels are added; the output has one cell, p = 1/2 for each kind.
    loss = dense_loss(torch.zeros(1, 3, 1, 1), _mask([1, 1], [0, 0]), any_share=0.0)
    dice = (1 - 1.5 / 2 + 2 * (1 - 1 / 1.5)) / 3
    assert loss.item() == pytest.approx(LN2 + dice / 2, abs=1e-6)


def test_the_share_that_asks_whether_anything_changed():
    # p(any) = 1 - (1/2)³ = 7/8 where half of the cell changed.
    loss = dense_loss(torch.zeros(1, 3, 1, 1), _mask([1, 1], [0, 0]), any_share=1.0)
    entropy = -(math.log(7 / 8) + math.log(1 / 8)) / 2
    dice = 1 - (7 / 8 + 1) / (7 / 8 + 1 / 2 + 1)
    assert loss.item() == pytest.approx(entropy + dice / 2, abs=1e-5)


def test_a_perfect_map_costs_next_to_nothing():
    mask = _mask([1, 2], [4, 0])
    logits = torch.full((1, 3, 2, 2), -20.0)
    for kind, (row, column) in enumerate([(0, 0), (0, 1), (1, 0)]):
        logits[0, kind, row, column] = 20.0
    assert dense_loss(logits, mask).item() < 1e-3


def _gradient(mask: torch.Tensor, any_share: float) -> torch.Tensor:
    logits = torch.zeros(1, 3, *mask.shape[1:], requires_grad=True)
    dense_loss(logits, mask, any_share).backward()
    return logits.grad[0].abs().sum(dim=0)


def test_ignored_pixels_are_neither_rewarded_nor_punished():
    gradient = _gradient(_mask([1, IGNORE], [0, IGNORE | 1]), 0.5)
    assert (gradient[:, 0] > 0).all()
    assert (gradient[:, 1] == 0).all()


def test_a_change_of_unknown_kind_is_asked_only_whether():
    mask = _mask([UNKNOWN_KIND, 1])
    assert _gradient(mask, any_share=0.0)[0, 0] == 0
    assert _gradient(mask, any_share=1.0)[0, 0] > 0
    logits = torch.full((1, 3, 1, 2), -20.0)
    logits[0, 2] = 20.0  # some kind
    assert float(dense_loss(logits, _mask([UNKNOWN_KIND, UNKNOWN_KIND]))) < 1e-3


def test_a_batch_without_any_mask_costs_nothing_and_breaks_nothing():
    logits = torch.zeros(1, 3, 1, 1, requires_grad=True)
    loss = dense_loss(logits, _mask([IGNORE, IGNORE], [IGNORE, IGNORE]))
    loss.backward()
    assert loss.item() == 0
    assert not logits.grad.any()


@pytest.mark.parametrize("value", [-60.0, 0.0, 60.0])
def test_the_probability_of_any_change_is_one_minus_that_of_none(value):
    logits = torch.tensor([value, 0.3, -2.0], dtype=torch.float64).reshape(1, 3, 1, 1)
    expected = 1 - (1 - logits.sigmoid()).prod(dim=1, keepdim=True)
    torch.testing.assert_close(any_change(logits).sigmoid(), expected, rtol=1e-5, atol=1e-6)
    assert any_change(logits.float()).isfinite().all()


def test_gates_that_nobody_knows_are_left_out():
    logits = torch.tensor([[0.0, 2.0, -1.0]])
    loss = gate_loss(logits, torch.tensor([[1.0, math.nan, 0.0]]))
    assert loss.item() == pytest.approx((LN2 + math.log1p(math.exp(-1))) / 2)
    assert float(gate_loss(logits, torch.full((1, 3), math.nan))) == 0


def test_without_focus_and_margin_the_asymmetric_loss_is_cross_entropy():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(4, 3, 7, generator=generator) * 3
    targets = (torch.rand(4, 3, 7, generator=generator) < 0.3).float()
    expected = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    found = asymmetric_loss(logits, targets, negative_focus=0.0, margin=0.0)
    torch.testing.assert_close(found, expected.sum(dim=-1).mean(), rtol=1e-4, atol=1e-5)


def test_an_easy_negative_is_forgotten_and_a_positive_is_not():
    negative = asymmetric_loss(torch.tensor([[0.0]]), torch.zeros(1, 1), negative_focus=4.0)
    assert negative.item() == pytest.approx(-(0.45**4) * math.log(0.55), abs=1e-6)
    forgiven = asymmetric_loss(torch.tensor([[-4.0]]), torch.zeros(1, 1), negative_focus=4.0)
    assert forgiven.item() == 0  # p = 0.018 lies under the margin
    positive = asymmetric_loss(torch.tensor([[0.0]]), torch.ones(1, 1), negative_focus=4.0)
    assert positive.item() == pytest.approx(LN2)


@pytest.mark.parametrize("logit", [-90.0, 90.0])
def test_the_asymmetric_loss_stays_finite_where_the_model_is_sure(logit):
    logits = torch.tensor([[logit, logit]], requires_grad=True)
    asymmetric_loss(logits, torch.tensor([[0.0, 1.0]]), 4.0).backward()
    assert logits.grad.isfinite().all()


def _weak(seed: int) -> Pair:
    truth = Truth(LabelSets(added=("car",), changed=("man",)))
    return Pair(f"weak-{seed}", noise(seed, 64, 64), noise(seed + 50, 64, 64), truth)


def _masked(seed: int) -> Pair:
    before = noise(seed, 64, 64)
    after = before.copy()
    after[16:48, 16:48] = 255 - after[16:48, 16:48]
    mask = np.zeros((64, 64), np.uint8)
    mask[16:48, 16:48] = ChangeKind.ADDED.bit
    change = TrueChange(ChangeKind.ADDED, "cone", None, (16, 16, 48, 48))
    return Pair(f"masked-{seed}", before, after, Truth(None, (change,), mask))


def _parts(*pairs: Pair):
    net = tiny_network(0).train()
    batch = Collate(VOCABULARY)(pairs)
    parts = ChangeLoss()(net(batch.before, batch.after), batch)
    parts.total.backward()
    return net, parts


def test_a_mixed_batch_gives_finite_gradients_from_every_term():
    net, parts = _parts(_weak(0), _masked(1))
    terms = [parts.dense, parts.gates, parts.sets, parts.cells]
    assert all(term.item() > 0 for term in terms)
    torch.testing.assert_close(parts.total, sum(terms))
    assert all(p.grad.isfinite().all() for p in net.parameters() if p.grad is not None)
    assert net.head[-1].weight.grad.abs().sum() > 0


def test_a_weak_batch_trains_gates_and_sets_and_through_them_the_maps():
    net, parts = _parts(_weak(0), _weak(1))
    assert parts.dense.item() == parts.cells.item() == 0
    assert parts.gates.item() > 0
    assert parts.sets.item() > 0
    for weights in (net.head[-1].weight, net.labels.out.weight, net.gate_pool.log_scale):
        assert weights.grad.abs().sum() > 0


def test_a_batch_that_knows_nothing_costs_nothing():
    unknown = Pair("u", noise(0, 64, 64), noise(1, 64, 64))
    net, parts = _parts(unknown)
    assert parts.total.item() == 0
    assert all(not p.grad.any() for p in net.parameters() if p.grad is not None)


def test_without_a_vocabulary_the_label_terms_are_zero():
    net = tiny_network(0, labels=())
    batch = Collate(type(VOCABULARY)())([_masked(0)])
    parts = ChangeLoss()(net(batch.before, batch.after), batch)
    assert parts.sets.item() == parts.cells.item() == 0
    assert parts.dense.item() > 0


def test_weights_scale_their_terms():
    batch = Collate(VOCABULARY)([_masked(0), _weak(0)])
    net = tiny_network(0)
    with torch.no_grad():
        logits: ChangeLogits = net(batch.before, batch.after)
        once = ChangeLoss(1.0, 1.0, 1.0, 1.0)(logits, batch)
        twice = ChangeLoss(2.0, 0.0, 3.0, 1.0)(logits, batch)
    torch.testing.assert_close(twice.dense, 2 * once.dense)
    torch.testing.assert_close(twice.sets, 3 * once.sets)
    assert twice.gates.item() == 0
