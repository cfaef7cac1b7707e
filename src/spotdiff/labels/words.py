"""Words as data sets write them, and which of them mean the same."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import yaml

NONE_WORD = "none"


def parse_cell(cell: str | float | None) -> tuple[str, ...]:
    """The words of one cell of a label table, in their order, repeats kept.

    Words are separated by spaces and commas. `none`, a blank cell and a missing value (None or
    NaN) are no words. A label of several words ("traffic cone") becomes its words here;
    `Synonyms.fold` puts it together again.

    Example:
        >>> parse_cell("car, person car")
        ('car', 'person', 'car')
        >>> parse_cell("none")
        ()
    """
    if not isinstance(cell, str):
        if cell is None or np.isnan(cell):
            return ()
        raise ValueError(f"expected words or {NONE_WORD!r}, got the number {cell}")
    return tuple(word for word in re.split(r"[\s,]+", cell) if key(word) not in ("", NONE_WORD))


@dataclass(frozen=True)
class Synonyms:
    """Which words mean the same.

    Args:
        aliases: The canonical label of each alias, in lower case, words parted by one space.
    """

    aliases: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_file(cls, path: Path) -> Synonyms:
        """The synonyms of a YAML file `canonical: [alias, ...]`.

        Raises:
            ValueError: The file is no such mapping, or an alias has two meanings.
        """
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError(f"{path}: expected a mapping of canonical: [alias, ...]")
        aliases: dict[str, str] = {}
        for canonical, words in content.items():
            if not isinstance(canonical, str) or not _is_words(words):
                raise ValueError(
                    f"{path}: {canonical!r}: expected a list of words, got {words!r}; "
                    "put words like 'no' and 'on' in quotes"
                )
            for word in [canonical, *words]:
                meaning = aliases.setdefault(key(word), key(canonical))
                if meaning != key(canonical):
                    raise ValueError(
                        f"{path}: {word!r} stands for both {meaning!r} and {canonical!r}; keep one"
                    )
        return cls(aliases)

    def fold(self, words: Sequence[str]) -> tuple[str, ...]:
        """The canonical labels of raw words, in their order; other words in lower case.

        The longest run of words that is an alias is one label.

        Example:
            >>> Synonyms({"traffic cone": "cone"}).fold(["Traffic", "cone", "Dog"])
            ('cone', 'dog')
        """
        return tuple(label for label, _ in self.spans(words))

    def spans(self, words: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """Each canonical label of `fold` with the raw words that it stands for.

        Example:
            >>> Synonyms({"traffic cone": "cone"}).spans(["Traffic", "cone"])
            (('cone', 'Traffic cone'),)
        """
        found: list[tuple[str, str]] = []
        start = 0
        while start < len(words):
            stop = self._end_of_alias(words, start)
            raw = " ".join(words[start:stop])
            found.append((self.aliases.get(key(raw), key(raw)), raw))
            start = stop
        return tuple(found)

    def _end_of_alias(self, words: Sequence[str], start: int) -> int:
        for stop in range(min(len(words), start + self._longest), start, -1):
            if key(" ".join(words[start:stop])) in self.aliases:
                return stop
        return start + 1

    @cached_property
    def _longest(self) -> int:
        return max((alias.count(" ") + 1 for alias in self.aliases), default=1)


def key(words: str) -> str:
    """Words as they are compared: in lower case, parted by one space.

    Example:
        >>> key(" Traffic  cone")
        'traffic cone'
    """
    return " ".join(words.casefold().split())


def _is_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)
