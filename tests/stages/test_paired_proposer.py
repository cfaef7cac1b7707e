from __future__ import annotations

import re

import pytest

from spotdiff.stages.paired_proposer import PairedProposer, by_prompt
from tests.set_world import FakeChat
from tests.stages.word_album import ThingAlbum

PROMPTS = ["a toy", "a pet", "a toy", "a toy", None, "only here"]
FIRST = ThingAlbum(["red car"] * 6, PROMPTS)
SECOND = ThingAlbum(["blue dog"] * 4, ["a pet", "a toy", "a pet", "only there"], name="b")


def test_pictures_of_one_prompt_stand_together_several_of_them():
    model = FakeChat(lambda _: "- cars")
    said, problems = PairedProposer(model, rounds=1, samples=9, each=2)(FIRST, SECOND, 5, seed=0)
    assert ([one.text for one in said], problems) == (["cars"], [])
    blocks = re.findall(r"Request: (.+)\n((?:Group [AB]: .+\n?)+)", str(model.chats[0].parts[0]))
    counts = {
        prompt: (lines.count("Group A:"), lines.count("Group B:")) for prompt, lines in blocks
    }
    assert counts == {"a toy": (2, 1), "a pet": (1, 2)}  # prompts of one set alone are left out


def test_rounds_draw_other_prompts_by_the_seed():
    prompts = [f"prompt {i}" for i in range(30)]
    albums = [ThingAlbum(["red car"] * 30, prompts, name) for name in "ab"]
    models = FakeChat(), FakeChat(), FakeChat()
    for model, seed in zip(models, (0, 0, 1), strict=True):
        PairedProposer(model, rounds=2, samples=5)(*albums, 5, seed=seed)
    asked = [[chat.parts for chat in model.chats] for model in models]
    assert asked[0] == asked[1] != asked[2]
    assert asked[0][0] != asked[0][1]
    assert str(asked[0][0]).count("Request: ") == 5


def test_what_has_no_prompts_and_failed_captions_are_problems():
    model = FakeChat()
    bare = ThingAlbum(["red car"])
    said, problems = PairedProposer(model)(bare, SECOND, 5, seed=0)
    assert (said, model.chats) == ([], [])
    assert "no prompt has pictures in both sets" in problems[0]
    failing = ThingAlbum(["red car"] * 2, ["a toy", "a pet"])
    failing.failing = {0, 1}
    _, problems = PairedProposer(model, rounds=1)(failing, SECOND, 5, seed=0)
    assert problems[0] == "chat_paired: the model failed (2 times)"
    assert "no prompt has captions in both sets" in problems[1]
    assert model.chats == []
    assert by_prompt(bare) == {}
    with pytest.raises(ValueError, match="Expected each to be 1 or more"):
        PairedProposer(model, each=0)
