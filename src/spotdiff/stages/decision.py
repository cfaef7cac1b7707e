"""From probabilities to statements: a change map becomes boxes with kinds, labels and scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

import numpy as np

from spotdiff.contracts import ChangeLocalizer, RegionLabeller
from spotdiff.ops.heatmap import Regions, components, mean_in_boxes
from spotdiff.ops.matching import crop_similarity, match_moved
from spotdiff.ops.parts import any_label, joined
from spotdiff.ops.statements import change_score, label_sets
from spotdiff.types import (
    Answer,
    Box,
    Change,
    ChangeKind,
    ChangeMap,
    LabelScores,
    LabelSets,
    Pair,
    Thresholds,
)

Decision: TypeAlias = Callable[[Pair, ChangeMap], tuple[tuple[Change, ...], float, LabelSets]]

_KINDS = list(ChangeKind)


class MapComparer:
    """Compares by a change map: a localiser sees where, a decision says what; a `Comparer`."""

    def __init__(self, localizer: ChangeLocalizer, decision: Decision) -> None:
        self.localizer = localizer
        self.decision = decision

    @property
    def experts(self) -> dict[str, object]:
        """The localiser."""
        return {"localizer": self.localizer}

    def __call__(self, pairs: Sequence[Pair]) -> list[Answer]:
        """One answer a pair."""
        answers = []
        for pair, seen in zip(pairs, self.localizer(pairs), strict=True):
            change_map = within_overlap(pair, seen)
            changes, score, labels = self.decision(pair, change_map)
            answers.append(Answer(changes, score, labels, change_map))
        return answers


def within_overlap(pair: Pair, change_map: ChangeMap) -> ChangeMap:
    """The map without heat where only one view shows anything."""
    if pair.overlap is None:
        return change_map
    return replace(change_map, heat=np.where(pair.overlap, change_map.heat, np.float32(0)))


class Sighting(NamedTuple):
    """The regions of one change, as positions in `Regions`; None where a view does not show it."""

    before: int | None
    after: int | None

    @property
    def kind(self) -> ChangeKind:
        """What it means to be seen there."""
        if self.before is None:
            return ChangeKind.ADDED
        return ChangeKind.REMOVED if self.after is None else ChangeKind.CHANGED


@dataclass(frozen=True, slots=True)
class Names:
    """Probabilities of labels for the regions of a pair, row by row, as each view shows them."""

    before: LabelScores
    after: LabelScores
    vocabulary: tuple[str, ...]

    def of(self, seen: Sighting, min_label: float) -> str | None:
        """The likeliest label of a change, if it is likely enough."""
        views = zip((self.before, self.after), seen, strict=True)
        inside = np.mean([scores[i] for scores, i in views if i is not None], axis=0)
        if not self.vocabulary or inside.max() < min_label:
            return None
        return self.vocabulary[int(inside.argmax())]


def words(changes: Sequence[Change]) -> LabelSets:
    """The labels of the changes by kind, each once, best first.

    Example:
        >>> words([Change(ChangeKind.ADDED, 0.9, "car"), Change(ChangeKind.ADDED, 0.8, "car")])
        LabelSets(added=('car',), removed=(), changed=())
    """
    found: dict[ChangeKind, dict[str, None]] = {kind: {} for kind in _KINDS}
    for change in changes:
        if change.label is not None:
            found[change.kind][change.label] = None
    return LabelSets(*(tuple(found[kind]) for kind in _KINDS))


@dataclass(frozen=True)
class HeatmapDecision:
    """Cuts a change map into changes; a thing that went away and came elsewhere has moved.

    Args:
        thresholds: Where a probability becomes a statement.
        min_area: Pixels of the after frame that a region has at least.
        min_move_similarity: An added and a removed region that look at least this alike (see
            `crop_similarity`) are one moved thing.
        labeller: Names the regions; None reads their names from the maps of labels. Its doubt that
            a region shows anything lowers the region's score, and the words of a pair are those of
            its regions.
    """

    thresholds: Thresholds
    min_area: int = 16
    min_move_similarity: float = 0.45
    labeller: RegionLabeller | None = None

    def __call__(
        self, pair: Pair, change_map: ChangeMap
    ) -> tuple[tuple[Change, ...], float, LabelSets]:
        """The changes, best first; the probability of any change; the labels per kind.

        Args:
            pair: Both views in one frame, that of the after image.
            change_map: In the same frame; so are the boxes that come back, for both views.

        Raises:
            ValueError: If a view and the map differ in size.
        """
        size = change_map.heat.shape[1:]
        for name, view in (("before", pair.before), ("after", pair.after)):
            if view.shape[:2] != size:
                msg = (
                    f"Expected the {name} view of pair {pair.pair_id!r} in the frame of its map, "
                    f"{size} pixels, got {view.shape[:2]}: resize it first."
                )
                raise ValueError(msg)
        regions = components(change_map.heat, self.thresholds.min_heat, self.min_area)
        regions = regions[regions.scores >= self.thresholds.min_score]
        if self.labeller is None:
            names = self._names(regions, change_map)
        else:
            regions, names = self._named(pair, regions, self.labeller)
        changes = self._changes(regions, self._sightings(pair, regions, names), names)
        score = change_score(change_map.gates)
        if self.labeller is not None:
            return changes, score, words(changes)
        labels = label_sets(
            change_map.gates, change_map.label_scores, self.thresholds, change_map.vocabulary
        )
        return changes, score, labels

    def _named(
        self, pair: Pair, regions: Regions, labeller: RegionLabeller
    ) -> tuple[Regions, Names]:
        """The regions in which the labeller sees something, parts of one thing as one."""
        scores = labeller([pair], [regions.boxes])[0]
        regions = replace(regions, scores=regions.scores * any_label(scores))
        kept = regions.scores >= self.thresholds.min_score
        regions, scores = joined(regions[kept], scores[kept], labeller.max_gap)
        return regions, Names(scores, scores, labeller.words)

    def _names(self, regions: Regions, change_map: ChangeMap) -> Names:
        """What the maps of labels say of the regions."""
        height, width = change_map.heat.shape[1:]
        before, after = (
            mean_in_boxes(grid, regions.boxes, (height, width))
            for grid in (change_map.labels_before, change_map.labels_after)
        )
        return Names(before, after, change_map.vocabulary)

    def _sightings(self, pair: Pair, regions: Regions, names: Names) -> list[Sighting]:
        """Every region once, moved things as one, in reading order of their first region."""
        added, removed, changed = (np.flatnonzero(regions.kinds == k) for k in range(len(_KINDS)))
        similarity = crop_similarity(
            pair.before, regions.boxes[removed], pair.after, regions.boxes[added]
        )
        if self.labeller is not None:  # what goes by two names is not one thing
            best = names.after.argmax(axis=1)
            similarity = similarity * (best[removed][:, None] == best[added][None])
        matches = match_moved(similarity, self.min_move_similarity)
        moved = {int(removed[i]): int(added[j]) for i, j in matches}
        came = set(moved.values())
        sightings = [
            *(Sighting(i, moved.get(i)) for i in removed.tolist()),
            *(Sighting(None, j) for j in added.tolist() if j not in came),
            *(Sighting(i, i) for i in changed.tolist()),
        ]
        return sorted(sightings, key=lambda seen: min(i for i in seen if i is not None))

    def _changes(
        self, regions: Regions, sightings: list[Sighting], names: Names
    ) -> tuple[Change, ...]:
        boxes: list[Box] = [(x0, y0, x1, y1) for x0, y0, x1, y1 in regions.boxes.tolist()]
        changes = []
        for seen in sightings:
            views = [i for i in seen if i is not None]
            change = Change(
                kind=seen.kind,
                score=float(np.mean([regions.scores[i] for i in views])),
                label=names.of(seen, self.thresholds.min_label),
                box_before=None if seen.before is None else boxes[seen.before],
                box_after=None if seen.after is None else boxes[seen.after],
            )
            changes.append(change)
        return tuple(sorted(changes, key=lambda change: -change.score))
