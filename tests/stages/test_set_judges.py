from __future__ import annotations

import numpy as np
import pytest

from spotdiff.stages.set_judges import ChatJudge, EmbeddingJudge, NullJudge, WordJudge, limits_of
from spotdiff.types import ImageSets, Reply
from tests.set_world import FakeChat, FakeClip

SETS = ImageSets(("red cars", "blue dogs"), (), (), difference="red cars on streets")


@pytest.mark.parametrize(
    ("answer", "grade"),
    [("2", 2), ("Grade: 1.", 1), ("**0**", 0), ("1 or 2", None), ("7", None), ("good", None),
     (Reply(None, "no server."), None), (Reply("2", "cut off"), None)],
)  # fmt: skip
def test_grades_are_read_strictly(answer, grade):
    assert ChatJudge(FakeChat(lambda _: answer))(SETS, ["cars"]) == [grade]


def test_the_judge_is_told_both_sets_and_each_hypothesis():
    model = FakeChat(lambda chat: "2" if "truer of group A: cars" in chat.parts[0] else "0")
    assert ChatJudge(model)(SETS, ["dogs", "cars"]) == [0, 2]
    assert "Group A: red cars on streets\nGroup B: blue dogs" in model.chats[0].parts[0]
    assert ChatJudge(model)(SETS, []) == []


def test_the_embedding_judge_grades_by_its_limits():
    sets = ImageSets(("red car", "blue dog"), (), ())
    judge = EmbeddingJudge(FakeClip(), full=0.95, partly=0.5)
    assert judge(sets, ["a red car", "a car", "a tree"]) == [2, 1, 0]
    assert judge(sets, []) == []
    with pytest.raises(ValueError, match="Expected -1 <= partly <= full <= 1"):
        EmbeddingJudge(full=0.5, partly=0.8)
    with pytest.raises(ValueError, match="Expected an embedder"):
        EmbeddingJudge()(sets, ["a"])


def test_limits_are_found_from_graded_hypotheses_and_are_cautious():
    cosines = np.array([0.95, 0.9, 0.85, 0.7, 0.6, 0.3, 0.1])
    full, partly = limits_of(cosines, [2, 2, 1, 1, 1, 0, 0])
    assert (full, partly) == (0.875, 0.45)
    assert EmbeddingJudge(FakeClip(), full, partly).info.name == "fake-clip, 0.45 and 0.875"
    assert limits_of(np.array([0.5, 0.5]), [0, 0]) == (1.0, 1.0)
    with pytest.raises(ValueError, match="Expected a grade each"):
        limits_of(np.zeros(0), [])


def test_words_alone_and_no_judge():
    sets = ImageSets(("people on a beach", "x"), (), ())
    said = ["People at the beach", "beach", "people on a beach at night", "dogs", "the"]
    assert WordJudge()(sets, said) == [2, 1, 1, 0, 0]
    assert NullJudge()(sets, said) == [None] * 5
