from __future__ import annotations

import numpy as np
import pytest

from spotdiff.contracts import ChatModel, TextEmbedder
from spotdiff.data.kept_answers import KeptChat, KeptTexts
from spotdiff.data.picture_store import NUMBERS, TEXTS, PictureStore
from spotdiff.types import Chat, ModelInfo, Reply
from tests.set_world import FakeChat, FakeClip, picture

CHATS = [Chat(("what?",)), Chat((picture("red car"), "what?")), Chat(("what?",), system="Briefly.")]


def _kept(model: ChatModel, folder) -> tuple[KeptChat, PictureStore]:
    store = PictureStore(folder)
    return KeptChat(model, store.shelf("replies", TEXTS), store.shelf("choices", NUMBERS)), store


def _told(chat: Chat) -> str:
    return f"{len(chat.parts)} parts, {chat.system}"


def test_a_second_run_asks_no_model_and_says_the_same(tmp_path):
    model = FakeChat(_told)
    kept, store = _kept(model, tmp_path)
    first = kept([*CHATS, CHATS[0]]), kept.choose(CHATS[1:2], ["Yes", "No"])
    assert (len(model.chats), len(model.chosen)) == (3, 1)  # equal questions are one
    store.flush()
    later, _ = _kept(model, tmp_path)
    again = later([*CHATS, CHATS[0]]), later.choose(CHATS[1:2], ["Yes", "No"])
    assert (len(model.chats), len(model.chosen)) == (3, 1)
    assert again[0] == first[0] == [Reply(_told(chat)) for chat in [*CHATS, CHATS[0]]]
    np.testing.assert_array_equal(again[1], first[1])


@pytest.mark.parametrize(
    "chat",
    [Chat(("why?",)), Chat((picture("red car", 1), "what?")), Chat(("what?", picture("red car"))),
     Chat(("what?",), system="At length."), Chat(("what", "?")), Chat(("what?",), seed=0)],
)  # fmt: skip
def test_other_words_pixels_orders_and_systems_are_other_questions(tmp_path, chat):
    model = FakeChat(_told)
    kept, _ = _kept(model, tmp_path)
    kept(CHATS)
    kept([chat])
    assert len(model.chats) == len(CHATS) + 1


def test_another_model_is_asked_anew(tmp_path):
    kept, store = _kept(FakeChat(_told), tmp_path)
    kept(CHATS)
    store.flush()
    other = FakeChat(_told)
    other.info = ModelInfo("fake-chat", "other settings")
    _kept(other, tmp_path)[0](CHATS)
    assert len(other.chats) == len(CHATS)


def test_what_failed_is_told_not_kept_and_asked_again(tmp_path):
    model = FakeChat(lambda chat: Reply(None, "busy.") if chat.system else "fine")
    kept, _ = _kept(model, tmp_path)
    assert kept(CHATS) == [Reply("fine"), Reply("fine"), Reply(None, "busy.")]
    model.broken = True
    assert kept(CHATS)[2].problem == "the server cannot be reached."
    assert kept(CHATS)[0].text == "fine"
    assert kept.choose(CHATS[1:2], ["Yes", "No"]) == [None]
    model.broken = False
    assert kept.choose(CHATS[1:2], ["Yes", "No"])[0] is not None
    assert len(model.chats) == 5


def test_texts_are_embedded_once_in_half_precision(tmp_path):
    clip, store = FakeClip(), PictureStore(tmp_path)
    kept: TextEmbedder = KeptTexts(clip, store.embeddings)
    texts = ["a red car", "a dog", "a red car"]
    told = kept.text_embeddings(texts)
    np.testing.assert_allclose(told, clip.text_embeddings(texts), atol=2e-3)
    assert clip.texts == 2 + 3
    store.flush()
    later = KeptTexts(clip, PictureStore(tmp_path).embeddings).text_embeddings(texts)
    np.testing.assert_array_equal(later, told)
    assert clip.texts == 5
    assert kept.text_embeddings([]).shape[0] == 0


def test_answers_of_a_run_that_was_killed_are_there_as_far_as_they_were_written(tmp_path):
    model = FakeChat(_told)
    store = PictureStore(tmp_path)
    shelf = store.shelf("replies", TEXTS)
    shelf.most_seconds = 0  # each is written at once
    chats = [Chat((f"question {i}",)) for i in range(9)]

    def killed(some):
        if len(model.chats) >= 6:
            raise KeyboardInterrupt
        return FakeChat.__call__(model, some)

    class Dying(FakeChat):
        def __call__(self, some):
            return killed(some)

    kept = KeptChat(Dying(_told), shelf, store.shelf("choices", NUMBERS), at_once=3)
    with pytest.raises(KeyboardInterrupt):
        kept(chats)
    del kept, shelf, store
    _kept(model, tmp_path)[0](chats)
    assert len(model.chats) == 6 + 3
