"""Photographs of any size in, probabilities in their pixels out."""

import numpy as np
import pytest
import torch

from spotdiff.models.localizer import SiameseLocalizer
from spotdiff.types import Pair
from tests.fakes import LABELS, noise, noisy_pair

SWAPPED = [1, 0, 2]


@pytest.fixture(scope="module")
def localizer(tiny_net) -> SiameseLocalizer:
    return SiameseLocalizer(tiny_net)


def _mirrored(pair: Pair) -> Pair:
    return Pair(pair.pair_id, pair.before[:, ::-1].copy(), pair.after[:, ::-1].copy())


@pytest.mark.parametrize(("height", "width"), [(64, 96), (1, 1), (1, 500), (47, 33), (70, 129)])
def test_a_map_has_the_size_of_its_pair(localizer, height, width):
    (found,) = localizer([noisy_pair(0, height, width)])
    assert found.heat.shape == (3, height, width)
    assert found.heat.dtype == np.float32
    assert 0 <= found.heat.min() <= found.heat.max() <= 1
    assert found.labels_after.shape == (3, -(-height // 16), -(-width // 16))
    assert found.gates.shape == (3,)
    assert found.label_scores.shape == (3, 3)
    assert found.vocabulary == LABELS


@pytest.mark.parametrize("size", [(64, 96), (50, 70), (1, 1)])
@pytest.mark.parametrize("tile", ["auto", "off"])
def test_equal_views_give_an_empty_map(tiny_net, size, tile):
    rng = np.random.default_rng(0)
    view = rng.integers(0, 256, (*size, 3)).astype(np.uint8)
    (found,) = SiameseLocalizer(tiny_net, tile=tile, max_side=64, overlap=32)(
        [Pair("same", view, view.copy())]
    )
    assert found.heat.max() < 1e-4
    assert found.gates.max() < 0.01


def test_exchanged_views_give_exchanged_maps(localizer):
    pair = noisy_pair(3, 50, 70)
    there, back = localizer([pair, Pair("back", pair.after, pair.before)])
    np.testing.assert_allclose(back.heat, there.heat[SWAPPED], atol=1e-6)
    np.testing.assert_allclose(back.gates, there.gates[SWAPPED], atol=1e-6)
    np.testing.assert_allclose(back.label_scores, there.label_scores[SWAPPED], atol=1e-6)
    np.testing.assert_allclose(back.labels_before, there.labels_after, atol=1e-6)


def test_with_flip_a_mirrored_pair_gives_a_mirrored_map(tiny_net):
    pair = noisy_pair(4, 50, 96)
    there, mirrored = SiameseLocalizer(tiny_net, flip=True)([pair, _mirrored(pair)])
    np.testing.assert_allclose(mirrored.heat, there.heat[..., ::-1], atol=1e-4)
    np.testing.assert_allclose(mirrored.gates, there.gates, atol=1e-4)
    np.testing.assert_allclose(mirrored.labels_after, there.labels_after[..., ::-1], atol=1e-4)


def test_a_batch_of_mixed_sizes_answers_each_as_alone(localizer):
    pairs = [noisy_pair(0, 64, 96), noisy_pair(1, 40, 40), noisy_pair(2, 64, 96)]
    together = localizer(pairs)
    for pair, found in zip(pairs, together, strict=True):
        np.testing.assert_allclose(found.heat, localizer([pair])[0].heat, atol=1e-5)


def test_nothing_in_gives_nothing_out(localizer):
    assert localizer([]) == []


def test_tiles_and_one_piece_tell_about_the_same(tiny_net):
    pair = noisy_pair(5, 150, 170)
    (whole,) = SiameseLocalizer(tiny_net)([pair])
    tiled = SiameseLocalizer(tiny_net, max_side=128, overlap=64)
    (found,) = tiled([pair])
    assert found.heat.shape == whole.heat.shape
    difference = np.abs(found.heat - whole.heat)
    assert difference.mean() < 0.25 * whole.heat.std() + 0.01
    assert found.labels_after.shape == whole.labels_after.shape


def test_tiles_of_a_pair_keep_the_swap(tiny_net):
    tiled = SiameseLocalizer(tiny_net, max_side=64, overlap=32)
    pair = noisy_pair(6, 100, 90)
    there, back = tiled([pair, Pair("back", pair.after, pair.before)])
    np.testing.assert_allclose(back.heat, there.heat[SWAPPED], atol=1e-6)


def test_without_tiles_a_large_pair_is_shrunk_and_its_map_grown_again(tiny_net):
    calls = []
    shrinking = SiameseLocalizer(tiny_net, tile="off", max_side=64, overlap=32)
    handle = tiny_net.register_forward_pre_hook(lambda _, views: calls.append(views[0].shape))
    (found,) = shrinking([noisy_pair(7, 200, 100)])
    handle.remove()
    assert calls == [(1, 3, 64, 32)]
    assert found.heat.shape == (3, 200, 100)


def test_pixels_at_once_are_bounded(tiny_net):
    calls = []
    careful = SiameseLocalizer(tiny_net, max_pixels=2 * 64 * 64)
    handle = tiny_net.register_forward_pre_hook(lambda _, views: calls.append(len(views[0])))
    careful([noisy_pair(i, 64, 64) for i in range(5)])
    handle.remove()
    assert calls == [2, 2, 1]


def test_heat_lies_where_the_picture_differs(tiny_net):
    net = SiameseLocalizer(tiny_net)
    before = noise(1, 96, 96)
    after = before.copy()
    after[:32, :32] = 255 - after[:32, :32]
    (found,) = net([Pair("corner", before, after)])
    assert found.heat[:, :32, :32].mean() > 10 * found.heat[:, 80:, 80:].mean()


def test_views_of_two_sizes_are_refused_with_both_of_them(localizer):
    pair = Pair("odd", noise(0, 32, 32), noise(1, 32, 64))
    with pytest.raises(ValueError, match=r"pair 'odd'.*\(32, 32\) and \(32, 64\)"):
        localizer([pair])


@pytest.mark.parametrize(("name", "value"), [("max_side", 100), ("overlap", 100), ("max_side", 0)])
def test_sizes_off_the_grid_are_refused(tiny_net, name, value):
    with pytest.raises(ValueError, match=f"{name} to be a multiple of 32"):
        SiameseLocalizer(tiny_net, **{name: value})


def test_an_unknown_way_of_tiling_is_refused(tiny_net):
    with pytest.raises(ValueError, match="tile to be one of auto, off, got 'on'"):
        SiameseLocalizer(tiny_net, tile="on")


@pytest.mark.parametrize("max_side", [32, 64])
def test_tiles_smaller_than_the_overlap_share_what_they_can(tiny_net, max_side):
    (found,) = SiameseLocalizer(tiny_net, max_side=max_side)([noisy_pair(0, 70, 100)])
    assert found.heat.shape == (3, 70, 100)


def test_labels_are_called_by_the_words_that_are_given(tiny_net):
    words = ("man", "car", "traffic cone")
    (found,) = SiameseLocalizer(tiny_net, words)([noisy_pair(0, 32, 32)])
    assert found.vocabulary == words


def test_half_precision_stays_close(tiny_net):
    pair = noisy_pair(2, 64, 64)
    (whole,) = SiameseLocalizer(tiny_net)([pair])
    (half,) = SiameseLocalizer(tiny_net, half=True)([pair])
    assert np.isfinite(half.heat).all()
    assert np.abs(whole.heat - half.heat).mean() < 0.02
    assert half.heat.dtype == np.float32


def test_the_localizer_leaves_no_gradients_behind(tiny_net):
    SiameseLocalizer(tiny_net)([noisy_pair(0, 32, 32)])
    assert not tiny_net.training
    assert torch.is_grad_enabled()
