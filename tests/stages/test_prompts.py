"""Prompts say what they are for, and their versions are told apart."""

import re
import string

from spotdiff.stages import prompts
from spotdiff.stages.prompts import Prompt, box_words, texts_sha256, versions

ALL = [value for value in vars(prompts).values() if isinstance(value, Prompt)]
GAPS = {
    "region/1": {"box"},
    "difference/1": {"before", "after"},
    "pair/1": set(),
    "caption-edit/1": {"caption"},
    "naturalness/1": set(),
}


def _gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_prompt_has_a_version_of_its_own_and_the_gaps_that_are_filled():
    assert {prompt.version: _gaps(prompt.text) for prompt in ALL} == GAPS


def test_words_with_braces_are_asked_about_as_they_are():
    asked = prompts.CAPTION_EDIT.ask(caption="a {red} car {0}")
    assert 'photograph: "a {red} car {0}"' in asked


def test_a_box_is_written_in_as_many_letters_wherever_it_lies():
    boxes = [(0, 0, 1, 1), (3, 5, 99, 80), (-5, -5, 200, 200), (99.4, 79.7, 100, 80)]
    said = [box_words(box, (80, 100)) for box in boxes]
    assert all(re.fullmatch(r"\[[01]\.\d\d(, [01]\.\d\d){3}\]", words) for words in said)
    assert said[2] == "[0.00, 0.00, 1.00, 1.00]"


def test_other_words_under_the_same_version_are_noticed():
    same = Prompt("pair/1", prompts.PAIR.text + " ")
    assert versions([same]) == versions([prompts.PAIR])
    assert texts_sha256([same]) != texts_sha256([prompts.PAIR])
