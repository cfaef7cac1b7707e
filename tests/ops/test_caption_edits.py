"""Edits of one noun, and the check that finds every other one."""

import pytest

from spotdiff.experts.hanta import HanTaTagger
from spotdiff.ops.caption_edits import noun_spans, places, replaced, swapped
from spotdiff.types import Swap


@pytest.fixture(scope="module")
def read():
    tagger = HanTaTagger.from_pretrained()
    return lambda caption: tagger([caption])[0]


@pytest.mark.parametrize(
    ("before", "after", "swap"),
    [
        ("A dog sits on a mat.", "A cat sits on a mat.", Swap("dog", "cat")),
        ("An owl sits in a tree", "A crow sits in a tree.", Swap("owl", "crow")),
        (
            "a traffic light on a pole",
            "a traffic sign on a pole",
            Swap("traffic light", "traffic sign"),
        ),
        ("a black dog on a bed", "a white cat on a bed", Swap("black dog", "white cat")),
        ("Two dogs and a dog", "Two dogs and a horse", Swap("dog", "horse")),
        ("three cars on a street", "three trucks on a street", Swap("cars", "trucks")),
    ],
)
def test_one_thing_that_became_another_is_a_swap_both_ways(read, before, after, swap):
    assert swapped(read(before), read(after)) == swap
    assert swapped(read(after), read(before)) == Swap(swap.after, swap.before)


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        ("A dog sits on a mat.", "nothing changed"),
        ("The dog sits on a mat", "nothing changed"),
        ("A cat sits on a rug.", "more than one thing"),
        ("Sure! A cat sits on a mat.", "more than one thing"),
        ("A cat sits on a mat. I replaced the dog.", "more than one thing"),
        ("A dog lies on a mat.", "more than one thing"),
        ("A dog sits on a mat with a ball.", "words came"),
        ("A dog sits.", "words went"),
        ("", "words went"),
        ("A dog sits on a mat sits on a mat", "words came"),
    ],
)
def test_what_is_no_swap_says_why(read, after, reason):
    assert swapped(read("A dog sits on a mat."), read(after)).startswith(reason)


def test_another_description_of_the_same_thing_is_no_swap(read):
    assert "changed" in swapped(read("a red car on a road"), read("a blue car on a road"))


def test_an_article_right_before_the_noun_is_made_to_fit(read):
    caption = "An umbrella, and the owl."
    tokens = read(caption)
    first, second = noun_spans(tokens)
    assert replaced(caption, tokens, first, "clock", "a") == "A clock, and the owl."
    assert replaced(caption, tokens, second, "crow", "a") == "An umbrella, and the crow."


def test_a_noun_that_begins_the_sentence_keeps_its_capital(read):
    caption = "Cats sleep."
    assert (
        replaced(caption, read(caption), noun_spans(read(caption))[0], "dogs", "a") == "Dogs sleep."
    )


def test_words_that_are_not_written_so_have_no_place(read):
    assert places("A bird.", read("A dog.")) is None
    assert replaced("A bird.", read("A dog."), noun_spans(read("A dog."))[0], "owl", "an") is None
