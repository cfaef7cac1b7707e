"""How many objects pictures show, as measured properties with words for more and for less."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from spotdiff.ops.wording import noun_of, plural
from spotdiff.types import Detections, Measure


def object_measures(names: Sequence[str]) -> tuple[Measure, ...]:
    """Two properties for each name: whether there are any, and how many.

    Example:
        >>> [measure.more for measure in object_measures(["person"])]
        ['pictures with people', 'many people']
        >>> object_measures(["person"])[0].name
        'presence of person'
    """
    told = []
    for name in names:
        many = _several(name)
        whether = Measure(
            f"presence of {name}", f"pictures with {many}", f"pictures without {many}"
        )
        told += [whether, Measure(f"number of {name}", f"many {many}", f"few {many}")]
    return tuple(told)


def counted(found: Detections, names: Sequence[str], min_score: float) -> Float64[np.ndarray, " m"]:
    """The properties of one picture, in the order of `object_measures`.

    Whether there are any is the score of the surest one; objects below `min_score` do not count.

    Example:
        >>> boxes, scores = np.zeros((3, 4), np.float32), np.float32([0.75, 0.5, 0.25])
        >>> counted(Detections(boxes, scores, ("car", "car", "dog")), ["car", "dog"], 0.5).tolist()
        [0.75, 2.0, 0.25, 0.0]
    """
    told: list[float] = []
    for name in names:
        scores = [
            float(score)
            for score, label in zip(found.scores, found.labels, strict=True)
            if label == name
        ]
        told += [max(scores, default=0.0), float(sum(score >= min_score for score in scores))]
    return np.array(told, np.float64)


def _several(name: str) -> str:
    noun = noun_of(name)
    if noun is None:
        return name
    return plural(noun.words) if noun.counting in ("each", "pairs") else noun.words
