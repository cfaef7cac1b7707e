from __future__ import annotations

import numpy as np
import pytest

from spotdiff.data.evidence_memory import RecentShelf
from spotdiff.data.picture_store import NUMBERS
from spotdiff.stages.yes_or_no import SaidRanker, ShownRanker
from spotdiff.types import Hypothesis
from tests.set_world import FakeChat
from tests.stages.word_album import ThingAlbum

TEXTS = [Hypothesis("red car"), Hypothesis("blue dog")]
THINGS = ["red car", "blue dog", "green tree", "red car", "blue dog"]
WANTED = np.array([[thing == text.text for thing in THINGS] for text in TEXTS])


@pytest.mark.parametrize("ranker", [ShownRanker, SaidRanker])
def test_the_score_is_the_probability_of_yes_for_each_picture_and_hypothesis(ranker):
    scores = ranker(FakeChat(), together=2)(TEXTS, ThingAlbum(THINGS))
    np.testing.assert_allclose(scores, np.where(WANTED, 0.9, 0.2), atol=1e-6)
    assert ranker(FakeChat())([], ThingAlbum(THINGS)).shape == (0, len(THINGS))


@pytest.mark.parametrize("ranker", [ShownRanker, SaidRanker])
def test_nothing_is_asked_twice_and_what_failed_is_nan_and_asked_again(ranker):
    shelf, model = RecentShelf(NUMBERS, 999), FakeChat()
    album = ThingAlbum(THINGS)
    model.broken = True
    assert np.isnan(ranker(model, shelf=shelf)(TEXTS, album)).all()
    model.broken, model.chosen = False, []
    first = ranker(model, shelf=shelf)(TEXTS, album)
    asked = len(model.chosen)
    assert asked == (10 if ranker is ShownRanker else 6)  # equal captions are one question
    album.images = None  # no picture is looked at again
    np.testing.assert_array_equal(ranker(model, shelf=shelf)(TEXTS, album), first)
    assert len(model.chosen) == asked


def test_other_pictures_hypotheses_and_models_are_other_questions():
    shelf, model = RecentShelf(NUMBERS, 999), FakeChat()
    album = ThingAlbum(THINGS[:1])
    ShownRanker(model, shelf=shelf)(TEXTS[:1], album)
    ShownRanker(model, shelf=shelf)(TEXTS[:1], ThingAlbum(THINGS[:1], name="changed"))
    ShownRanker(model, shelf=shelf)(TEXTS[1:], album)
    other = FakeChat()
    other.info = type(model.info)("other", "m2")
    ShownRanker(other, shelf=shelf)(TEXTS[:1], album)
    assert (len(model.chosen), len(other.chosen)) == (3, 1)


def test_pictures_without_a_caption_are_not_scored():
    album = ThingAlbum(THINGS)
    album.failing = {1}
    scores = SaidRanker(FakeChat())(TEXTS, album)
    assert np.isnan(scores).any(axis=0).tolist() == [False, True, False, False, False]


def test_who_sees_nothing_is_refused():
    with pytest.raises(ValueError, match="Expected a model that sees"):
        ShownRanker(FakeChat(sees=False))
