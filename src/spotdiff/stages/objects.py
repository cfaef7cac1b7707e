"""Objects that were added, removed or changed: detectors and change map, gathered and decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from spotdiff.contracts import Closing
from spotdiff.ops.boxes import centres_inside, iou
from spotdiff.stages.decision import HeatmapDecision
from spotdiff.stages.object_decision import ObjectDecision
from spotdiff.stages.object_evidence import Gathered, Witness
from spotdiff.types import Answer, Box, Boxes, Change, Pair, Witnesses

MIN_SHARED = 0.1  # IoU from which on a hot region and an object are about one thing


class ObjectComparer:
    """Compares by objects; a `Comparer`.

    Args:
        witness: Gathers what models say.
        decision: What follows from it.
        regions: Cuts the change map into changes where detectors name nothing; None leaves those
            out. Without detectors they are the whole answer.
    """

    def __init__(
        self,
        witness: Witness,
        decision: ObjectDecision,
        regions: HeatmapDecision | None = None,
    ) -> None:
        self.witness = witness
        self.decision = decision
        self.regions = regions if witness.localizer is not None else None

    @property
    def experts(self) -> dict[str, object]:
        """The models that are asked, by their role."""
        return self.witness.experts

    @property
    def witnesses(self) -> Witnesses:
        """Who is asked."""
        if self.witness.detection is None:
            return "model"
        return "objects" if self.witness.localizer is None else "both"

    def __call__(self, pairs: Sequence[Pair]) -> list[Answer]:
        """One answer a pair.

        Raises:
            DetectorFailed: If a detector cannot look at the pairs.
        """
        gathered = self.witness(pairs)
        return [self._answer(pair, one) for pair, one in zip(pairs, gathered, strict=True)]

    def close(self) -> None:
        """Writes evidence that is held back."""
        if isinstance(self.witness.store, Closing):
            self.witness.store.close()

    def _answer(self, pair: Pair, gathered: Gathered) -> Answer:
        evidence, change_map = gathered.evidence, gathered.change_map
        changes, score, labels = self.decision(evidence, self.witnesses)
        if self.regions is not None and change_map is not None and not evidence.identical:
            hot, _, told = self.regions(pair, change_map)
            if self.witness.detection is None and self.decision.combination is None:
                labels = told
            changes = joined(changes, self._in_words(hot))
        return Answer(changes, score, labels, change_map)

    def _in_words(self, regions: Sequence[Change]) -> list[Change]:
        """Without names that nobody looked for; the change model alone says its own."""
        if self.witness.detection is None:
            return list(regions)
        words = self.witness.vocabulary.words
        return [one if one.label in words else replace(one, label=None) for one in regions]


class EvidenceOnly:
    """Gathers what models say and decides nothing; a `Comparer`.

    Args:
        witness: Gathers it.

    Attributes:
        keys: Under which key the evidence of each pair is kept, by the id of the pair.
    """

    def __init__(self, witness: Witness) -> None:
        self.witness = witness
        self.keys: dict[str, str] = {}

    @property
    def experts(self) -> dict[str, object]:
        """The models that are asked, by their role."""
        return self.witness.experts

    def __call__(self, pairs: Sequence[Pair]) -> list[Answer]:
        """An empty answer for every pair."""
        for pair, one in zip(pairs, self.witness(pairs), strict=True):
            self.keys[pair.pair_id] = one.key
        return [Answer() for _ in pairs]


def joined(objects: Sequence[Change], regions: Sequence[Change]) -> tuple[Change, ...]:
    """All changes of objects, and those of regions that are about none of them, best first."""
    free = [change for change in regions if not any(_one_thing(change, o) for o in objects)]
    return tuple(sorted([*objects, *free], key=lambda change: -change.score))


def _one_thing(one: Change, other: Change) -> bool:
    """Whether two changes are about the same place of a view."""
    views = ((one.box_before, other.box_before), (one.box_after, other.box_after))
    return any(_meet(_row(a), _row(b)) for a, b in views if a and b)


def _meet(box: Boxes, other: Boxes) -> bool:
    inside = centres_inside(box, other).any() or centres_inside(other, box).any()
    return bool(inside or iou(box, other)[0, 0] >= MIN_SHARED)


def _row(box: Box) -> Boxes:
    return np.array([box], np.float32)
