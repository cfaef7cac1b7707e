"""From probabilities to statements: a change map becomes boxes with kinds, labels and scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Float32

from spotdiff.contracts import ChangeLocalizer
from spotdiff.ops.heatmap import Regions, components, mean_in_boxes
from spotdiff.ops.matching import crop_similarity, match_moved
from spotdiff.ops.statements import change_score, label_sets
from spotdiff.types import Answer, Box, Change, ChangeKind, ChangeMap, LabelSets, Pair, Thresholds

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
        for pair, change_map in zip(pairs, self.localizer(pairs), strict=True):
            changes, score, labels = self.decision(pair, change_map)
            answers.append(Answer(changes, score, labels, change_map))
        return answers


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


@dataclass(frozen=True)
class HeatmapDecision:
    """Cuts a change map into changes; a thing that went away and came elsewhere has moved.

    Args:
        thresholds: Where a probability becomes a statement.
        min_area: Pixels of the after frame that a region has at least.
        min_move_similarity: An added and a removed region that look at least this alike (see
            `crop_similarity`) are one moved thing.
    """

    thresholds: Thresholds
    min_area: int = 16
    min_move_similarity: float = 0.45

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
        changes = self._changes(regions, self._sightings(pair, regions), change_map)
        labels = label_sets(
            change_map.gates, change_map.label_scores, self.thresholds, change_map.vocabulary
        )
        return changes, change_score(change_map.gates), labels

    def _sightings(self, pair: Pair, regions: Regions) -> list[Sighting]:
        """Every region once, moved things as one, in reading order of their first region."""
        added, removed, changed = (np.flatnonzero(regions.kinds == k) for k in range(len(_KINDS)))
        similarity = crop_similarity(
            pair.before, regions.boxes[removed], pair.after, regions.boxes[added]
        )
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
        self, regions: Regions, sightings: list[Sighting], change_map: ChangeMap
    ) -> tuple[Change, ...]:
        size = change_map.heat.shape[1:]
        boxes: list[Box] = [(x0, y0, x1, y1) for x0, y0, x1, y1 in regions.boxes.tolist()]
        grids = (change_map.labels_before, change_map.labels_after)
        labels = [mean_in_boxes(grid, regions.boxes, (size[0], size[1])) for grid in grids]
        changes = []
        for seen in sightings:
            views = [(view, i) for view, i in enumerate(seen) if i is not None]
            inside = np.mean([labels[view][i] for view, i in views], axis=0)
            change = Change(
                kind=seen.kind,
                score=float(np.mean([regions.scores[i] for _, i in views])),
                label=self._label(inside, change_map.vocabulary),
                box_before=None if seen.before is None else boxes[seen.before],
                box_after=None if seen.after is None else boxes[seen.after],
            )
            changes.append(change)
        return tuple(sorted(changes, key=lambda change: -change.score))

    def _label(
        self, probabilities: Float32[np.ndarray, " v"], vocabulary: tuple[str, ...]
    ) -> str | None:
        if not vocabulary or probabilities.max() < self.thresholds.min_label:
            return None
        return vocabulary[int(probabilities.argmax())]
