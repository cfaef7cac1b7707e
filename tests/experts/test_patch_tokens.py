"""Distances of patch tokens: worked numbers on an encoder of colours, laws on a real one."""

from dataclasses import replace

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file

from spotdiff.apps.loading import localizing
from spotdiff.apps.own_experts import patch_token_distance
from spotdiff.experts.patch_tokens import PatchTokenDistance, state_sha256, stretched
from spotdiff.models.encoder import ViTEncoder
from spotdiff.training.checkpoint import CheckpointError, read
from spotdiff.types import ChangeKind, ModelInfo, Pair
from tests.fakes import noise, noisy_pair

INFO = ModelInfo("tiny", "0" * 64)
SIDE = 96
CHANGED = list(ChangeKind).index(ChangeKind.CHANGED)


class OfColours(ViTEncoder):
    """Tokens that are the mean colours of the patches, less grey: their cosines are known."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.avg_pool2d(images, self.patch) - 0.5


@pytest.fixture(scope="module")
def encoder() -> ViTEncoder:
    torch.manual_seed(0)
    return ViTEncoder("test_vit", frozen=True)


@pytest.fixture(params=[False, True], ids=["raw", "stretched"])
def localizer(request, encoder) -> PatchTokenDistance:
    return PatchTokenDistance(encoder, INFO, SIDE, stretch=request.param)


def _heat(localizer, pair: Pair) -> np.ndarray:
    return localizer([pair])[0].heat[CHANGED]


def _blocks() -> Pair:
    """Of four patches one is the negative of what it was, one is turned by a right angle."""
    before = np.full((32, 32, 3), (255, 0, 0), np.uint8)
    after = before.copy()
    after[:16, 16:] = (0, 255, 255)
    before[16:, :16], after[16:, :16] = (255, 128, 128), (128, 255, 128)
    return Pair("blocks", before, after)


def test_heat_is_half_of_one_minus_the_cosine_of_the_tokens():
    said = PatchTokenDistance(OfColours("test_vit"), INFO, side=32)([_blocks()])[0]
    heat = said.heat[CHANGED]
    np.testing.assert_allclose(heat[[0, 0, -1], [0, -1, -1]], [0, 1, 0], atol=1e-5)
    assert heat[-1, 0] == pytest.approx(0.5, abs=0.01)  # 128 is nearly, not quite, grey
    assert said.gates.tolist() == pytest.approx([0, 0, 1], abs=1e-5)


def test_distances_are_scaled_back_bilinearly():
    heat = _heat(PatchTokenDistance(OfColours("test_vit"), INFO, side=32), _blocks())
    # rows 0 to 7 are those of the upper tokens alone; between their centres heat rises evenly
    np.testing.assert_allclose(np.diff(heat[0, 8:24]), 1 / 16, atol=1e-5)
    assert heat[0, :8].max() < 1e-5


def test_stretching_takes_the_coldest_place_to_0_and_the_hottest_to_1():
    pair = noisy_pair(0)
    torch.manual_seed(0)
    encoder = ViTEncoder("test_vit", frozen=True)
    plain = PatchTokenDistance(encoder, INFO, SIDE)._distances([pair.before], [pair.after])[0]
    spread = stretched(plain)
    assert (spread.min(), spread.max()) == (0, 1)
    low, high = plain.min(), plain.max()
    np.testing.assert_allclose(spread * (high - low) + low, plain, atol=1e-6)


def test_a_map_speaks_of_changed_alone_and_of_no_label(localizer):
    (said,) = localizer([noisy_pair(0)])
    assert said.heat.shape == (3, 64, 96)
    assert said.heat.dtype == np.float32
    assert not said.heat[[row for row in range(3) if row != CHANGED]].any()
    assert 0 < said.heat[CHANGED].max() <= 1
    assert said.vocabulary == ()


def test_equal_views_are_cold_and_have_no_change(localizer):
    view = noise(3)
    pairs = [noisy_pair(0), Pair("same", view, view.copy())]
    np.testing.assert_allclose(localizer(pairs)[1].heat, 0, atol=1e-6)
    assert localizing(localizer, device="cpu").compare(view, view.copy()).changes == ()


def test_exchanging_the_views_changes_nothing(localizer):
    pair = noisy_pair(1)
    swapped = replace(pair, before=pair.after, after=pair.before)
    np.testing.assert_allclose(_heat(localizer, pair), _heat(localizer, swapped), atol=1e-5)


def test_mirrored_views_have_mirrored_heat_where_tokens_know_no_position():
    """A transformer's tokens know theirs: only what lies around them is held to the law."""
    pair = noisy_pair(2)
    mirrored = Pair("mirrored", pair.before[:, ::-1].copy(), pair.after[:, ::-1].copy())
    localizer = PatchTokenDistance(OfColours("test_vit"), INFO, SIDE)
    heat = _heat(localizer, pair)
    assert heat.max() > 0.1
    np.testing.assert_allclose(_heat(localizer, mirrored), heat[:, ::-1], atol=1e-3)


def test_a_pair_has_the_same_map_whatever_the_batch(encoder):
    pairs = [noisy_pair(i, 40 + 8 * i, 72) for i in range(3)]
    together = PatchTokenDistance(encoder, INFO, SIDE, max_pairs=2)(pairs)
    alone = PatchTokenDistance(encoder, INFO, SIDE, max_pairs=1)
    for pair, said in zip(pairs, together, strict=True):
        np.testing.assert_allclose(said.heat, alone([pair])[0].heat, atol=1e-5)
    assert alone([]) == []


def test_views_of_two_sizes_are_refused(localizer):
    with pytest.raises(ValueError, match=r"views of pair 'p' in one frame, got \(64, 96\) and"):
        localizer([Pair("p", noise(0), noise(1, 32, 96))])


def test_a_side_below_a_patch_is_refused(encoder):
    with pytest.raises(ValueError, match="side to be a patch or more, 16 px, got 8"):
        PatchTokenDistance(encoder, INFO, side=8)


def test_thresholds_lie_among_those_worth_trying(localizer):
    assert localizer.thresholds.min_heat in localizer.heats


def test_it_is_frozen_and_stays_so(localizer):
    parameters = list(localizer.train().parameters())
    assert parameters
    assert not any(parameter.requires_grad for parameter in parameters)
    assert not localizer.training
    assert not localizer.encoder.training


def test_weights_come_from_a_file(tmp_path):
    torch.manual_seed(1)
    published = timm.create_model("test_vit", pretrained=False)
    path = tmp_path / "vit.safetensors"
    save_file(published.state_dict(), path)
    made = PatchTokenDistance.from_pretrained("test_vit", str(path), SIDE)
    torch.testing.assert_close(made.encoder.vit.blocks[-1].mlp.fc2.weight, _last(published))
    again = patch_token_distance(str(path), "test_vit", side=SIDE)
    assert made.info == again.info
    assert made.info.name == "test_vit"
    pair = noisy_pair(0)
    np.testing.assert_array_equal(_heat(made, pair), _heat(again, pair))


def _last(vit: torch.nn.Module) -> torch.Tensor:
    return vit.blocks[-1].mlp.fc2.weight


def test_weights_that_are_not_there_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"gone\.safetensors does not exist"):
        patch_token_distance(str(tmp_path / "gone.safetensors"), "test_vit")


def test_the_shipped_ones_are_those_of_the_checkpoint_at_full_size(tiny_checkpoint):
    network = read(tiny_checkpoint).network()
    made = patch_token_distance("shipped", ckpt=tiny_checkpoint, side=SIDE)
    assert made.encoder.scale == 1
    assert made.encoder.taps == [max(network.encoder.taps)]
    own = network.encoder.vit.state_dict()
    for name, tensor in made.encoder.vit.state_dict().items():
        torch.testing.assert_close(tensor, own[name], rtol=0, atol=0)
    assert made.info.sha256 == state_sha256(made.encoder)
    assert made.info.name.startswith("test_vit of ")


def test_what_is_no_checkpoint_is_refused(tmp_path):
    (tmp_path / "bad.ckpt").write_bytes(b"not a checkpoint")
    with pytest.raises(CheckpointError, match=r"bad\.ckpt"):
        patch_token_distance(ckpt=tmp_path / "bad.ckpt")


def test_the_hash_is_that_of_the_weights(encoder):
    torch.manual_seed(0)
    assert state_sha256(encoder) == state_sha256(ViTEncoder("test_vit"))
    torch.manual_seed(5)
    assert state_sha256(encoder) != state_sha256(ViTEncoder("test_vit"))
