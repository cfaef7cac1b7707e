"""The laws of a pair, on random weights: swap, identity, and what comes out."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.models.siamese import EqualityGate, SiameseChangeNet, exchange, gated
from tests.fakes import LABELS, noise, tiny_network

SWAPPED = [1, 0, 2]


def _views(*seeds: int, height: int = 64, width: int = 96) -> torch.Tensor:
    pictures = [torch.from_numpy(noise(seed, height, width)).permute(2, 0, 1) for seed in seeds]
    return torch.stack(pictures)


def test_every_output_has_the_shape_that_is_promised(tiny_net):
    with torch.inference_mode():
        out = tiny_net(_views(0, 1), _views(2, 3))
    assert out.kinds.shape == (2, 3, 32, 48)
    assert out.labels_before.shape == out.labels_after.shape == (2, len(LABELS), 4, 6)
    assert out.gates.shape == (2, 3)
    assert out.label_sets.shape == (2, 3, len(LABELS))


@pytest.mark.parametrize("seed", range(3))
def test_exchanging_the_views_exchanges_added_and_removed_exactly(seed):
    net = tiny_network(seed).double()  # double: what is left is the law, not the rounding
    before, after = (_views(*s).double() / 255 for s in ((seed, 7), (seed + 1, 8)))
    with torch.inference_mode():
        out, back = net(before, after), net(after, before)
    exact = {"rtol": 0.0, "atol": 1e-12}
    torch.testing.assert_close(back.kinds, out.kinds[:, SWAPPED], **exact)
    torch.testing.assert_close(back.gates, out.gates[:, SWAPPED], **exact)
    torch.testing.assert_close(back.label_sets, out.label_sets[:, SWAPPED], **exact)
    torch.testing.assert_close(back.labels_before, out.labels_after, **exact)
    assert (out.kinds[:, 0] - out.kinds[:, 1]).abs().max() > 1e-3  # the law is not empty


@pytest.mark.parametrize("seed", range(4))
def test_equal_views_show_no_change_whatever_the_weights(seed):
    net = tiny_network(seed)
    views = torch.cat(
        [_views(seed, seed + 9), torch.zeros(1, 3, 64, 96), torch.full((1, 3, 64, 96), 255)]
    )
    views = views.to(torch.uint8)
    views[1] = torch.randint(0, 256, (3, 64, 96))  # grain
    with torch.no_grad():
        net.head[-1].bias.fill_(9.0)  # a head that sees change everywhere
        out = net(views, views)
    assert out.kinds.sigmoid().max() < 1e-4
    assert out.gates.sigmoid().max() < 0.01
    assert out.label_sets.sigmoid().max() < 0.01


def test_training_mode_keeps_the_laws():
    net = tiny_network(0).double().train()
    before, after = _views(0, 1).double() / 255, _views(2, 3).double() / 255
    out, back = net(before, after), net(after, before)
    torch.testing.assert_close(back.kinds, out.kinds[:, SWAPPED], rtol=0, atol=1e-9)
    assert net(before, before).kinds.sigmoid().max() < 1e-4


def test_pairs_of_a_batch_do_not_see_each_other(tiny_net):
    with torch.inference_mode():
        both = tiny_net(_views(0, 1), _views(2, 3))
        one = tiny_net(_views(1), _views(3))
    torch.testing.assert_close(both.kinds[1:], one.kinds, rtol=1e-3, atol=1e-3)


def test_bytes_and_fractions_are_the_same_picture(tiny_net):
    before, after = _views(0), _views(1)
    with torch.inference_mode():
        whole = tiny_net(before, after)
        parts = tiny_net(before.float() / 255, after.float() / 255)
    torch.testing.assert_close(whole.kinds, parts.kinds)


def test_without_a_vocabulary_there_are_no_label_maps():
    net = tiny_network(0, labels=())
    with torch.inference_mode():
        out = net(_views(0), _views(1))
    assert out.labels_after.shape == (1, 0, 4, 6)
    assert out.label_sets.shape == (1, 3, 0)


def test_every_weight_that_may_learn_gets_a_gradient():
    net = tiny_network(0).train()
    out = net(_views(0), _views(1))
    (out.kinds.sum() + out.gates.sum() + out.label_sets.sum()).backward()
    idle = [n for n, p in net.named_parameters() if p.requires_grad and p.grad is None]
    assert idle == []


def test_widths_that_do_not_fit_the_pyramid_are_refused(tiny_net):
    with pytest.raises(ValueError, match="zip"):
        SiameseChangeNet(tiny_net.encoder, tiny_net.pyramid, widths=(8, 8))


@settings(max_examples=50)
@given(st.floats(-30, 30, width=32), st.floats(0, 0.9990234375, width=32))
def test_a_gate_multiplies_the_probability(logit, gate):
    found = gated(torch.tensor([logit], dtype=torch.float64), torch.tensor([gate]).double())
    bounded = min(max(gate, 1e-6), 1 - 1e-6)
    expected = bounded / (1 + torch.tensor(-logit, dtype=torch.float64).exp())
    torch.testing.assert_close(found.sigmoid()[0], expected, rtol=1e-4, atol=1e-9)


def test_the_equality_gate_is_zero_for_equal_maps_and_open_for_different_ones():
    gate = EqualityGate(levels=1)
    same = torch.rand(1, 4, 8, 8)
    assert gate([torch.cat([same, same])], torch.Size((4, 4))).abs().max() == 0
    other = torch.cat([same, 1 - same])
    opened = gate([other], torch.Size((4, 4)))
    assert opened.shape == (1, 1, 4, 4)
    assert opened.min() > 0.5


def test_exchange_is_its_own_inverse():
    views = torch.arange(6)
    assert exchange(views).tolist() == [3, 4, 5, 0, 1, 2]
    assert exchange(exchange(views)).tolist() == views.tolist()
