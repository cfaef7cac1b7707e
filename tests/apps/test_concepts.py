from __future__ import annotations

import pytest

from spotdiff.apps.concepts import bank
from spotdiff.ops.wording import article


def test_the_bundled_bank_has_things_places_and_styles_each_once():
    texts = bank()
    assert {"a fire hydrant", "an umbrella", "some furniture", "a beach", "a pencil drawing"} <= {
        *texts
    }
    assert len({text.casefold() for text in texts}) == len(texts)
    assert all(text == text.strip() and "\n" not in text for text in texts)
    assert "a people" not in texts
    ones = [text.split(" ", 1) for text in texts if text.startswith(("a ", "an "))]
    assert [words for first, words in ones if article(words) != first] == []


def test_a_file_of_lines_is_a_bank(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("a cat\n\n  a dog \na cat\n")
    assert bank(path) == ("a cat", "a dog")
    path.write_text("\n")
    with pytest.raises(ValueError, match="expected one text a line"):
        bank(path)
    with pytest.raises(FileNotFoundError, match=r"Did you mean .*texts\.txt"):
        bank(tmp_path / "text.txt")
