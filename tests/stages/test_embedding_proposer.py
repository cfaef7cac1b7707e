from __future__ import annotations

import numpy as np
import pytest

from spotdiff.stages.embedding_proposer import EmbeddingProposer, contrasts
from tests.set_world import FakeClip
from tests.stages.word_album import ThingAlbum

BANK = ["a dog", "a blue dog", "a red car", "a tree", "a car", "nothing"]


def _units(seed: int, count: int, width: int = 6) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_what_only_the_first_set_shows_comes_first():
    first = ThingAlbum(["red car"] * 5 + ["green tree"])
    second = ThingAlbum(["blue dog"] * 5 + ["green tree"], name="b")
    clip = FakeClip()
    said, problems = EmbeddingProposer(BANK, clip)(first, second, 2, seed=0)
    assert {one.text for one in said} == {"a red car", "a car"}
    assert problems == []
    assert clip.texts == len(BANK)  # each text once


def test_what_both_show_is_not_said_whatever_is_wanted():
    album = ThingAlbum(["red car"] * 5)
    assert EmbeddingProposer(BANK, FakeClip())(album, album, 9, 0) == ([], [])


def test_exchanged_sets_give_the_opposite_and_scale_does_not_count():
    first, second, texts = _units(0, 20), _units(1, 30), _units(2, 9)
    told = contrasts(first, second, texts)
    np.testing.assert_allclose(contrasts(second, first, texts), -told, atol=1e-9)
    np.testing.assert_allclose(contrasts(first, second, 0.1 * texts), told, atol=1e-6)
    alike = np.ones((1, 6), np.float32)
    np.testing.assert_allclose(contrasts(alike, alike, texts), 0)


def test_vectors_of_two_models_and_settings_that_say_nothing_are_refused():
    with pytest.raises(ValueError, match=r"by one model, got \[6, 6, 4\] numbers"):
        contrasts(_units(0, 3), _units(1, 3), _units(2, 3, 4))
    with pytest.raises(ValueError, match="Expected texts in the bank"):
        EmbeddingProposer([" "])
    with pytest.raises(ValueError, match="Expected a template"):
        EmbeddingProposer(["a"], template="a photo")
    with pytest.raises(ValueError, match="Expected an embedder"):
        EmbeddingProposer(["a"])(ThingAlbum(["red car"]), ThingAlbum(["blue dog"]), 1, 0)
