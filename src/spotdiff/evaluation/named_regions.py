"""How good the names of regions are, measured on held-out pairs by every rule there is for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from spotdiff.evaluation.labels import by_class, image_f1, precisions
from spotdiff.evaluation.protocols import (
    coco_ranking,
    deeppcb_average_precision,
    deeppcb_f_score,
    pair_boxes,
)
from spotdiff.evaluation.ranking import average_precision
from spotdiff.ops.heatmap import Regions
from spotdiff.ops.parts import any_label, joined
from spotdiff.types import Change, ChangeKind, LabelScores, TrueChange

_KINDS = list(ChangeKind)
_ANYWHERE = (1, 1)  # no rule used here asks for the size of the frame


def changes_of(
    regions: Regions,
    scores: LabelScores,
    vocabulary: Sequence[str],
    max_gap: float = -1,
    min_score: float = 0,
) -> tuple[Change, ...]:
    """Each thing as a change with its likeliest label, as `predict` says it; moves are not joined.

    Args:
        regions: Of one pair.
        scores: (n, v) probabilities of labels.
        vocabulary: The v labels.
        max_gap: As in `joined`: parts of one thing are one.
        min_score: What is reported; other regions are left as they are.
    """
    regions = replace(regions, scores=regions.scores * any_label(scores))
    regions, scores = joined(regions, scores, max_gap, min_score)
    best = scores.argmax(axis=1) if len(scores) else np.zeros(0, int)
    changes = []
    columns = (regions.kinds, regions.boxes, best, regions.scores)
    for kind, box, label, score in zip(*(column.tolist() for column in columns), strict=True):
        x0, y0, x1, y1 = box
        here = (x0, y0, x1, y1)
        seen = _KINDS[kind]
        changes.append(
            Change(
                seen,
                score,
                vocabulary[label],
                None if seen is ChangeKind.ADDED else here,
                None if seen is ChangeKind.REMOVED else here,
            )
        )
    return tuple(sorted(changes, key=lambda change: -change.score))


def quality(
    said: Sequence[tuple[Change, ...]],
    truth: Sequence[tuple[TrueChange, ...]],
    margin: float,
    min_score: float,
) -> dict[str, float]:
    """Average precisions over all boxes; F scores over those of at least `min_score`.

    Returns:
        `map50` and `image_f1` (see `labels`), both class by class too; `deeppcb_map` and
        `deeppcb_f` (see `protocols`); `ap50`, boxes alone.
    """
    kept = [tuple(change for change in changes if change.score >= min_score) for changes in said]
    every, sure = (
        [pair_boxes(c, true, _ANYWHERE, margin) for c, true in zip(some, truth, strict=True)]
        for some in (said, kept)
    )
    return {
        **by_class(precisions(said, truth, margin), image_f1(kept, truth)),
        "deeppcb_map": deeppcb_average_precision(every),
        "deeppcb_f": deeppcb_f_score(sure),
        "ap50": average_precision(coco_ranking(every)),
    }
