"""Regions as our own encoders see them."""

import gc

import numpy as np
import pytest
import torch

from spotdiff.experts.siamese import SiameseEmbedder
from spotdiff.types import ModelInfo
from tests.fakes import noise, tiny_network

INFO = ModelInfo("tiny", "0" * 64)
BOXES = np.float32([[0, 0, 32, 32], [40, 8, 90, 60], [3, 3, 4, 64]])


@pytest.fixture(scope="module")
def net():
    """A network of its own: experts switch its gradients off."""
    return tiny_network()


@pytest.fixture
def embedder(net) -> SiameseEmbedder:
    return SiameseEmbedder(net, INFO)


def test_every_region_and_every_whole_image_is_a_unit_vector(embedder):
    images = [noise(0), noise(1, 50, 70)]
    for vectors, count in zip(embedder(images, [BOXES, BOXES[:2]]), (3, 2), strict=True):
        assert vectors.dtype == np.float32
        assert len(vectors) == count
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert [len(v) for v in embedder(images)] == [1, 1]


def test_the_same_pixels_have_the_same_vector_and_others_have_not(embedder):
    first, again, other = (
        embedder([image], [BOXES])[0] for image in (noise(0), noise(0), noise(1))
    )
    np.testing.assert_allclose((first * again).sum(axis=1), 1, atol=1e-5)
    assert ((first * other).sum(axis=1) < 0.999).all()


def test_an_image_is_seen_the_same_in_any_company(embedder, net):
    images = [noise(seed, *size) for seed, size in enumerate([(64, 96), (64, 96), (40, 33)])]
    together = embedder(images, [BOXES] * 3)
    for image, vectors in zip(images, together, strict=True):
        (alone,) = SiameseEmbedder(net, INFO)([image], [BOXES])
        np.testing.assert_allclose(alone, vectors, atol=1e-5)


def test_an_image_passes_the_encoders_once_and_is_forgotten_with_its_array(embedder):
    passes = []
    handle = embedder.encoder.register_forward_hook(lambda *_: passes.append(1))
    images = [noise(0), noise(1)]
    embedder(images)
    embedder(images, [BOXES, BOXES])
    handle.remove()
    assert len(passes) == 1
    del images
    gc.collect()
    assert embedder._seen == {}


def test_regions_lie_where_they_say_in_images_that_are_padded_or_shrunk(net):
    image = np.zeros((50, 70, 3), np.uint8)
    image[20:40, 30:60] = noise(4, 20, 30)
    box = np.float32([[30, 20, 60, 40]])
    large = np.kron(image, np.ones((4, 4, 1), np.uint8))
    shrinking = SiameseEmbedder(net, INFO, max_side=70)
    (plain,), (shrunk,) = shrinking([image], [box]), shrinking([large], [box * 4])
    np.testing.assert_allclose((plain * shrunk).sum(), 1, atol=1e-4)


def test_no_boxes_are_no_vectors(embedder):
    (vectors,) = embedder([noise(0)], [np.zeros((0, 4), np.float32)])
    assert vectors.shape == (0, embedder([noise(0)], [BOXES])[0].shape[1])


def test_nothing_of_it_is_trained(embedder):
    assert not any(p.requires_grad for p in embedder.parameters())
    with torch.enable_grad():
        (vectors,) = embedder([noise(0)])
    assert isinstance(vectors, np.ndarray)
