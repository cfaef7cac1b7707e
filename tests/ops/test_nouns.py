"""Things that captions mention, and in which of them they differ (phrases.py and nouns.py)."""

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.ops.nouns import NounPhrase, differing, noun_phrases, operator_nouns
from spotdiff.types import Token

PARTS = {
    **dict.fromkeys(["car", "dog", "hot", "stand", "traffic", "light", "bus", "man"], "noun"),
    **dict.fromkeys(["red", "blue", "white", "big", "open"], "adjective"),
    **dict.fromkeys(["one", "two", "three"], "number"),
    **dict.fromkeys(["is", "are", "sits"], "verb"),
}
LEMMAS = {"is": "be", "are": "be", "cars": "car", "dogs": "dog", "lights": "light"}
WORDS = st.lists(
    st.sampled_from([*PARTS, "cars", "dogs", "a", "and", "no", ",", "on"]), max_size=14
)


def read(sentence: str) -> list[Token]:
    words = sentence.split()
    lemmas = [LEMMAS.get(word.lower(), word.lower()) for word in words]
    return [
        Token(word, lemma, PARTS.get(lemma, PARTS.get(word, "other")))
        for word, lemma in zip(words, lemmas, strict=True)
    ]


class Alone:
    """Calls words nouns by the table, and remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, sentences):
        self.asked.append(list(sentences))
        return [tuple(read(sentence)) for sentence in sentences]


def test_a_run_of_nouns_is_one_thing():
    assert [p.text for p in noun_phrases(read("a hot dog stand on a traffic light"))] == [
        "hot dog stand",
        "traffic light",
    ]


def test_a_thing_is_told_with_what_describes_it():
    assert noun_phrases(read("Two big Dogs")) == (
        NounPhrase("dogs", ("dog",), ("two", "big"), "two big dogs"),
    )


@pytest.mark.parametrize(
    ("sentence", "described"),
    [
        ("a red and blue car", ["red and blue car"]),
        ("a red , white and blue car", ["red, white and blue car"]),
        ("a dog and big car", ["dog", "big car"]),
        ("the car is red and big", ["red and big car"]),
        ("the two dogs are red", ["two red dogs"]),
        ("the car is red and a dog sits", ["red car", "dog"]),
        ("the car on the bus is red", ["red car", "bus"]),
        ("a man sits and the car on a bus is red", ["man", "red car", "bus"]),
        ("the man the car is red", ["man", "red car"]),
        ("what is a car", ["car"]),
        ("the man is big dogs", ["man", "big dogs"]),
        ("red", []),
        ("", []),
    ],
)
def test_adjectives_before_a_noun_or_said_of_it_describe_it(sentence, described):
    assert [phrase.described for phrase in noun_phrases(read(sentence))] == described


@pytest.mark.parametrize("denied", ["no big car", "without car", "without a red car"])
def test_what_is_said_not_to_be_there_is_not_mentioned(denied):
    assert [phrase.text for phrase in noun_phrases(read(f"a dog {denied}"))] == ["dog"]


@pytest.mark.parametrize(
    ("before", "after", "only"),
    [
        ("a red car", "a blue car", (("red car",), ("blue car",))),
        ("a red car", "a blue dog", (("car",), ("dog",))),
        ("two dogs", "three dogs", (("two dogs",), ("three dogs",))),
        ("cars", "a Car", ((), ())),
        ("one dog", "a dog", ((), ())),
        ("a red car", "a car", (("red car",), ())),
        ("a red car and a blue car", "a red car and a white car", (("blue car",), ("white car",))),
        ("a red and blue car", "a blue and red car", ((), ())),
        ("a dog and a dog and dogs", "", (("dog",), ())),
        ("a traffic light", "a light", (("traffic light",), ("light",))),
        ("a man and a bus", "a bus and a man", ((), ())),
        ("", "", ((), ())),
    ],
)
def test_captions_differ_in_what_only_one_of_them_says(before, after, only):
    assert differing(read(before), read(after)) == only


@given(WORDS, WORDS)
def test_exchanging_the_captions_exchanges_what_only_they_mention(before, after):
    these, those = read(" ".join(before)), read(" ".join(after))
    assert differing(these, those) == differing(those, these)[::-1]


@given(WORDS)
def test_equal_captions_do_not_differ(words):
    tokens = read(" ".join(words))
    assert differing(tokens, tokens) == ((), ())


@given(WORDS, WORDS)
def test_nothing_is_told_twice_and_all_of_it_is_mentioned(before, after):
    these, those = read(" ".join(before)), read(" ".join(after))
    for only, tokens in zip(differing(these, those), (these, those), strict=True):
        mentioned = {text for p in noun_phrases(tokens) for text in (p.text, p.described)}
        assert set(only) <= mentioned
        assert len(set(only)) == len(only)


def test_the_operator_asks_once_about_single_words_of_one_caption_only():
    tagger = Alone()
    before, after = "A red hot dog, on traffic", "A blue dog on lights!"
    assert operator_nouns(before, after, tagger) == (("hot", "traffic"), ("lights",))
    assert tagger.asked == [["red", "hot", "traffic", "blue", "lights"]]


def test_the_operator_drops_a_word_that_moved_and_one_whose_lemma_is_on_the_other_side():
    assert operator_nouns("dog bus man", "bus man dog", Alone()) == ((), ())
    assert operator_nouns("the bus and cars", "a car and the bus", Alone()) == ((), ())


def test_the_operator_keeps_a_word_that_is_repeated_in_one_caption_only():
    # The comparison of the sequences leaves one dog over, and the other side has lost no dog.
    assert operator_nouns("a dog on dog", "a dog on", Alone()) == (("dog",), ())


def test_the_operator_asks_nobody_about_equal_captions():
    tagger = Alone()
    assert operator_nouns("A dog.", "a DOG", tagger) == ((), ())
    assert tagger.asked == []


def test_the_operator_takes_captions_of_300_words():
    before = " ".join(f"w{i} the dog" for i in range(100))
    after = " ".join(f"v{i} the bus" for i in range(100))
    assert operator_nouns(before, after, Alone()) == (("dog",), ("bus",))


@given(WORDS, WORDS)
def test_the_operator_finds_the_words_that_a_line_difference_marks(before, after):
    marked = list(difflib.Differ().compare(_clean(before), _clean(after)))
    sides = [[line[2:] for line in marked if line.startswith(mark)] for mark in ("- ", "+ ")]
    lemmas = [{LEMMAS.get(w, w) if w.endswith("s") else w for w in side} for side in sides]
    expected = tuple(
        tuple(
            dict.fromkeys(
                word
                for word in side
                if (LEMMAS.get(word, word) if word.endswith("s") else word) not in other
                and read(word)[0].part == "noun"
            )
        )
        for side, other in zip(sides, lemmas[::-1], strict=True)
    )
    assert operator_nouns(" ".join(before), " ".join(after), Alone()) == expected


def _clean(words):
    return [word for word in words if word != ","]
