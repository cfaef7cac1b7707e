"""How good the names of regions are, measured on held-out pairs by every rule there is for them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spotdiff.evaluation.protocols import (
    PairBoxes,
    coco_ranking,
    deeppcb_average_precision,
    deeppcb_f_score,
    pair_boxes,
)
from spotdiff.evaluation.ranking import average_precision
from spotdiff.ops.heatmap import Regions
from spotdiff.types import Change, ChangeKind, LabelScores, TrueChange

_KINDS = list(ChangeKind)
_ANYWHERE = (1, 1)  # no rule used here asks for the size of the frame


def changes_of(
    regions: Regions, scores: LabelScores, vocabulary: Sequence[str]
) -> tuple[Change, ...]:
    """Each region as a change with its likeliest label, moved things not joined."""
    best = scores.argmax(axis=1) if len(scores) else np.zeros(0, int)
    sure = regions.scores * scores.sum(axis=1).clip(0, 1)
    changes = []
    for kind, box, label, score in zip(
        regions.kinds.tolist(), regions.boxes.tolist(), best.tolist(), sure.tolist(), strict=True
    ):
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
        `map50` (COCO, mean over classes), `image_f1` (is the class in the pair, mean over classes),
        `deeppcb_map` and `deeppcb_f` (see `protocols`), `ap50` (boxes alone), and the first two
        class by class.
    """
    evidence = [
        pair_boxes(changes, true, _ANYWHERE, margin)
        for changes, true in zip(said, truth, strict=True)
    ]
    kept = [tuple(change for change in changes if change.score >= min_score) for changes in said]
    sure = [
        pair_boxes(changes, true, _ANYWHERE, margin)
        for changes, true in zip(kept, truth, strict=True)
    ]
    classes = sorted({str(change.label) for true in truth for change in true})
    precision = {label: _precision(said, truth, margin, label) for label in classes}
    image = {label: _image_f1(kept, truth, label) for label in classes}
    return {
        "map50": float(np.mean(list(precision.values()))),
        "image_f1": float(np.mean(list(image.values()))),
        "deeppcb_map": deeppcb_average_precision(evidence),
        "deeppcb_f": deeppcb_f_score(sure),
        "ap50": average_precision(coco_ranking(evidence)),
        **{f"ap50 {label}": value for label, value in precision.items()},
        **{f"image_f1 {label}": value for label, value in image.items()},
    }


def _precision(
    said: Sequence[tuple[Change, ...]],
    truth: Sequence[tuple[TrueChange, ...]],
    margin: float,
    label: str,
) -> float:
    mine: list[PairBoxes] = [
        pair_boxes(
            [change for change in changes if change.label == label],
            [change for change in true if change.label == label],
            _ANYWHERE,
            margin,
        )
        for changes, true in zip(said, truth, strict=True)
    ]
    return average_precision(coco_ranking(mine))


def _image_f1(
    said: Sequence[tuple[Change, ...]], truth: Sequence[tuple[TrueChange, ...]], label: str
) -> float:
    spoken = [any(change.label == label for change in changes) for changes in said]
    known = [any(change.label == label for change in true) for true in truth]
    right = sum(one and other for one, other in zip(spoken, known, strict=True))
    total = sum(spoken) + sum(known)
    return 2 * right / total if total else float("nan")
