from __future__ import annotations

import numpy as np
import pytest

from spotdiff.stages.montage_proposer import MontageProposer, montage_in_rounds
from spotdiff.types import Reply
from tests.set_world import THINGS, FakeChat
from tests.stages.word_album import ThingAlbum

RED, BLUE = ThingAlbum(["red car"] * 7), ThingAlbum(["blue dog"] * 3, name="b")


def test_the_model_sees_both_sets_on_one_sheet_and_is_told_how_many():
    model = FakeChat(lambda _: "* red cars\n* a street")
    said, problems = MontageProposer(model, max_side=300)(RED, BLUE, 5, seed=0)
    assert ([one.text for one in said], problems) == (["red cars", "a street"], [])
    view, asked = model.chats[0].parts
    assert max(view.shape[:2]) <= 300
    assert "7 pictures of group A" in " ".join(asked.split())
    assert "3 pictures of group B" in " ".join(asked.split())
    rows = {
        thing: np.flatnonzero((view == THINGS[thing]).all(axis=2).any(axis=1)).mean()
        for thing in ("red car", "blue dog")
    }
    assert rows["red car"] < rows["blue dog"]


def test_rounds_show_samples():
    model = FakeChat()
    montage_in_rounds(model, rounds=2, samples=4)(RED, BLUE, 5, seed=0)
    assert ["4 pictures" in " ".join(chat.parts[1].split()) for chat in model.chats] == [True] * 2


def test_what_fails_is_a_problem_and_who_sees_nothing_is_refused():
    broken = FakeChat(lambda _: Reply(None, "out of memory."))
    assert MontageProposer(broken)(RED, BLUE, 5, 0) == ([], ["montage: out of memory."])
    empty = ThingAlbum([])
    assert "no picture" in MontageProposer(broken)(empty, BLUE, 5, 0)[1][0]
    with pytest.raises(ValueError, match="Expected a model that sees"):
        MontageProposer(FakeChat(sees=False))
