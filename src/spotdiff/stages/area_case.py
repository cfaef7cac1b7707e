"""One pair on its way through the steps of the difference areas: what is known of it so far."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Int64

from spotdiff.ops.boxes import area, clip
from spotdiff.ops.coverage import covered_parts
from spotdiff.ops.selection import LazySelection
from spotdiff.stages.area_rules import AreaRules
from spotdiff.types import (
    Answer,
    AreaReport,
    Box,
    Boxes,
    Change,
    ChangeKind,
    Detections,
    Funnel,
    Image,
    LabelSets,
    ModelInfo,
    NoAreas,
    Pair,
    Scores,
    TextScores,
)

_SIDES = ("before", "after")
_KINDS = {
    (True, False): ChangeKind.REMOVED,
    (False, True): ChangeKind.ADDED,
    (True, True): ChangeKind.CHANGED,
}
# Reasons that say what the eye saw; the others leave open whether anything changed.
_NOTHING_TO_SEE = {
    NoAreas.IDENTICAL,
    NoAreas.TOO_SIMILAR,
    NoAreas.NO_REGIONS,
    NoAreas.NO_DIFFERENCE,
}


class AreaCase:
    """What the steps have found out about one pair; row i of every array is region i.

    Regions that a step rules out are gone for the next one. `reason` is set by the step that left
    nothing. Sides are 0 for before and 1 for after.

    Args:
        pair: Both views in one frame.
        rules: The thresholds.

    Raises:
        ValueError: If the views differ in size.
    """

    def __init__(self, pair: Pair, rules: AreaRules) -> None:
        if pair.before.shape != pair.after.shape:
            sizes = f"{pair.before.shape[:2]} and {pair.after.shape[:2]}"
            raise ValueError(
                f"Expected both views of pair {pair.pair_id!r} in one frame, got {sizes}."
            )
        self.pair = pair
        self.rules = rules
        self.captions = pair.captions if pair.captions and all(pair.captions) else None
        self.nouns: tuple[tuple[str, ...], tuple[str, ...]] | None = None
        self.reason: NoAreas | None = None
        self.similarity: float | None = None
        self.boxes: Boxes = np.zeros((0, 4), np.float32)
        self.seen: Bool[np.ndarray, "n 2"] = np.zeros((0, 2), bool)
        self.similarities: Scores = np.zeros(0, np.float32)
        self.scores: TextScores = np.zeros((0, 2), np.float32)
        self._best: dict[tuple[int, int], str] = {}
        self._overlaps: Bool[np.ndarray, "n n"] = np.zeros((0, 0), bool)
        self._selection = LazySelection(self._overlaps)
        self._counts = {"pairs": 1}

    def view(self, side: int) -> Image:
        """The photograph of a side."""
        view: Image = getattr(self.pair, _SIDES[side])
        return view

    def gate(self, similarity: float) -> None:
        """Takes how alike the whole views are."""
        self.similarity = similarity
        if np.array_equal(self.pair.before, self.pair.after):  # whatever the rules let through
            self.reason = NoAreas.IDENTICAL
        elif self.rules.similar_views.holds(np.array([similarity], np.float32))[0]:
            self._counts["gated"] = 1
        elif similarity < self.rules.max_similarity:
            self.reason = NoAreas.TOO_DIFFERENT
        else:
            self.reason = NoAreas.TOO_SIMILAR

    def name(self, nouns: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
        """Takes what only the caption of before names, and what only that of after names."""
        self.nouns = nouns
        named = [bool(some) for some in nouns]
        if not (all(named) if self.rules.sides == "both" else any(named)):
            self.reason = NoAreas.NO_NOUNS

    def name_by_labels(self) -> None:
        """Takes the known words of the pair for nouns; where there are none, nothing is named."""
        labels = self.pair.truth.labels
        if labels is not None:
            before, after = (labels.removed + labels.changed), (labels.added + labels.changed)
            self.name((tuple(dict.fromkeys(before)), tuple(dict.fromkeys(after))))

    def propose(self, before: Detections, after: Detections) -> None:
        """Takes the regions of both views; those of before come first.

        A region that reaches beyond what both views show is cut there, and is none if less than
        half of it is left.
        """
        boxes = np.concatenate([before.boxes, after.boxes]).astype(np.float32)
        side = np.repeat([0, 1], [len(before), len(after)])
        inside, known = self._known(boxes)
        fits = known * 2 >= area(boxes)
        fits &= self.rules.large_enough(inside, self.pair.after.shape[:2])
        # The same box from both views is one region that both have seen.
        distinct, first, member = np.unique(
            inside[fits], axis=0, return_index=True, return_inverse=True
        )
        seen = np.zeros((len(distinct), 2), bool)
        seen[member.reshape(-1), side[fits]] = True
        arrival = first.argsort()
        self.boxes, self.seen = distinct[arrival], seen[arrival]
        self._left("regions", NoAreas.WRONG_SIZE if len(boxes) else NoAreas.NO_REGIONS)

    def _known(self, boxes: Boxes) -> tuple[Boxes, Scores]:
        """The boxes as far as both views show them, and how many square pixels of each they do."""
        inside = clip(boxes, self.pair.after.shape[:2])
        if self.pair.overlap is None:
            return inside, area(inside)
        return covered_parts(inside, self.pair.overlap)

    def compare(self, similarities: Scores) -> None:
        """Takes how alike the views look in each region; puts the different ones in their order."""
        different = np.flatnonzero(self.rules.different_regions.holds(similarities))
        order = different[self.rules.ranked(self.boxes[different], similarities[different])]
        self.boxes, self.seen = self.boxes[order], self.seen[order]
        self.similarities = similarities[order]
        self.scores = np.full((len(order), 2), np.nan, np.float32)
        self._left("different", NoAreas.NO_DIFFERENCE)

    def selection(self) -> LazySelection:
        """Starts the suppression of regions by those before them."""
        self._overlaps = self.rules.overlap(self.boxes, self.boxes)
        self._selection = LazySelection(self._overlaps, self.rules.max_areas)
        return self._selection

    def worth_asking(self, rows: Int64[np.ndarray, " k"], side: int) -> Bool[np.ndarray, " k"]:
        """Of which rows it still matters whether they show a noun of a side."""
        nouns = self.nouns or ((), ())
        if not nouns[side]:
            return np.zeros(len(rows), bool)
        if self.rules.sides == "both" and side == 1:
            return np.asarray(self._matched[rows, 0], bool)
        return np.ones(len(rows), bool)

    def match(self, side: int, rows: Int64[np.ndarray, " k"], scores: TextScores) -> None:
        """Takes the score of each asked region with each noun of a side."""
        nouns = (self.nouns or ((), ()))[side]
        best = scores.argmax(axis=1)
        self.scores[rows, side] = scores[np.arange(len(rows)), best]
        self._best |= {(int(row), side): nouns[noun] for row, noun in zip(rows, best, strict=True)}

    @property
    def _matched(self) -> Bool[np.ndarray, "n 2"]:
        return self.rules.matching.holds(self.scores)

    def shows(self, row: int) -> bool:
        """Whether a region shows what was named; every region does where nothing was."""
        if self.nouns is None:
            return True
        sides = self._matched[row]
        return bool(sides.all() if self.rules.sides == "both" else sides.any())

    def finish(self) -> None:
        """Counts what the suppression asked and kept."""
        told = self._selection.verdicts
        self._counts |= {"asked": len(told), "matched": sum(told.values())}
        self._counts["kept"] = len(self._selection.kept)
        if not self._counts["kept"]:
            self.reason = NoAreas.NO_MATCH

    def _left(self, name: str, reason: NoAreas) -> None:
        self._counts[name] = len(self.boxes)
        if not len(self.boxes):
            self.reason = reason

    def answer(self, experts: Mapping[str, ModelInfo]) -> Answer:
        """The areas as changes, boxes in the frame of the pair, in the order they were kept."""
        changes = tuple(self._change(row) for row in self._selection.kept)
        score: float | None = max((change.score for change in changes), default=None)
        if self.reason in _NOTHING_TO_SEE:
            score = 0.0
        report = AreaReport(
            self.reason, self.similarity, Funnel(**self._counts), experts, self.captions
        )
        labels = None if self.nouns is None else _labels(changes)
        return Answer(changes, score, labels, areas=report)

    def _change(self, row: int) -> Change:
        sides = self._sides(row)
        x0, y0, x1, y1 = self.boxes[row].tolist()
        box: Box = (x0, y0, x1, y1)
        return Change(
            kind=_KINDS[sides],
            score=min(1.0, max(0.0, 1 - float(self.similarities[row]))),
            label=self._label(row, sides),
            box_before=box if sides[0] else None,
            box_after=box if sides[1] else None,
        )

    def _sides(self, row: int) -> tuple[bool, bool]:
        """Which views show a region: those that matched, or else those it was proposed in.

        A region that another one of the other view overlaps was proposed in both.
        """
        if self.nouns is None:
            shown = self.seen[self._overlaps[row] | (np.arange(len(self.boxes)) == row)]
            sides = shown.any(axis=0)
        else:
            sides = self._matched[row]
        return bool(sides[0]), bool(sides[1])

    def _label(self, row: int, sides: tuple[bool, bool]) -> str | None:
        """The noun that fits best in a view that shows one; equals go by the alphabet."""
        named = [
            (-float(self.scores[row, side]), self._best[row, side])
            for side in (0, 1)
            if sides[side] and (row, side) in self._best
        ]
        return min(named)[1] if named else None


def _labels(changes: tuple[Change, ...]) -> LabelSets:
    words = {
        kind: tuple(dict.fromkeys(c.label for c in changes if c.kind is kind and c.label))
        for kind in ChangeKind
    }
    return LabelSets(*(words[kind] for kind in ChangeKind))
