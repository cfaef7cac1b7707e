"""What is said of many things at once, and what exchanged and mirrored views change in it."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.ops.colours import TERMS
from spotdiff.ops.places import Place
from spotdiff.ops.sentences import Event, sentence_of, sentence_of_all
from spotdiff.ops.wording import Noun, noun_of

CAR, PERSON = noun_of("car"), noun_of("person")
LEFT, RIGHT, CENTRE, LOWER_LEFT = Place(0, -1), Place(0, 1), Place(0, 0), Place(1, -1)

PLACES = st.none() | st.builds(Place, st.integers(-1, 1), st.integers(-1, 1))
NOUNS = st.sampled_from([None, *map(noun_of, ("car", "person", "scissors", "people", "snow"))])
COLOURS = st.none() | st.sampled_from(["red", "blue"])


@st.composite
def events(draw):
    happening = draw(st.sampled_from(["added", "removed", "changed", "moved"]))
    return Event(
        happening,
        draw(NOUNS),
        draw(st.sampled_from([0.5, 0.7, 0.9])),
        draw(PLACES),
        draw(PLACES) if happening == "moved" else None,
        draw(COLOURS),
        draw(st.none() | st.just(("red", "blue"))) if happening == "changed" else None,
    )


def exchanged(event: Event) -> Event:
    happening = {"added": "removed", "removed": "added"}.get(event.happening, event.happening)
    turned = event.turned and event.turned[::-1]
    if event.happening == "moved":
        event = replace(event, place=event.end, end=event.place)
    return replace(event, happening=happening, turned=turned)


def mirrored(event: Event) -> Event:
    ends = [place and Place(place.row, -place.column) for place in (event.place, event.end)]
    return replace(event, place=ends[0], end=ends[1])


def with_words(text: str, words: dict[str, str]) -> str:
    return re.sub(r"\w+", lambda found: words.get(found[0], found[0]), text)


def told_backwards(text: str) -> str:
    """The sentence of the exchanged views."""
    place = r"the (?:upper |lower )?(?:left|right)|the (?:top|centre|bottom)"
    ends = "|".join([place, *TERMS])
    text = re.sub(f"from ({ends}) to ({ends})", r"from \2 to \1", text)
    return with_words(text, {"added": "removed", "removed": "added"})


@given(st.lists(events(), max_size=9))
@settings(max_examples=150)
def test_exchanged_views_exchange_added_and_removed_and_from_and_to_and_nothing_else(told):
    expected = told_backwards(sentence_of_all(told))
    assert sentence_of_all([exchanged(event) for event in told]) == expected


@given(st.lists(events(), max_size=9))
@settings(max_examples=150)
def test_mirrored_views_exchange_left_and_right_and_nothing_else(told):
    expected = with_words(sentence_of_all(told), {"left": "right", "right": "left"})
    assert sentence_of_all([mirrored(event) for event in told]) == expected


@given(st.lists(events(), min_size=1, max_size=40), st.integers(1, 5))
@settings(max_examples=60)
def test_sentences_are_of_bounded_length_and_tell_of_every_change(told, max_clauses):
    text = sentence_of_all(told, max_clauses)
    assert len(text.split("; ")) <= max_clauses + 1
    assert len(text) < 200 * (max_clauses + 1)
    assert text[0].isupper()
    assert text.endswith(".")


def test_like_things_share_a_clause_and_the_strongest_comes_first():
    told = [
        Event("added", PERSON, 0.6, LEFT),
        Event("removed", CAR, 0.9, RIGHT, colour="red"),
        Event("added", PERSON, 0.7, LEFT),
    ]
    expected = "A red car was removed on the right; two people were added on the left."
    assert sentence_of_all(told) == expected


def test_equal_strengths_are_told_from_top_to_bottom():
    told = [Event("added", CAR, 0.5, LOWER_LEFT), Event("added", PERSON, 0.5, LEFT)]
    expected = "A person was added on the left; a car was added at the lower left."
    assert sentence_of_all(told) == expected


def test_things_in_some_places_are_shared_out_and_in_many_are_not():
    places = [LEFT, LEFT, RIGHT, CENTRE, LOWER_LEFT]
    told = [Event("added", CAR, 0.5, place) for place in places]
    shared = "Three cars were added, two on the left and one on the right."
    assert sentence_of_all(told[:3]) == shared
    assert sentence_of_all(told) == "Five cars were added in several places."
    large = [Event("added", CAR, 0.5), *told[:1]]
    assert sentence_of_all(large) == "Two cars were added, one of them on the left."


def test_what_is_not_counted_is_not_shared_out():
    told = [Event("removed", noun_of("snow"), 0.5, place) for place in (LEFT, RIGHT)]
    assert sentence_of_all(told) == "Some snow was removed on the left and on the right."
    told = [Event("changed", noun_of("flowers"), 0.5, place) for place in (LEFT, RIGHT)]
    assert sentence_of_all(told) == "Flowers on the left and on the right changed."


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (Event("changed", CAR, place=CENTRE), "A car in the centre changed."),
        (Event("changed", None), "Something changed."),
        (
            Event("changed", CAR, place=CENTRE, turned=("red", "blue")),
            "A car in the centre turned from red to blue.",
        ),
        (
            Event("moved", CAR, place=LOWER_LEFT, end=CENTRE, colour="red"),
            "A red car moved from the lower left to the centre.",
        ),
        (Event("moved", CAR, place=LEFT, end=LEFT), "A car on the left moved."),
        (Event("moved", CAR, end=LEFT), "A car on the left moved."),
        (
            Event("removed", None, place=RIGHT, colour="red"),
            "Something red was removed on the right.",
        ),
        (Event("added", Noun("people", "several")), "People were added."),
    ],
)
def test_every_sort_of_change_has_its_sentence(event, text):
    assert sentence_of(event) == text


def test_colours_are_left_out_where_they_cost_changes_their_words():
    colours = ("red", "blue", "green", "grey", None)
    told = [Event("added", CAR, 0.5, LEFT, colour=colour) for colour in colours]
    assert sentence_of_all(told) == "Five cars were added on the left."
    assert "a red car" in sentence_of_all(told[:4]).lower()


def test_what_finds_no_words_is_counted():
    told = [Event("added", noun_of(word), 0.5) for word in ("car", "cup", "cat", "bus", "tie")]
    assert sentence_of_all(told).endswith("a bus was added; and there is one more change.")
    assert sentence_of_all(told, 2).endswith("; and there are three more changes.")
