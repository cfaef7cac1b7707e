"""Where the weights of the borrowed encoders come from."""

import pytest
import timm
import torch
from safetensors.torch import save_file

from spotdiff.models import weights
from spotdiff.models.encoder import ViTEncoder
from spotdiff.models.pyramid import PyramidEncoder, fold_batch_norms
from spotdiff.models.weights import (
    WeightsUnreachable,
    borrow_encoders,
    load_encoder,
    load_pyramid,
)
from tests.fakes import tiny_network


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory) -> dict[str, str]:
    """Files as timm publishes them, of random weights."""
    folder = tmp_path_factory.mktemp("weights")
    files = {}
    for name in ("test_vit", "test_efficientnet"):
        torch.manual_seed(7)
        state = timm.create_model(name).state_dict()
        files[name] = str(folder / f"{name}.safetensors")
        save_file(state, files[name])
    return files


def test_an_encoder_is_filled_from_a_local_file(pretrained):
    encoder = ViTEncoder("test_vit", taps=(1,))
    load_encoder(encoder, "test_vit", pretrained["test_vit"])
    torch.manual_seed(7)
    original = timm.create_model("test_vit")
    torch.testing.assert_close(
        encoder.vit.blocks[1].mlp.fc1.weight, original.blocks[1].mlp.fc1.weight
    )


def test_a_pyramid_is_filled_with_folded_weights(pretrained):
    pyramid = PyramidEncoder("test_efficientnet").eval()
    load_pyramid(pyramid, "test_efficientnet", pretrained["test_efficientnet"])
    torch.manual_seed(7)
    original = timm.create_model("test_efficientnet").state_dict()
    features = timm.create_model("test_efficientnet", features_only=True)
    features.load_state_dict({k: original[k] for k in features.state_dict()})
    expected = fold_batch_norms(features.eval())
    images = torch.rand(1, 3, 64, 64)
    normal = (images - pyramid.mean) / pyramid.std
    for found, wanted in zip(pyramid(images), expected(normal), strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)


def test_a_missing_file_is_named():
    with pytest.raises(FileNotFoundError, match=r"nowhere\.safetensors"):
        load_encoder(ViTEncoder("test_vit"), "test_vit", "nowhere.safetensors")


def test_a_hub_that_does_not_answer_is_said_in_one_sentence(monkeypatch):
    def unreachable(*_, **__):
        raise OSError("no route")

    monkeypatch.setattr(weights, "_stay_offline_without_hub", lambda: None)
    monkeypatch.setattr(weights.timm, "create_model", unreachable)
    with pytest.raises(WeightsUnreachable, match="test_vit cannot be reached"):
        load_encoder(ViTEncoder.__new__(ViTEncoder), "test_vit", "timm")


def test_encoders_are_borrowed_from_another_network_of_that_shape():
    lender, borrower = tiny_network(1), tiny_network(2)
    head = borrower.head[-1].weight.clone()
    borrow_encoders(borrower, lender.state_dict())
    for part in ("encoder", "pyramid"):
        for mine, theirs in zip(
            getattr(borrower, part).parameters(), getattr(lender, part).parameters(), strict=True
        ):
            torch.testing.assert_close(mine, theirs)
    torch.testing.assert_close(borrower.head[-1].weight, head)


def test_weights_that_do_not_fit_are_named_with_their_shape():
    state = tiny_network(1).state_dict()
    state["encoder.vit.pos_embed"] = torch.zeros(1, 2, 3)
    with pytest.raises(ValueError, match=r"'vit\.pos_embed' of shape"):
        borrow_encoders(tiny_network(2), state)
