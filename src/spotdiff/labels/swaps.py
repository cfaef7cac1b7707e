"""Which nouns can stand in for one another."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from spotdiff.labels.words import Synonyms


@dataclass(frozen=True)
class CompatibleNouns:
    """Nouns by groups of like things.

    Args:
        groups: The group of every noun, both in lower case.
        words: The only nouns that may come in; None for all.

    Example:
        >>> nouns = CompatibleNouns({"cat": "pets", "dog": "pets", "car": "vehicles"})
        >>> nouns.others("cat"), nouns.others("car"), nouns.others("cloud")
        (('dog',), (), ())
    """

    groups: Mapping[str, str]
    words: Collection[str] | None = None

    @classmethod
    def from_file(cls, path: Path, words: Collection[str] | None = None) -> CompatibleNouns:
        """The nouns of a YAML file, `group: [noun, ...]`.

        Raises:
            ValueError: The file is no such mapping, or a noun is in two groups.
        """
        groups = Synonyms.from_file(path).aliases
        return cls({noun: group for noun, group in groups.items() if noun != group}, words)

    def others(self, noun: str) -> tuple[str, ...]:
        """What may stand in for a noun, in the order of its group."""
        group = self.groups.get(noun)
        if group is None:
            return ()
        return tuple(
            other
            for other, its in self.groups.items()
            if its == group and other != noun and (self.words is None or other in self.words)
        )
