"""Which words stand for one another: what one model calls a truck, a table may call a vehicle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from spotdiff.labels.words import Synonyms, key


@dataclass(frozen=True)
class Meanings:
    """Synonyms, and the broader term of a label.

    Args:
        synonyms: What folds words into canonical labels.
        broader: The broader term of canonical labels, both in lower case.
    """

    synonyms: Synonyms = field(default_factory=Synonyms)
    broader: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_files(cls, synonyms: Path, broader: Path) -> Meanings:
        """The meanings of two YAML files, `canonical: [alias, ...]` and `term: [label, ...]`.

        Raises:
            ValueError: A file is no such mapping, or a word has two meanings.
        """
        terms = Synonyms.from_file(broader).aliases
        own = {label: term for label, term in terms.items() if label != term}
        return cls(Synonyms.from_file(synonyms), own)

    def fold(self, label: str) -> str:
        """The canonical label of words that are one label."""
        return self.synonyms.aliases.get(key(label), key(label))

    def group(self, label: str) -> str:
        """What labels have in common that may be said of one thing: their broader term.

        Example:
            >>> meanings = Meanings(Synonyms({"lorry": "truck"}), {"truck": "vehicle"})
            >>> meanings.group("Lorry"), meanings.group("vehicle"), meanings.group("cone")
            ('vehicle', 'vehicle', 'cone')
        """
        folded = self.fold(label)
        return self.broader.get(folded, folded)

    def name_among(self, word: str, names: Iterable[str]) -> str | None:
        """The name that a word means: itself, a synonym, or its broader term; in this order.

        Example:
            >>> meanings = Meanings(Synonyms({"man": "person"}), {"truck": "vehicle"})
            >>> meanings.name_among("man", ["car", "person"])
            'person'
            >>> meanings.name_among("truck", ["car", "vehicle"])
            'vehicle'
            >>> meanings.name_among("truck", ["car"]) is None
            True
        """
        known = list(names)
        for meaning in (key, self.fold):
            wanted = meaning(word)
            if found := [name for name in known if meaning(name) == wanted]:
                return found[0]
        wanted = self.group(word)
        return next((name for name in known if self.fold(name) == wanted), None)
