"""Labels as English."""

import pytest

from spotdiff.ops.wording import noun_of, number, subject, was


@pytest.mark.parametrize(
    ("label", "one", "two"),
    [
        ("person", "a person", "two people"),
        ("Traffic_Light", "a traffic light", "two traffic lights"),
        ("dining table", "a dining table", "two dining tables"),
        ("hourglass", "an hourglass", "two hourglasses"),
        ("uniform", "a uniform", "two uniforms"),
        ("umbrella", "an umbrella", "two umbrellas"),
        ("knife", "a knife", "two knives"),
        ("sheep", "a sheep", "two sheep"),
        ("mouse", "a mouse", "two mice"),
        ("tv", "a TV", "two TVs"),
        ("SUV", "an SUV", "two SUVs"),
        ("scissors", "a pair of scissors", "two pairs of scissors"),
        ("safety goggles", "a pair of safety goggles", "two pairs of safety goggles"),
        ("people", "people", "people"),
        ("wine glasses", "wine glasses", "wine glasses"),
        ("broccoli", "some broccoli", "some broccoli"),
        ("personal", "a person", "two people"),
        ("car vehicle", "a car vehicle", "two car vehicles"),
        ("  old\tchair ", "an old chair", "two old chairs"),
    ],
)
def test_labels_are_counted_in_english(label, one, two):
    noun = noun_of(label)
    assert (noun.counted(1), noun.counted(2)) == (one, two)


@pytest.mark.parametrize("label", [None, "", "  ", "12", "?!", "none", "Object"])
def test_labels_that_say_nothing_are_no_noun(label):
    assert noun_of(label) is None
    assert subject(noun_of(label), 1) == "something"
    assert subject(noun_of(label), 2) == "two objects"


@pytest.mark.parametrize("label", ["x" * 300, "日本", "l'eau", "(car)", "a\n" * 40, "Ärger"])
def test_labels_of_any_sort_are_said_and_short(label):
    assert 0 < len(noun_of(label).counted(1)) < 80
    assert noun_of(label).counted(5).startswith("five ")


def test_articles_go_with_the_colour_that_stands_between():
    assert noun_of("car").counted(1, "orange") == "an orange car"
    assert noun_of("umbrella").counted(1, "red") == "a red umbrella"
    assert noun_of("trousers").counted(3, "blue") == "three pairs of blue trousers"
    assert noun_of("flowers").counted(3, "pink") == "pink flowers"


def test_people_and_what_is_called_by_a_colour_take_none():
    taking = {label: noun_of(label).takes_colour for label in ("car", "woman", "people", "orange")}
    assert taking == {"car": True, "woman": False, "people": False, "orange": False}


def test_verbs_agree_with_what_is_counted():
    verbs = {label: [was(noun_of(label), n) for n in (1, 2)] for label in ("car", "people", "snow")}
    assert verbs == {"car": ["was", "were"], "people": ["were", "were"], "snow": ["was", "was"]}


def test_numbers_are_words_up_to_twelve():
    assert [number(n) for n in (2, 11, 12, 13, 140)] == ["two", "eleven", "twelve", "13", "140"]
