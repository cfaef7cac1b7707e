"""Average precision from a ranking that is kept, so that pairs can be drawn anew at little cost.

The spread of a figure is that of its values when as many pairs are drawn from the measured ones
with replacement (B. Efron, Bootstrap methods: another look at the jackknife, 1979). A pair is what
is drawn, since the boxes and pixels of one pair are not independent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float32, Float64, Int64

from spotdiff.training.scores import Places

DRAWS = 1000
LEVELS = 101  # of recall, in COCO's average precision
# As torchmetrics rounds them, or a recall of exactly 0.3 would count at another level than there.
_RECALLS = torch.linspace(0, 1, LEVELS).double().numpy()
MAX_BOXES = 100  # of a pair, the best ones, as COCO counts
_SHARE = 0.95  # of the draws that lie in an interval

Interval = tuple[float, float]
Weights = Float64[np.ndarray, " pairs"]
Hits = Callable[[Places], Bool[np.ndarray, " n"]]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Predicted boxes of all pairs, best first; those of equal score in the order of their pairs.

    Attributes:
        hits: Whether each is right.
        pairs: Which pair each belongs to.
        totals: How many true boxes each pair has.
    """

    hits: Bool[np.ndarray, " n"]
    pairs: Int64[np.ndarray, " n"]
    totals: Int64[np.ndarray, " pairs"]


def ranked(evidence: Sequence[Places], hits: Hits) -> Ranking:
    """The boxes of all pairs as one ranking.

    Args:
        evidence: One a pair.
        hits: Which boxes of a pair are right.
    """
    best = [best_boxes(one) for one in evidence]
    scores = np.concatenate([one.scores for one in best] or [np.zeros(0, np.float32)])
    right = np.concatenate([hits(one) for one in best] or [np.zeros(0, bool)])
    pairs = np.repeat(np.arange(len(best)), [len(one.boxes) for one in best])
    order = np.argsort(-scores, kind="stable")
    totals = np.array([len(one.true_boxes) for one in best], np.int64)
    return Ranking(right[order], pairs[order], totals)


def best_boxes(evidence: Places) -> Places:
    """The evidence with its `MAX_BOXES` best predicted boxes, best first."""
    keep = np.argsort(-evidence.scores, kind="stable")[:MAX_BOXES]
    return Places(
        evidence.boxes[keep],
        evidence.scores[keep],
        evidence.kinds[keep],
        evidence.true_boxes,
        evidence.true_kinds,
    )


def average_precision(
    ranking: Ranking, interpolated: bool = True, weights: Weights | None = None
) -> float:
    """Area under the interpolated precision-recall curve in [0, 1]; nan without true boxes.

    Precision at a recall is the largest that any recall from there on has. COCO takes the mean of
    it at 101 recalls (https://cocodataset.org/#detection-eval), VOC since 2010 the whole area.

    Args:
        ranking: Of the boxes.
        interpolated: The mean at 101 recalls; False takes the whole area.
        weights: How often each pair counts; None counts each once.

    Example:
        >>> ranking = Ranking(np.array([True, False, True]), np.array([0, 0, 0]), np.array([2]))
        >>> round(average_precision(ranking, interpolated=False), 4)  # (1 + 2 / 3) / 2
        0.8333
        >>> round(average_precision(ranking), 4)  # 51 recalls at 1, 50 at 2 / 3
        0.835
    """
    counted = np.ones(len(ranking.totals)) if weights is None else weights
    total = float(counted @ ranking.totals)
    if not total:
        return float("nan")
    said = counted[ranking.pairs]
    gained = said * ranking.hits
    found = np.cumsum(gained)
    precision = found / np.maximum(np.cumsum(said), 1e-12)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    if not interpolated:
        return float((envelope * gained).sum() / total)
    reached = np.searchsorted(found / total, _RECALLS)
    return float(np.append(envelope, 0.0)[reached].mean())


def pixel_average_precision(
    counts: Float64[np.ndarray, "2 bins"] | Int64[np.ndarray, "2 bins"],
) -> float:
    """Area under the precision-recall curve of pixels in steps; nan without changed pixels.

    Args:
        counts: How many unchanged and changed pixels lie in each bin of their probability.

    Example:
        >>> pixel_average_precision(np.array([[2, 1, 0], [0, 1, 1]]))  # 1 / 2 + 2 / 3 / 2
        0.8333333333333333
    """
    false, true = np.cumsum(counts[:, ::-1], axis=1, dtype=np.float64)
    if not true[-1]:
        return float("nan")
    precision = true / np.maximum(true + false, 1e-12)
    return float((precision * np.diff(true, prepend=0.0)).sum() / true[-1])


def interval(value: Callable[[Weights], float], pairs: int, seed: int = 0) -> Interval:
    """Where 95 of 100 bootstrap draws of the pairs put a value; (nan, nan) for less than two pairs.

    Args:
        value: Of how often each pair counts; draws in which it is nan are left out.
        pairs: How many there are.
        seed: Of the draws.
    """
    if pairs < 2:
        return float("nan"), float("nan")
    values = np.array([value(weights) for weights in draws(pairs, seed)])
    values = values[~np.isnan(values)]
    if not len(values):
        return float("nan"), float("nan")
    outside = (1 - _SHARE) / 2
    low, high = np.quantile(values, (outside, 1 - outside)).tolist()
    return low, high


def draws(pairs: int, seed: int = 0) -> Iterator[Weights]:
    """How often each pair is drawn, `DRAWS` times over; the same for every method."""
    rng = np.random.default_rng(seed)
    for _ in range(DRAWS):
        yield np.bincount(rng.integers(pairs, size=pairs), minlength=pairs).astype(np.float64)


def seed_spread(values: Sequence[float]) -> tuple[float, float]:
    """Mean and sample standard deviation over seeds; the second is nan for one seed.

    Example:
        >>> seed_spread([0.1, 0.2, 0.3])
        (0.2, 0.1)
    """
    array = np.array(values, np.float64)
    deviation = float(array.std(ddof=1)) if len(array) > 1 else float("nan")
    return round(float(array.mean()), 12), round(deviation, 12)


def curve_of(counts: Float32[np.ndarray, "pairs 2 bins"]) -> Callable[[Weights], float]:
    """Average precision of pixels as a value of how often each pair counts."""
    flat = counts.reshape(len(counts), -1)

    def value(weights: Weights) -> float:
        return pixel_average_precision((weights.astype(np.float32) @ flat).reshape(2, -1))

    return value
