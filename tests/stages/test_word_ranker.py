from __future__ import annotations

import numpy as np

from spotdiff.experts.hanta import HanTaTagger
from spotdiff.stages.word_ranker import WordRanker
from spotdiff.types import Hypothesis
from tests.stages.word_album import ThingAlbum


def test_captions_are_scored_by_the_words_that_they_have_in_dictionary_forms():
    album = ThingAlbum(["red car", "blue dog", "green tree", "red car"])
    album.failing = {3}
    texts = [Hypothesis(text) for text in ("Red cars", "a dog on the streets", "the", "no cars")]
    scores = WordRanker(HanTaTagger.from_pretrained())(texts, album)
    np.testing.assert_array_equal(
        scores,
        [[1, 0, 0, np.nan], [0.5, 1, 0.5, np.nan], [np.nan] * 4, [np.nan] * 4],
    )
