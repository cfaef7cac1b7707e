"""Words that are drawn come as often as they are likely."""

import numpy as np
import pytest
import torch

from spotdiff.experts.generation import Drawing, Generation, drawn_tokens
from spotdiff.experts.spellings import first_tokens
from spotdiff.types import Chat
from tests.fakes import noise
from tests.tiny_chat import tiny_llama

SHARES = torch.tensor([0.1, 0.4, 0.05, 0.3, 0.15])


def _often(temperature: float, top_p: float = 1.0) -> np.ndarray:
    draws = (torch.arange(1000) + 0.5) / 1000
    drawn = drawn_tokens(SHARES.log().expand(1000, 5), draws, temperature, top_p)
    return np.bincount(drawn, minlength=5) / 1000


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_tokens_are_drawn_as_often_as_the_temperature_says(temperature):
    wanted = (SHARES.log() / temperature).softmax(0)
    np.testing.assert_allclose(_often(temperature), wanted, atol=2e-3)


def test_only_the_likeliest_that_reach_top_p_are_drawn():
    np.testing.assert_allclose(_often(1.0, 0.7), [0, 4 / 7, 0, 3 / 7, 0], atol=2e-3)
    np.testing.assert_allclose(_often(1.0, 0.71), [0, 0.4 / 0.85, 0, 0.3 / 0.85, 0.15 / 0.85],
                               atol=2e-3)  # fmt: skip
    assert _often(1.0, 1e-9).tolist() == [0, 1, 0, 0, 0]


def test_a_question_has_random_numbers_of_its_own():
    how = Generation(5, temperature=1.0)
    chats = [
        Chat(("a",)), Chat(("b",)), Chat(("a",), "s"), Chat(("a", "")), Chat((noise(0),)),
        Chat((noise(1),)), Chat((noise(0).reshape(96, 64, 3),)), Chat(("a",), seed=0),
        Chat(("a",), seed=1),
    ]  # fmt: skip
    rows = Drawing(chats, how, torch.device("cpu")).draws
    assert len(torch.unique(rows, dim=0)) == len(chats)
    again = Drawing(chats[::-1], how, torch.device("cpu")).draws
    torch.testing.assert_close(rows, again.flip(0))
    other = Drawing(chats, Generation(5, temperature=1.0, seed=1), torch.device("cpu")).draws
    assert (rows != other).all()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"max_new_tokens": 0}, "of at least 1, got 0 and 1"),
        ({"temperature": -0.1}, "temperature of at least 0, got -0.1"),
        ({"temperature": float("nan")}, "temperature of at least 0, got nan"),
        ({"top_p": 0.0}, r"top_p in \(0, 1\], got 0.0"),
        ({"temperature": 0.2, "num_beams": 2}, "set temperature to 0, or num_beams to 1"),
    ],
)
def test_settings_out_of_range_are_refused(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        Generation(**settings)


def test_a_word_begins_with_each_of_its_spellings_and_with_nothing_that_others_share():
    tokenizer = tiny_llama().processor
    yes, no = first_tokens(tokenizer, ["yes", "no"])
    assert tokenizer.convert_ids_to_tokens(yes) == ["Yes", " Yes", "yes", " yes", "YES"]
    assert not set(yes) & set(no)
    letters = first_tokens(tokenizer, ["table", "tree", "chair"][1:])
    assert [tokenizer.convert_ids_to_tokens(marks) for marks in letters] == [["T", "t"], ["C", "c"]]
