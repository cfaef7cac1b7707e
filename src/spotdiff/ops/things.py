"""The things of a pair with their kinds, scores and words, by the rules of objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from spotdiff.ops.object_scores import thing_scores
from spotdiff.ops.objects import Look, Sightings, kinds_of, sightings
from spotdiff.types import ObjectEvidence, ObjectRules, Scores


@dataclass(frozen=True, slots=True)
class Things:
    """Row i of every field is thing i.

    Attributes:
        seen: Which objects of the two views each is.
        kinds: Position in `ChangeKind`, or `UNCHANGED`.
        scores: How sure it is that each changed like that, in [0, 1].
        words: What each is called, by the view that is surer.
    """

    seen: Sightings
    kinds: Int64[np.ndarray, " n"]
    scores: Scores
    words: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.kinds)


def things_of(
    evidence: ObjectEvidence, rules: ObjectRules, look: Look, group: Callable[[str], str]
) -> Things:
    """Every thing of a pair that reaches `min_partner`, whether it changed or not.

    Args:
        evidence: What was said of the pair.
        rules: How objects become changes.
        look: See `sightings`.
        group: What labels have in common that may be said of one thing.
    """
    seen = sightings(
        evidence,
        grouped(evidence, group),
        alpha=rules.alpha,
        min_same=rules.min_same,
        min_partner=rules.min_partner,
        look=look,
    )
    kinds = kinds_of(seen, rules.max_shift, rules.min_alike)
    scores = thing_scores(evidence, seen, kinds, rules)
    return Things(seen, kinds, scores, words_of(evidence, seen))


def grouped(evidence: ObjectEvidence, group: Callable[[str], str]) -> tuple[list[str], list[str]]:
    """The groups of the objects of both views."""
    before, after = (
        [group(label) for label in view.detections.labels]
        for view in (evidence.before, evidence.after)
    )
    return before, after


def words_of(evidence: ObjectEvidence, seen: Sightings) -> tuple[str, ...]:
    """What each thing is called: by the view whose score is higher.

    Of equal ones by the word that comes first in the alphabet: neither view is favoured.
    """
    before, after = (
        list(zip((-view.detections.scores).tolist(), view.detections.labels, strict=True))
        for view in (evidence.before, evidence.after)
    )
    return tuple(
        min([*([before[i]] if i >= 0 else []), *([after[j]] if j >= 0 else [])])[1]
        for i, j in zip(seen.before.tolist(), seen.after.tolist(), strict=True)
    )
