"""Filters of pictures and texts, on chosen scores: chunks, reducing, any and all, flips."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spotdiff.building.image_text import (
    END_OF_CHUNK,
    IMAGE_MARK,
    ImageTextMatching,
    ImageTextSimilarity,
    chunks_of,
    flipped,
)
from spotdiff.types import Sample
from tests.building.filter_parts import Embedding, Matching, grey, verdicts

MAN, DOG = f"{IMAGE_MARK}a man", f"a dog {IMAGE_MARK} {IMAGE_MARK}"
SCORES = {(10, "a man"): 0.75, (20, "a dog"): 0.25, (30, "a dog"): 0.5, (10, "a dog"): 0.0}


@pytest.fixture
def row(tmp_path):
    """A man, and two pictures of dogs: scores 0.75, and 0.25 and 0.5."""
    images = tuple(grey(tmp_path, level) for level in (10, 20, 30))
    return Sample("row", images=images, text=f"{MAN} {END_OF_CHUNK} {DOG} {END_OF_CHUNK}")


def _matched(sample, **settings):
    return ImageTextMatching(matcher=Matching(SCORES), **settings)([sample])[0]


def test_each_chunk_takes_as_many_pictures_as_it_has_marks(row):
    first, second = chunks_of(row)
    assert (first.text, second.text) == ("a man", "a dog")
    assert (first.images, second.images) == (row.images[:1], row.images[1:])
    short = replace(row, images=row.images[:2])
    assert chunks_of(short)[1].images == row.images[1:2]
    silent = f"{IMAGE_MARK} {END_OF_CHUNK} no picture {END_OF_CHUNK} {MAN}"
    (only,) = chunks_of(replace(row, text=silent))
    assert only.images == row.images[1:2]


def test_captions_of_a_pair_are_chunks_about_their_views():
    pair = Sample("p", "b.png", "a.png", caption_before="x", caption_after="y")
    assert [(c.text, c.images) for c in chunks_of(pair)] == [("x", ("b.png",)), ("y", ("a.png",))]
    assert len(chunks_of(replace(pair, caption_after=None))) == 1


def test_the_defaults_keep_what_matches_and_drop_what_does_not(tmp_path):
    right = Sample("r", images=(grey(tmp_path, 10),), text=MAN)
    wrong = replace(right, id="w", text=f"{IMAGE_MARK} a dog")
    matcher = Matching(SCORES)
    found = ImageTextMatching(matcher=matcher)([right, wrong])
    assert verdicts(found) == [None, "rejected"]
    assert matcher.calls == [2]  # one call for all samples
    assert found[0].scores == {"image_text_matching": 0.75}
    verdict = found[1].verdict
    assert (verdict.score, verdict.threshold) == (0.0, 0.003)
    assert verdict.reason == "the match of picture and text is 0, below 0.003"


@pytest.mark.parametrize(
    ("reduce", "scores"), [("avg", [0.75, 0.375]), ("max", [0.75, 0.5]), ("min", [0.75, 0.25])]
)
def test_the_scores_of_a_chunk_are_reduced(row, reduce, scores):
    found = _matched(row, reduce=reduce)
    assert found.made["image_text_matching"] == {"scores": scores}


@pytest.mark.parametrize(
    ("any_or_all", "kind", "score"), [("any", None, 0.75), ("all", "rejected", 0.375)]
)
def test_any_keeps_a_row_of_which_one_chunk_fits_and_all_drops_it(row, any_or_all, kind, score):
    found = _matched(row, any_or_all=any_or_all, min=0.5)
    assert verdicts([found]) == [kind]
    assert found.scores == {"image_text_matching": score}


def test_the_smallest_score_drops_what_the_others_keep(row):
    dogs = replace(row, images=row.images[1:], text=DOG)
    kept = {how: _matched(dogs, reduce=how, min=0.3, max=0.9) for how in ("avg", "max", "min")}
    assert [how for how, found in kept.items() if found.verdict is None] == ["avg", "max"]


@pytest.mark.parametrize(
    ("flip", "level"), [("none", 10), ("horizontal", 11), ("vertical", 12), ("both", 13)]
)
def test_pictures_are_mirrored_before_they_are_scored(tmp_path, flip, level):
    sample = Sample("f", images=(grey(tmp_path, 10),), text=MAN)
    matcher = Matching({(level, "a man"): 0.5})
    (found,) = ImageTextMatching(matcher=matcher, flip=flip)([sample])
    assert found.scores == {"image_text_matching": 0.5}
    assert flipped(np.zeros((2, 3, 3), np.uint8), flip).flags.c_contiguous


def test_no_picture_and_no_text_are_told(tmp_path):
    image = grey(tmp_path, 10)
    rows = [
        Sample("no text", images=(image,)),
        Sample("no picture", text=MAN),
        Sample("no mark", images=(image,), text="a man"),
    ]
    reasons = ["there is no text", "there is no picture", "no text belongs to a picture"]
    kept, rejected, failed = (
        ImageTextMatching(matcher=Matching({}), missing=missing)(rows)
        for missing in ("keep", "reject", "error")
    )
    assert verdicts(kept) == [None] * 3
    assert [row.made["image_text_matching"]["no_score"] for row in kept] == reasons
    assert verdicts(rejected) == ["rejected"] * 3
    assert [row.verdict.reason for row in failed] == reasons
    assert verdicts(failed) == ["error"] * 3


def test_a_picture_that_cannot_be_read_is_an_error_of_its_row_alone(tmp_path, row):
    lost = replace(row, id="lost", images=(str(tmp_path / "lost.png"),))
    found = ImageTextMatching(matcher=Matching(SCORES))([lost, row])
    assert verdicts(found) == ["error", None]
    assert "lost.png" in found[0].verdict.reason


def test_similarity_embeds_each_text_once_and_keeps_by_the_cosine(tmp_path):
    rows = [
        Sample(str(level), images=(grey(tmp_path, level),), text=f"{IMAGE_MARK} cat")
        for level in (10, 80)
    ]
    embedder = Embedding({"cat": 10})
    found = ImageTextSimilarity(embedder=embedder, min=0.5)(rows)
    assert embedder.calls == [("cat",), 2]
    assert found[0].scores["image_text_similarity"] == pytest.approx(1)
    assert found[1].verdict.score == pytest.approx(np.cos(np.radians(70)))
    assert verdicts(found) == [None, "rejected"]


def test_wrong_settings_are_one_sentence():
    for wrong in ({"reduce": "sum"}, {"any_or_all": "some"}, {"flip": "left"}, {"missing": "no"}):
        with pytest.raises(ValueError, match=r"Expected .* to be one of"):
            ImageTextMatching(matcher=Matching({}), **wrong)
    settings = ImageTextMatching(matcher=Matching({}), flip="both").settings
    assert settings["matcher"] == {"name": "chosen", "sha256": "0" * 64}
    assert settings["flip"] == "both"
