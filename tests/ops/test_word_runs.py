from __future__ import annotations

from spotdiff.ops.word_runs import without_parts, word_runs
from spotdiff.types import Token


def _tokens(*words: tuple[str, str]) -> list[Token]:
    return [Token(word, word.lower(), part) for word, part in words]


def test_pieces_begin_and_end_with_words_that_say_something():
    tokens = _tokens(("A", "other"), ("man", "noun"), ("with", "other"), ("the", "other"),
                     ("hat", "noun"))  # fmt: skip
    assert set(word_runs(tokens).values()) == {"man", "hat", "man with the hat"}
    assert ("man", "with", "hat") in word_runs(tokens)  # articles do not count


def test_no_piece_goes_across_a_mark_or_is_longer_than_allowed():
    tokens = _tokens(("dog", "noun"), (",", "other"), ("cat", "noun"), ("cow", "noun"))
    assert "dog , cat" not in word_runs(tokens).values()
    assert max(map(len, word_runs(tokens, most=1))) == 2  # noun phrases whatever their length


def test_words_for_pictures_say_nothing_of_what_they_show():
    tokens = _tokens(("photo", "verb"), ("of", "other"), ("ice", "noun"))
    assert list(word_runs(tokens).values()) == ["ice"]


def test_each_thing_is_said_once_in_whatever_order_scores_come():
    scores = {("cat",): 3.0, ("black", "cat"): 2.9, ("cat", "on", "mat"): 1.0, ("sun",): 2.0}
    told = without_parts(scores)
    assert told == [("black", "cat"), ("sun",), ("cat", "on", "mat")]
    assert without_parts(dict(reversed(scores.items()))) == told
    assert without_parts({}) == []
