"""The tokens that an answer begins with, however its first word is spelt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def first_tokens(
    tokenizer: Any,  # noqa: ANN401 - transformers is imported where it is used
    words: Sequence[str],
) -> list[list[int]]:
    """The tokens that an answer may begin with, for every word: those of all its spellings.

    A token that several words begin with, such as a space, says nothing and is left out.

    Raises:
        ValueError: If nothing is left of a word.
    """
    found: list[set[int]] = []
    for word in words:
        cases = (word, word.lower(), word.upper(), word.capitalize())
        spelt = [space + case for case in cases for space in ("", " ")]
        starts = {tokenizer(text, add_special_tokens=False).input_ids[0] for text in spelt if text}
        found.append({token for token in starts if tokenizer.decode([token]).strip()})
    own = [
        sorted(tokens - set().union(*found[:i], *found[i + 1 :])) for i, tokens in enumerate(found)
    ]
    if alike := [word for word, tokens in zip(words, own, strict=True) if not tokens]:
        raise ValueError(
            f"Expected words that differ in their first token, got {', '.join(map(repr, words))}: "
            f"{alike[0]!r} has none of its own. Ask for other words, such as letters."
        )
    return own
