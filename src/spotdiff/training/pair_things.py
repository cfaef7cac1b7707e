"""The things of one pair by any rules: what was found lately is not looked for again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np

from spotdiff.ops.objects import Look, Sightings, sightings
from spotdiff.ops.things import grouped, words_of
from spotdiff.types import ObjectEvidence, ObjectRules

REMEMBERED = 16  # ways to choose partners, more than a grid of three values each of two rules has


class PairThings:
    """Finds the things of a pair, with the word of each.

    A search asks the same for many thresholds, for each fold and for whatever is fitted on top.

    Args:
        evidence: Of the pair.
        look: The scale of likeness.
        group: What labels have in common that may be said of one thing.
    """

    def __init__(self, evidence: ObjectEvidence, look: Look, group: Callable[[str], str]) -> None:
        self.evidence = narrowed(evidence)
        self.look = look
        self.groups = grouped(evidence, group)
        self._found = lru_cache(REMEMBERED)(self._find)

    def __call__(self, rules: ObjectRules) -> tuple[Sightings, tuple[str, ...]]:
        """Every thing that reaches `min_partner`, by the partners that the rules find."""
        return self._found(rules.alpha, rules.min_same, rules.min_partner)

    def _find(
        self, alpha: float, min_same: float, min_partner: float
    ) -> tuple[Sightings, tuple[str, ...]]:
        seen = sightings(
            self.evidence,
            self.groups,
            alpha=alpha,
            min_same=min_same,
            min_partner=min_partner,
            look=self.look,
        )
        return seen, words_of(self.evidence, seen)


def narrowed(evidence: ObjectEvidence) -> ObjectEvidence:
    """The same with embeddings as narrow as they can be for all cosines between the views.

    Those of before are their cosines with all of after, those of after axes: thousands of numbers
    an object become as many as there are objects.

    Example:
        >>> from spotdiff.types import Detections, SeenObjects
        >>> boxes = Detections(np.float32([[0, 0, 2, 2]]), np.ones(1, np.float32))
        >>> def view(*vector):
        ...     empty = np.zeros((1, 0), np.float32)
        ...     return SeenObjects(boxes, np.float32([vector]), empty, empty)
        >>> found = narrowed(ObjectEvidence(view(0.6, 0, 0.8), view(0, 0, 1)))
        >>> found.before.embeddings, found.after.embeddings
        (array([[0.8]], dtype=float32), array([[1.]], dtype=float32))
    """
    before, after = evidence.before, evidence.after
    if not before.embeddings.shape[1] or not after.embeddings.shape[1]:
        return evidence
    cosines = np.asarray(before.embeddings @ after.embeddings.T, np.float32)
    axes = np.eye(len(after), dtype=np.float32)
    return replace(
        evidence,
        before=replace(before, embeddings=cosines),
        after=replace(after, embeddings=axes),
    )
