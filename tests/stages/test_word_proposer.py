from __future__ import annotations

import pytest

from spotdiff.experts.hanta import HanTaTagger
from spotdiff.stages.word_proposer import WordProposer
from tests.stages.word_album import ThingAlbum


@pytest.fixture(scope="module")
def proposer() -> WordProposer:
    return WordProposer(HanTaTagger.from_pretrained())


def test_phrases_of_the_first_set_are_said_once_each_as_captions_write_them(proposer):
    first = ["a red car parked on a street", "red cars on the beach", "an old red car by a wall",
             "two red cars and a tree"] * 3  # fmt: skip
    second = ["a blue car parked on a street", "a dog on the beach", "a blue car by a wall",
              "a woman and a tree"] * 3  # fmt: skip
    told = proposer.distinguishing(first, second)
    assert told[0] in ("red car", "red cars")
    assert sum("red" in text.split() for text in told) <= 2
    assert not any("blue" in text or "dog" in text for text in told)
    assert "street" not in told


def test_exchanged_sets_say_what_the_other_has(proposer):
    first, second = ["a dog in the snow"] * 9, ["a cat on a sofa"] * 9
    assert any("snow" in text for text in proposer.distinguishing(first, second))
    assert any("sofa" in text for text in proposer.distinguishing(second, first))
    assert proposer.distinguishing(first, first) == []


def test_a_word_counts_once_a_picture(proposer):
    often = ["dog dog dog dog dog and a cat"] + ["a cat"] * 9
    assert not any("dog" in text for text in proposer.distinguishing(often, ["a cat"] * 10))


def test_failed_captions_are_problems(proposer):
    first, second = ThingAlbum(["red car"] * 4), ThingAlbum(["blue dog"] * 4, name="b")
    first.failing = {0}
    said, problems = proposer(first, second, 1, seed=0)
    assert [one.text for one in said] == ["red car on a street"]
    assert said[0].proposers == ("words",)
    assert problems == ["words: the model failed"]
    first.failing = {0, 1, 2, 3}
    assert proposer(first, second, 1, 0)[1][-1] == "words: a set has no captions"
    with pytest.raises(ValueError, match="Expected strength"):
        WordProposer(proposer.tagger, strength=0)
