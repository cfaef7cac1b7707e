"""The things of one pair by any rules: what was found lately is not looked for again."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

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
        self.evidence = evidence
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
