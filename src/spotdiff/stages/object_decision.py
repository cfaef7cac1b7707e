"""From what was said of a pair to what changed: boxes with kinds and words, and label sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from spotdiff.labels import Meanings
from spotdiff.ops.combination import UNWEIGHED, combined, word_evidence
from spotdiff.ops.object_scores import thing_scores
from spotdiff.ops.objects import Look
from spotdiff.ops.statements import change_score
from spotdiff.ops.things import Things, things_of
from spotdiff.stages.decision import words
from spotdiff.types import (
    Box,
    Boxes,
    Change,
    ChangeKind,
    Combination,
    LabelSets,
    ObjectEvidence,
    ObjectRules,
    Witnesses,
)

_KINDS = list(ChangeKind)


@dataclass(frozen=True)
class ObjectDecision:
    """Decides by rules, and about words by a fitted combination where there is one.

    Args:
        rules: How objects become changes.
        combination: Joins detectors and change model; None takes the words of the changes.
        meanings: Which labels may be said of one thing.
        look: The scale of likeness; see `Appearance`.
    """

    rules: ObjectRules = field(default_factory=ObjectRules)
    combination: Combination | None = None
    meanings: Meanings = field(default_factory=Meanings)
    look: Look = (0.5, 1.0)

    def __call__(
        self, evidence: ObjectEvidence, witnesses: Witnesses
    ) -> tuple[tuple[Change, ...], float, LabelSets]:
        """The changes, best first; the probability of any change; the words of every kind.

        Boxes of both views are in the frame of the pair. Equal views show no change.
        """
        if evidence.identical:
            return (), 0.0, LabelSets()
        things = things_of(evidence, self.rules, self.look, self.meanings.group)
        changes = self._changes(evidence, things)
        if self.combination is None:
            return changes, _any_change(evidence, changes), words(changes)
        unweighed = replace(self.rules, heat="odds", odds=UNWEIGHED[witnesses])
        scores = thing_scores(evidence, things.seen, things.kinds, unweighed)
        said = word_evidence(
            things.kinds,
            scores,
            things.words,
            evidence.whole,
            self.combination.words,
            self.meanings.group,
        )
        filled, chosen = combined([said], self.combination, witnesses)
        sets = (
            tuple(word for word, told in zip(self.combination.words, row, strict=True) if told)
            for row in chosen[0]
        )
        return changes, change_score(filled[0].astype(np.float32)), LabelSets(*sets)

    def _changes(self, evidence: ObjectEvidence, things: Things) -> tuple[Change, ...]:
        kept = np.flatnonzero((things.kinds >= 0) & (things.scores >= self.rules.min_score))
        found = [
            Change(
                kind=_KINDS[int(things.kinds[row])],
                score=float(things.scores[row]),
                label=things.words[row],
                box_before=_box(evidence.before.detections.boxes, things.seen.before[row]),
                box_after=_box(evidence.after.detections.boxes, things.seen.after[row]),
            )
            for row in kept.tolist()
        ]
        return tuple(sorted(found, key=lambda change: -change.score))


def _any_change(evidence: ObjectEvidence, changes: Sequence[Change]) -> float:
    """By the change model where there is one, else by the surest change."""
    if evidence.whole is not None:
        return change_score(evidence.whole.gates)
    return max((change.score for change in changes), default=0.0)


def _box(boxes: Boxes, row: int) -> Box | None:
    if row < 0:
        return None
    x0, y0, x1, y1 = boxes[row].tolist()
    return x0, y0, x1, y1
