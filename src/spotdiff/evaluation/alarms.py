"""False alarms at a recall: what unchanged pairs do where changed ones are still found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from spotdiff.evaluation.ranking import seed_spread
from spotdiff.training.scores import false_alarm_rate

RECALL = 0.9
ALL = "all"

Scores = Mapping[str, Sequence[float]]  # of pairs, by the name of their nuisance


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of pairs: its mean and sample standard deviation over seeds, nan for one seed."""

    mean: float
    deviation: float
    by_seed: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float]) -> Rate:
        """The rate of the values of some seeds."""
        return cls(*seed_spread(values), tuple(values))


def alarms(unchanged: Scores, changed: Scores) -> dict[str, float]:
    """Share of unchanged pairs by nuisance at one threshold, which 90 % of all changed pairs reach.

    Args:
        unchanged: Scores of one seed.
        changed: The same.

    Example:
        >>> found = alarms({"blur": [0.1, 0.6], "noise": [0.7, 0.8]}, {"blur": [0.7] * 10})
        >>> found
        {'blur': 0.0, 'noise': 1.0, 'all': 0.5}
    """
    pool = _joined(changed)
    names = {**unchanged, ALL: _joined(unchanged)}
    return {name: _rate(np.array(scores), pool) for name, scores in names.items()}


def own_alarms(unchanged: Scores, changed: Scores) -> dict[str, float]:
    """The same where the threshold of each nuisance is that of its own changed pairs.

    Example:
        >>> own_alarms({"blur": [0.1, 0.6], "noise": [0.7, 0.8]}, {"blur": [0.5], "noise": [0.9]})
        {'blur': 0.5, 'noise': 0.0}
    """
    return {
        name: _rate(np.array(scores), np.array(changed[name])) for name, scores in unchanged.items()
    }


def over_seeds(values: Sequence[Mapping[str, float]]) -> dict[str, Rate]:
    """The rate of every name over seeds."""
    return {name: Rate.of([one[name] for one in values]) for name in values[0]}


def _rate(unchanged: np.ndarray, changed: np.ndarray) -> float:
    scores = np.concatenate([unchanged, changed]).astype(np.float32)
    is_changed = np.arange(len(scores)) >= len(unchanged)
    return false_alarm_rate(scores, is_changed, RECALL)


def _joined(scores: Scores) -> np.ndarray:
    return np.concatenate([np.array(some) for some in scores.values()])
