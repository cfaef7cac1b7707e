"""Texts that anybody may have written, as letters that can be shown."""

from __future__ import annotations


def printable(text: str, max_letters: int) -> str:
    r"""The text on one line, without what no font can show, its end cut to `max_letters`.

    Example:
        >>> printable("a\nlong story", 7)
        'a long…'
    """
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return shown if len(shown) <= max_letters else shown[: max_letters - 1] + "…"
