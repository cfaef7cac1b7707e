from __future__ import annotations

import numpy as np
import pytest

from spotdiff.ops.auroc import auroc
from spotdiff.stages.text_ranker import TextRanker
from spotdiff.types import Hypothesis
from tests.set_world import FakeClip
from tests.stages.word_album import ThingAlbum

TEXTS = [Hypothesis("a red car"), Hypothesis("a blue dog"), Hypothesis("a green tree")]


def test_what_all_pictures_of_the_first_set_show_ranks_first():
    albums = ThingAlbum(["red car"] * 30), ThingAlbum(["blue dog", "green tree"] * 15, name="b")
    rank = TextRanker(FakeClip())
    first, second = (rank(TEXTS, album) for album in albums)
    areas = auroc(first, second).areas
    assert areas[0] > 0.95
    assert np.argmax(areas) == 0
    np.testing.assert_allclose(auroc(second, first).areas, 1 - areas)


def test_pictures_and_hypotheses_are_each_embedded_once():
    clip, album = FakeClip(), ThingAlbum(["red car"] * 7)
    album.clip = clip
    scores = TextRanker(clip)(TEXTS, album)
    assert scores.shape == (3, 7)
    assert (clip.images, clip.texts) == (7, 3)
    assert TextRanker(clip)([], album).shape == (0, 7)


def test_templates_are_averaged_to_unit_vectors():
    album = ThingAlbum(["red car"])
    two = TextRanker(FakeClip(), ["a photo of {}", "a red photo of {}"])(TEXTS, album)
    ends = [
        TextRanker(FakeClip(), [one])(TEXTS, album)
        for one in ("a photo of {}", "a red photo of {}")
    ]
    assert (two <= 1 + 1e-6).all()
    assert (np.minimum(*ends)[1] < two[1]).all()
    assert (two[1] < np.maximum(*ends)[1]).all()


def test_what_cannot_be_compared_is_one_sentence():
    album = ThingAlbum(["red car"])
    album.embeddings = lambda rows: np.ones((len(rows), 3), np.float32)
    with pytest.raises(ValueError, match="embed both by one model"):
        TextRanker(FakeClip())(TEXTS, album)
    with pytest.raises(ValueError, match="Expected an embedder of texts for the ranker clip"):
        TextRanker()(TEXTS, album)
    with pytest.raises(ValueError, match="Expected templates"):
        TextRanker(FakeClip(), ["a photo"])
