from __future__ import annotations

import pytest

from spotdiff.stages.chat_proposer import ChatProposer, chat_in_rounds
from spotdiff.types import Hypothesis, Reply
from tests.set_world import FakeChat
from tests.stages.word_album import ThingAlbum

RED, BLUE = ThingAlbum(["red car"] * 8), ThingAlbum(["blue dog"] * 5, name="b")


def _asked(model: FakeChat) -> str:
    (part,) = model.chats[-1].parts
    return str(part)


def test_captions_of_both_groups_are_read_and_the_list_is_parsed():
    model = FakeChat(
        lambda _: 'Sure, here it is:\n1. "red cars"\n2) **cars**\n3. Red cars\n\n- \nBye!'
    )
    said, problems = ChatProposer(model)(RED, BLUE, 10, seed=0)
    assert said == [Hypothesis("red cars", ("chat",)), Hypothesis("cars", ("chat",))]
    assert problems == []
    told = _asked(model)
    assert told.count("Group A: a red car on a street") == 8
    assert told.count("Group B: a blue dog on a street") == 5
    assert told.index("Group A:") < told.index("Group B:")
    assert "Name 10 different things" in told


def test_no_more_are_taken_than_are_wanted():
    model = FakeChat(lambda _: "\n".join(f"- thing {i}" for i in range(9)))
    said, _ = ChatProposer(model)(RED, BLUE, 4, seed=0)
    assert [one.text for one in said] == [f"thing {i}" for i in range(4)]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Reply(None, "the server is gone."), "the server is gone"),
        (Reply("I cannot", "cut off"), "cut off"),
        ("Sure:", "expected a list of ideas, the model answered 'Sure:'"),
    ],
)
def test_a_failed_answer_is_a_problem_and_never_a_hypothesis(answer, words):
    said, problems = ChatProposer(FakeChat(lambda _: answer))(RED, BLUE, 5, seed=0)
    assert said == []
    assert len(problems) == 1
    assert problems[0].startswith("chat: ")
    assert words in problems[0]


def test_a_failed_caption_is_a_problem_and_is_not_shown():
    album, model = ThingAlbum(["red car"] * 4), FakeChat()
    album.failing = {1, 2}
    said, problems = ChatProposer(model)(album, BLUE, 5, seed=0)
    assert [one.text for one in said] == ["red car"]
    assert problems == ["chat: the model failed (2 times)"]
    assert _asked(model).count("Group A:") == 2
    assert "failed" not in _asked(model)


def test_without_captions_nothing_is_asked():
    album, model = ThingAlbum(["red car"]), FakeChat()
    album.failing = {0}
    said, problems = ChatProposer(model)(album, BLUE, 5, seed=0)
    assert (said, model.chats) == ([], [])
    assert problems[-1] == "chat: a set has no captions, so nothing was asked"


def test_common_shows_the_first_set_alone():
    model = FakeChat()
    ChatProposer(model, "common")(RED, BLUE, 5, seed=0)
    assert "blue dog" not in _asked(model)
    assert ChatProposer(model, "common").info != ChatProposer(model).info
    with pytest.raises(ValueError, match="Expected question to be contrast, brief, common"):
        ChatProposer(model, "other")


def test_rounds_samples_and_hypotheses_are_all_honoured_and_seeded():
    model = FakeChat(lambda _: f"- idea {len(model.chats)}\n- second {len(model.chats)}\n- third")
    said, problems = chat_in_rounds(model, rounds=3, samples=6)(RED, BLUE, 2, seed=7)
    assert [one.text for one in said] == ["idea 1", "idea 2", "idea 3"] + [
        f"second {i}" for i in (1, 2, 3)
    ]
    assert problems == []
    for chat in model.chats:  # five pictures are all there are of the smaller set
        assert (str(chat.parts[0]).count("Group A:"), str(chat.parts[0]).count("Group B:")) == (
            6,
            5,
        )
    assert [chat.seed for chat in model.chats] == [7, 8, 9]  # a model that draws draws anew
    again = FakeChat()
    chat_in_rounds(again, rounds=3, samples=6)(RED, BLUE, 2, seed=7)
    assert [chat.parts for chat in again.chats] == [chat.parts for chat in model.chats]
