"""Proposers, rankers and judges of sets with the real classes of models, few random weights."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from spotdiff.data.album import PictureAlbum
from spotdiff.experts.blip import BlipCaptioner
from spotdiff.experts.clip import Clip
from spotdiff.experts.generation import Generation
from spotdiff.experts.llm import ChatLlm
from spotdiff.experts.mllm import ChatVlm
from spotdiff.ops.auroc import auroc
from spotdiff.stages.chat_proposer import ChatProposer
from spotdiff.stages.embedding_proposer import EmbeddingProposer
from spotdiff.stages.montage_proposer import MontageProposer
from spotdiff.stages.set_judges import ChatJudge, EmbeddingJudge
from spotdiff.stages.text_ranker import TextRanker
from spotdiff.stages.yes_or_no import SaidRanker, ShownRanker
from spotdiff.types import Hypothesis, ModelInfo, SetItem
from tests.fakes import noise, write_image
from tests.tiny_chat import tiny_llama, tiny_llava

INFO = ModelInfo("tiny", "t1")
TEXTS = [Hypothesis("red car"), Hypothesis("a dog")]


@pytest.fixture(scope="module")
def albums(tmp_path_factory, clip_parts, captioner_parts):
    """Two sets of noise, one of them darker."""
    folder = tmp_path_factory.mktemp("sets")
    clip = Clip(*clip_parts, INFO)
    captioner = BlipCaptioner(*captioner_parts, INFO, max_new_tokens=6)
    found = []
    for name, factor in (("a", 1.0), ("b", 0.3)):
        paths = [
            write_image(folder / f"{name}{i}.png", (noise(i) * factor).astype(np.uint8))
            for i in range(4)
        ]
        items = [SetItem(str(path)) for path in paths]
        found.append(PictureAlbum(items, captioner=captioner, embedder=clip, workers=1))
    return *found, clip


@pytest.fixture(scope="module")
def seeing() -> ChatVlm:
    parts = tiny_llava()
    return ChatVlm(parts.model, parts.processor, INFO, Generation(max_new_tokens=5), batch_size=16)


@pytest.fixture(scope="module")
def reading() -> ChatLlm:
    parts = tiny_llama()
    model = copy.deepcopy(parts.model)
    model.config.max_position_embeddings = 4096  # bytes are tokens here, and questions are long
    return ChatLlm(model, parts.processor, INFO, Generation(max_new_tokens=5))


def test_clip_embeds_texts_and_pictures_into_one_space(albums):
    first, second, clip = albums
    scores = [TextRanker(clip)(TEXTS, album) for album in (first, second)]
    assert [one.shape for one in scores] == [(2, 4), (2, 4)]
    assert all((np.abs(one) <= 1).all() for one in scores)
    assert np.isfinite(auroc(*scores).areas).all()
    text, picture = clip.text_embeddings(["a photo of a dog"])[0], clip(first.images([2]))[0][0]
    assert scores[0][1, 2] == pytest.approx(text @ picture, abs=1e-3)  # vectors are kept in halves


def test_texts_are_retrieved_by_clip(albums):
    first, second, clip = albums
    said, problems = EmbeddingProposer(["red", "dark", "car"], clip)(first, second, 2, 0)
    assert problems == []
    assert {one.text for one in said} <= {"red", "dark", "car"}
    assert EmbeddingJudge(clip, 0.999, -1.0)(_sets(), ["red cars", "b"])[0] == 2


def test_a_model_that_sees_says_yes_or_no(albums, seeing):
    first, _, _ = albums
    scores = ShownRanker(seeing, together=2)(TEXTS, first)
    assert scores.shape == (2, 4)
    assert ((scores > 0) & (scores < 1)).all()
    alone = ShownRanker(seeing, together=1)(TEXTS[1:], first)
    np.testing.assert_allclose(alone[0], scores[1], atol=1e-5)


def test_a_model_that_reads_says_yes_or_no_of_captions(albums, reading):
    first, _, _ = albums
    scores = SaidRanker(reading)(TEXTS, first)
    assert scores.shape == (2, 4)
    told = [reply.text is not None for reply in first.captions(first.rows)]
    assert np.isfinite(scores).all(axis=0).tolist() == told


def test_random_weights_propose_lists_or_problems_and_nothing_else(albums, seeing, reading):
    first, second, _ = albums
    for proposer in (MontageProposer(seeing, max_side=200), ChatProposer(reading, "brief")):
        said, problems = proposer(first, second, 5, seed=0)
        assert said or problems
        assert all(one.proposers == (proposer.name,) for one in said)
        assert proposer.info.name.startswith("tiny, set-")


def test_random_weights_judge_by_a_number_or_not_at_all(reading):
    assert all(grade in (None, 0, 1, 2) for grade in ChatJudge(reading)(_sets(), ["a", "b"]))


def _sets():
    from spotdiff.types import ImageSets

    return ImageSets(("red cars", "dogs"), (), ())
