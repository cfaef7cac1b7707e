"""A timm ViT as a dense feature extractor."""

import pytest
import timm
import torch

from spotdiff.models.encoder import ViTEncoder


@pytest.fixture(scope="module")
def encoder() -> ViTEncoder:
    torch.manual_seed(0)
    return ViTEncoder("test_vit", taps=(0, -1)).eval()


def test_the_map_has_one_token_a_patch_and_no_class_token(encoder):
    maps = encoder(torch.rand(1, 3, 64, 96))
    assert maps.shape == (1, 2 * encoder.vit.embed_dim, 4, 6)
    tokens = encoder.vit.patch_embed(torch.rand(1, 3, 64, 96))
    assert tokens.shape[1:3] == (4, 6)
    assert encoder.vit.num_prefix_tokens == 1  # the model has one; the map has not


@pytest.mark.parametrize(
    ("size", "grid"), [((64, 96), (4, 6)), ((1, 1), (1, 1)), ((70, 50), (4, 3))]
)
def test_any_size_goes_in(encoder, size, grid):
    assert encoder(torch.rand(2, 3, *size)).shape[-2:] == grid


def test_blocks_after_the_last_tap_are_dropped():
    depth = len(timm.create_model("test_vit").blocks)
    assert len(ViTEncoder("test_vit", taps=(-1,)).vit.blocks) == depth
    assert len(ViTEncoder("test_vit", taps=(0,)).vit.blocks) == 1


def test_dropping_blocks_does_not_change_the_tap(encoder):
    first = ViTEncoder("test_vit", taps=(0,)).eval()
    wanted = first.vit.state_dict()
    first.vit.load_state_dict({k: encoder.vit.state_dict()[k] for k in wanted})
    images = torch.rand(1, 3, 64, 64)
    width = encoder.vit.embed_dim
    torch.testing.assert_close(first(images), encoder(images)[:, :width])


def test_the_scale_makes_the_grid_coarser():
    half = ViTEncoder("test_vit", scale=0.5).eval()
    assert half(torch.rand(1, 3, 128, 64)).shape[-2:] == (4, 2)


def test_images_are_normalised_as_the_backbone_wants(encoder):
    mean = torch.tensor(encoder.vit.pretrained_cfg["mean"])
    torch.testing.assert_close(encoder.mean.flatten(), mean)
    assert "mean" not in encoder.state_dict()


def test_a_frozen_encoder_has_no_gradients_and_stays_in_evaluation_mode():
    frozen = ViTEncoder("test_vit", frozen=True).train()
    assert not frozen.training
    assert not frozen.vit.training
    assert not any(p.requires_grad for p in frozen.parameters())
    assert not frozen(torch.rand(1, 3, 32, 32)).requires_grad


def test_a_thawed_encoder_learns():
    open_encoder = ViTEncoder("test_vit").train()
    assert open_encoder.training
    open_encoder(torch.rand(1, 3, 32, 32)).square().sum().backward()
    assert all(p.grad is not None for p in open_encoder.vit.blocks.parameters())


@pytest.mark.parametrize("name", ["resnet10t", "test_byobnet", "test_convnext"])
def test_a_network_that_is_no_vit_is_refused_by_name(name):
    with pytest.raises(ValueError, match=f"vision transformer.*'{name}'"):
        ViTEncoder(name)


def test_an_unknown_name_gets_the_nearest_one():
    with pytest.raises(ValueError, match="Did you mean 'vit_base_patch16_224'"):
        ViTEncoder("vit_base_patch16_242")


def test_a_name_that_leads_to_a_hub_is_refused_without_asking_it():
    with pytest.raises(ValueError, match="hf-hub:someone/model"):
        ViTEncoder("hf-hub:someone/model")


@pytest.mark.parametrize("taps", [(), (99,), (-99,)])
def test_a_tap_that_the_network_has_not_is_refused(taps):
    with pytest.raises(ValueError, match="Expected taps between"):
        ViTEncoder("test_vit", taps=taps)
