"""The vocabulary that a model speaks.

Raw words are what a data set wrote: they are kept, and they alone are scored and written out.
Canonical labels exist inside the model only: synonyms fold raw words into them, and the vocabulary
keeps those that the training rows hold often enough.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypedDict

import numpy as np
from jaxtyping import Float32

from spotdiff.labels.words import Synonyms
from spotdiff.types import ChangeKind, LabelSets


class VocabularyRecipe(TypedDict):
    """A vocabulary as plain values, for checkpoints."""

    labels: list[str]
    words: list[str]
    synonyms: dict[str, str]


@dataclass(frozen=True)
class Vocabulary:
    """The labels that a model knows, most frequent first.

    Args:
        labels: The canonical labels.
        words: The raw words to write for each label.
        synonyms: What folds raw words into labels.
    """

    labels: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    synonyms: Synonyms = field(default_factory=Synonyms)

    def __post_init__(self) -> None:
        if not len(self.words) == len(set(self.labels)) == len(self.labels):
            raise ValueError(
                "expected distinct labels and one word to write for each, "
                f"got labels {self.labels} and words {self.words}"
            )

    @classmethod
    def from_rows(
        cls, rows: Iterable[LabelSets], min_count: int, synonyms: Synonyms | None = None
    ) -> Vocabulary:
        """The vocabulary of training rows.

        Args:
            rows: What each pair is labelled with.
            min_count: Labels that occur less often in all rows together are left out.
            synonyms: What folds words before they are counted; None folds only the case.

        Returns:
            The labels, most frequent first, equals in alphabetical order. For each the raw words
            are remembered that most often stood for it: nothing else is ever written.
        """
        synonyms = synonyms or Synonyms()
        spans: Counter[tuple[str, str]] = Counter()
        for row in rows:
            for kind in ChangeKind:
                spans.update(synonyms.spans(row.of(kind)))
        counts: Counter[str] = Counter()
        written: dict[str, str] = {}
        for (label, raw), count in sorted(spans.items(), key=lambda item: (-item[1], item[0])):
            counts[label] += count
            written.setdefault(label, raw)
        kept = [label for label, count in counts.items() if count >= min_count]
        labels = tuple(sorted(kept, key=lambda label: (-counts[label], label)))
        return cls(labels, tuple(written[label] for label in labels), synonyms)

    @classmethod
    def from_dict(cls, recipe: VocabularyRecipe) -> Vocabulary:
        """The vocabulary that `to_dict` gave away."""
        synonyms = Synonyms(dict(recipe["synonyms"]))
        return cls(tuple(recipe["labels"]), tuple(recipe["words"]), synonyms)

    def to_dict(self) -> VocabularyRecipe:
        """Plain values that survive JSON and checkpoints loaded with `weights_only=True`."""
        return {
            "labels": list(self.labels),
            "words": list(self.words),
            "synonyms": dict(self.synonyms.aliases),
        }

    def __len__(self) -> int:
        return len(self.labels)

    def emit(self, label: str) -> str:
        """The raw words of the training rows to write for a canonical label.

        Raises:
            ValueError: The label is not in the vocabulary.
        """
        if label not in self._index:
            raise ValueError(f"expected a label of the vocabulary {self.labels}, got {label!r}")
        return self.words[self._index[label]]

    def encode(self, labels: LabelSets) -> Float32[np.ndarray, "3 v"]:
        """1 where a kind of change carries a label; words outside the vocabulary count nowhere.

        Example:
            >>> Vocabulary(("person", "car"), ("man", "car")).encode(LabelSets(removed=("car",)))
            array([[0., 0.],
                   [0., 1.],
                   [0., 0.]], dtype=float32)
        """
        hot = np.zeros((len(ChangeKind), len(self)), np.float32)
        for row, kind in zip(hot, ChangeKind, strict=True):
            folded = self.synonyms.fold(labels.of(kind))
            row[[self._index[label] for label in folded if label in self._index]] = 1
        return hot

    @cached_property
    def _index(self) -> dict[str, int]:
        return {label: index for index, label in enumerate(self.labels)}
