"""Answers of models as they really come."""

import pytest

from spotdiff.ops.answers import grade, items, yes_or_no


@pytest.mark.parametrize(
    "text",
    [
        "- a dog\n- a red car",
        "* a dog\n* a red car\n",
        "1. a dog\n2. a red car",
        "1) a dog.\n2) a red car.",
        "(1) a dog\n(2) a red car",
        "• “a dog”\n• “a red car”",
        'Here are the concepts:\n\n- "a dog"\n- "a red car"\n\nLet me know if you need more!',
        "Sure:\na dog\na red car",
        "- **a dog**\n- __a red car__\n- A dog",
        '["a dog", "a red car"]',
        '```json\n["a dog",\n "a red car"]\n```',
        "a dog\n\n\na red car\n",
    ],
)
def test_a_list_is_read_however_it_is_written(text):
    assert items(text) == ("a dog", "a red car")


@pytest.mark.parametrize("text", ["", "\n\n", "---", "Here they are:", "- \n- ", "[]"])
def test_what_holds_no_item_is_empty(text):
    assert items(text) == ()


def test_talk_is_no_item():
    assert items("I think that " + "very " * 80 + "much differs") == ()


def test_words_keep_what_belongs_to_them():
    assert items('- hand held cameras and rods\n- people\'s "selfies" (indoors)') == (
        "hand held cameras and rods",
        'people\'s "selfies" (indoors)',
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [("2", 2), ("2.", 2), (" 1\n", 1), ("Grade: 0", 0), ("**2**", 2), ("The score is 1.", 1)]
    + [(text, None) for text in ("", "3", "12", "-1", "1.5", "2/2", "1 or 2", "two", "1, not 2")],
)
def test_a_grade_is_one_clear_number_or_none(text, value):
    assert grade(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("Yes", True), ("yes, it does", True), ("**No.**", False), ("NO", False), (" no!", False)]
    + [(t, None) for t in ("", "I cannot tell", "It is snow", "Not sure", "Known", "Yesterday")]
    + [("yes or no", None), ("Yes/No", None)],
)
def test_yes_and_no_stand_at_the_beginning_or_nothing_does(text, value):
    assert yes_or_no(text) is value
