"""Planted differences through the whole of it: who proposes, who ranks, and who remembers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from spotdiff.apps.describing import Describer
from spotdiff.apps.remembering import remember
from spotdiff.data.picture_store import PictureStore
from spotdiff.experts.hanta import HanTaTagger
from spotdiff.stages.chat_proposer import chat_in_rounds
from spotdiff.stages.embedding_proposer import EmbeddingProposer
from spotdiff.stages.montage_proposer import montage_in_rounds
from spotdiff.stages.set_difference import SetRules
from spotdiff.stages.set_judges import EmbeddingJudge
from spotdiff.stages.text_ranker import TextRanker
from spotdiff.stages.word_proposer import WordProposer
from spotdiff.stages.yes_or_no import SaidRanker, ShownRanker
from spotdiff.types import Chat, SetReport
from tests.fakes import write_image
from tests.set_world import FakeCaptioner, FakeChat, FakeClip, picture, planted

FIRST = ["red car"] * 12
SECOND = ["blue dog", "green tree"] * 6


class Models:
    """Who is asked, with how often."""

    def __init__(self) -> None:
        self.clip, self.captioner = FakeClip(), FakeCaptioner()
        self.chat = FakeChat(lambda _: "Ideas:\n- blue dog\n- red car\n- a street")

    def asked(self) -> tuple[int, ...]:
        counts = self.clip.images, self.clip.texts, self.captioner.asked
        return *counts, len(self.chat.chats), len(self.chat.chosen)


PROPOSERS: dict[str, Callable[[Models], object]] = {
    "chat": lambda models: chat_in_rounds(models.chat, rounds=2, samples=4),
    "montage": lambda models: montage_in_rounds(models.chat, rounds=2, samples=4),
    "embedding": lambda models: EmbeddingProposer(["a dog", "a red car", "a tree"], models.clip),
    "words": lambda _: WordProposer(HanTaTagger.from_pretrained()),
}
RANKERS: dict[str, Callable[[Models], object]] = {
    "clip": lambda models: TextRanker(models.clip),
    "chat_yes_no": lambda models: ShownRanker(models.chat),
    "chat_captions": lambda models: SaidRanker(models.chat),
}


def _describer(models: Models, proposer: str, ranker: str, folder) -> Describer:
    store = PictureStore(folder)
    parts = PROPOSERS[proposer](models), RANKERS[ranker](models)
    remember(parts, store)
    return Describer(
        parts[:1], parts[1:], SetRules(hypotheses=5), captioner=models.captioner,
        embedder=models.clip, store=store, workers=1,
    )  # fmt: skip


def _best(report: SetReport) -> tuple[str, float]:
    return report.ranked[0].hypothesis.text, report.ranked[0].auroc


@pytest.mark.parametrize("proposer", PROPOSERS)
@pytest.mark.parametrize("ranker", RANKERS)
def test_a_planted_thing_is_found_by_each_and_a_second_run_asks_nobody(tmp_path, proposer, ranker):
    sets, models = planted(tmp_path / "sets", FIRST, SECOND), Models()
    report = _describer(models, proposer, ranker, tmp_path / "cache")(sets, reference=())
    text, area = _best(report)
    assert "red" in text or "car" in text
    if ranker != "clip" and proposer in ("embedding", "words"):
        assert area >= 0.5  # the fake that says yes or no knows but whole names of things
    else:
        assert area > 0.95
    before = models.asked()
    again = _describer(models, proposer, ranker, tmp_path / "cache")(sets, reference=())
    assert models.asked() == before
    assert again == report
    assert report.problems == ()


def test_exchanged_sets_give_the_opposite_area(tmp_path):
    sets, models = planted(tmp_path, FIRST, SECOND), Models()
    describer = _describer(models, "chat", "clip", None)
    told, swapped = (
        {one.hypothesis.text: one.auroc for one in describer(pair, reference=()).ranked}
        for pair in (sets, sets.swapped())
    )
    assert told.keys() == swapped.keys()
    assert all(swapped[text] == pytest.approx(1 - told[text]) for text in told)


def test_each_picture_and_each_hypothesis_is_embedded_once(tmp_path):
    sets, models = planted(tmp_path, FIRST, SECOND), Models()
    report = _describer(models, "chat", "clip", None)(sets, reference=["red car"])
    held = sum(report.ranked_on)
    assert models.clip.images == held  # nobody else looks at pictures by vectors
    assert models.clip.texts == len({one.hypothesis.text for one in report.ranked})


def test_a_changed_picture_is_asked_about_anew(tmp_path):
    sets, models = planted(tmp_path / "sets", FIRST, SECOND), Models()
    _describer(models, "words", "chat_yes_no", tmp_path / "cache")(sets)
    before = models.captioner.asked, len(models.chat.chosen)
    for item in sets.second:
        write_image(tmp_path / item.path, picture("red car", 77, (26, 32)))
    report = _describer(models, "words", "chat_yes_no", tmp_path / "cache")(sets)
    assert models.captioner.asked > before[0]
    assert len(models.chat.chosen) >= before[1]
    assert report.ranked == ()  # both show the same now


def test_a_model_that_dies_leaves_a_report_with_reasons_and_the_next_run_goes_on(tmp_path):
    sets, models = planted(tmp_path / "sets", FIRST, SECOND), Models()
    models.chat.broken = True
    describer = _describer(models, "chat", "clip", tmp_path / "cache")
    report = describer(sets, reference=())
    assert report.ranked == ()
    assert report.problems[-1] == "no hypothesis was proposed"
    assert report.problems[0] == "chat: the server cannot be reached."
    models.chat.broken = False
    again = _describer(models, "chat", "clip", tmp_path / "cache")(sets, reference=())
    assert _best(again)[0] == "red car"


def test_a_ranker_without_answers_leaves_no_score(tmp_path):
    sets, models = planted(tmp_path / "sets", FIRST, SECOND), Models()
    describer = _describer(models, "words", "chat_yes_no", None)
    models.chat.broken = True
    report = describer(sets, reference=())
    assert report.ranked == ()
    assert any("no ranker could score" in problem for problem in report.problems)


def test_judges_and_wrapped_parts_are_remembered_once(tmp_path):
    store, clip = PictureStore(tmp_path), FakeClip()
    judge = EmbeddingJudge(clip)
    remember([judge], store)
    kept = judge.embedder
    remember([judge], store)
    assert judge.embedder is kept
    sets = planted(tmp_path / "sets", FIRST[:1], SECOND[:1])
    assert judge(replace(sets, difference="red car"), ["a red car"]) == [2]
    assert judge(replace(sets, difference="red car"), ["a red car"]) == [2]
    assert clip.texts == 2


def test_a_question_that_names_everything_is_one_chat(tmp_path):
    models = Models()
    sets = planted(tmp_path, FIRST, SECOND)
    _describer(models, "chat", "clip", None)(sets)
    assert all(isinstance(chat, Chat) and len(chat.parts) == 1 for chat in models.chat.chats)
    assert len(models.chat.chats) == 2
