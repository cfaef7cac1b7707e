"""Filters of pairs on chosen scores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spotdiff.building.filters import Naturalness, PairSimilarity, TextPairSimilarity
from spotdiff.stages.similarity import Similarity
from spotdiff.types import Sample
from tests.building.filter_parts import Chatting, Embedding, grey, verdicts


def test_pairs_are_kept_by_the_cosine_of_their_views_in_one_call(tmp_path):
    paths = [grey(tmp_path, level) for level in (0, 20, 80)]
    rows = [
        Sample("alike", paths[0], paths[1]),
        Sample("other", paths[0], paths[2]),
        Sample("itself", paths[0], paths[0]),
        Sample("two images", images=(paths[0], paths[1])),
        Sample("lost", paths[0], str(tmp_path / "no.png")),
        Sample("one", paths[0]),
    ]
    embedder = Embedding()
    found = PairSimilarity(similarity=Similarity(embedder), min=0.9, max=0.99)(rows)
    assert embedder.calls == [6]
    assert verdicts(found) == [None, "rejected", "rejected", None, "error", None]
    assert found[0].scores["pair_similarity"] == pytest.approx(np.cos(np.radians(20)))
    assert found[1].verdict.threshold == 0.9
    assert (found[2].verdict.score, found[2].verdict.threshold) == (1.0, 0.99)
    assert "no.png" in found[4].verdict.reason
    assert found[5].made["pair_similarity"] == {"no_score": "there are not two views"}


def test_a_reversed_range_keeps_what_lies_outside(tmp_path):
    pair = Sample("p", grey(tmp_path, 0), grey(tmp_path, 20))
    similarity = Similarity(Embedding())
    (found,) = PairSimilarity(similarity=similarity, min=0.9, max=1, reversed=True)([pair])
    assert found.verdict.reason == (
        "the similarity of the views is 0.9397, inside of the range that is left out, near 0.9"
    )
    (found,) = PairSimilarity(similarity=similarity, min=0.95, max=1, reversed=True)([pair])
    assert found.verdict is None


def test_texts_are_compared_by_captions_or_by_columns():
    embedder = Embedding({"cute cat": 0, "lovely cat": 20, "black dog": 60})
    rows = [
        Sample("same", caption_before="cute cat", caption_after="cute cat"),
        Sample("near", caption_before="cute cat", caption_after="lovely cat"),
        Sample("far", caption_before="cute cat", caption_after="black dog"),
        Sample("none", caption_before="cute cat", caption_after=" "),
    ]
    found = TextPairSimilarity(embedder=embedder, min=0.85, max=0.99)(rows)
    assert embedder.calls == [("cute cat", "lovely cat", "black dog")]
    assert verdicts(found) == ["rejected", None, "rejected", None]
    assert found[0].verdict.score > 0.99
    assert found[3].made["text_pair_similarity"] == {"no_score": "there are not two texts"}
    columns = [
        Sample("a", text="cute cat", cells={"other": "lovely cat"}),
        replace(rows[1], id="b"),
    ]
    found = TextPairSimilarity(embedder=embedder, second="other", missing="error")(columns)
    assert verdicts(found) == [None, "error"]
    assert found[0].scores["text_pair_similarity"] == pytest.approx(np.cos(np.radians(20)))


def test_natural_is_what_a_model_most_likely_says_yes_to(tmp_path):
    pair = Sample("p", grey(tmp_path, 0), grey(tmp_path, 20))
    rows = [replace(pair, id=name) for name in "abc"] + [Sample("d")]
    chat = Chatting(0.75, 0.25, None)
    found = Naturalness(chat=chat)(rows)
    assert verdicts(found) == [None, "rejected", "error", None]
    assert (found[1].verdict.score, found[1].verdict.threshold) == (0.25, 0.5)
    assert found[3].made["naturalness"] == {"no_score": "there is no picture"}
    assert [len(one.parts) for one in chat.chats] == [3, 3, 3]


def test_an_answer_is_read_exactly(tmp_path):
    rows = [Sample(str(n), images=(grey(tmp_path, 0),)) for n in range(5)]
    chat = Chatting("Yes.", "NO", "not sure, no", None, " yes ")
    found = Naturalness(chat=chat, ask="answer")(rows)
    assert verdicts(found) == [None, "rejected", "error", "error", None]
    assert "expected yes or no, the model said 'not sure, no'" in found[2].verdict.reason
    assert found[3].verdict.reason == "no answer came"


def test_a_model_that_does_not_see_is_refused():
    blind = Chatting()
    blind.sees = False
    with pytest.raises(ValueError, match="a chat model that sees, chosen does not"):
        Naturalness(chat=blind)


def test_real_models_of_few_weights_score_whole_pictures_and_long_texts(
    clip_folder, matcher_folder, tmp_path
):
    from spotdiff.building.image_text import IMAGE_MARK, ImageTextMatching, ImageTextSimilarity
    from spotdiff.experts.blip import BlipMatcher
    from spotdiff.experts.clip import Clip

    clip = Clip.from_pretrained(clip_folder, texts=True)
    blip = BlipMatcher.from_pretrained(matcher_folder)
    long = " ".join(["a red car on a street"] * 40)
    row = Sample(
        "r", images=(grey(tmp_path, 9), grey(tmp_path, 90)), text=f"{IMAGE_MARK * 2} {long}"
    )
    pair = Sample("p", *row.images, caption_before=long, caption_after="a cup")
    steps = (
        ImageTextMatching(matcher=blip, min=None),
        ImageTextSimilarity(embedder=clip, min=None, flip="horizontal"),
        TextPairSimilarity(embedder=clip, min=None),
        PairSimilarity(similarity=Similarity(clip), min=None),
    )
    for step in steps:
        found, alone = step([row, pair]), [*step([row]), *step([pair])]
        assert verdicts(found) == [None, None]
        assert step.name in found[1].scores
        assert [one.scores for one in found] == [pytest.approx(one.scores) for one in alone]
