"""Ranges of numbers with their ends in or out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Shaped


@dataclass(frozen=True, slots=True)
class Interval:
    """All numbers from `low` to `high`, the two themselves only where it is `closed`.

    Raises:
        ValueError: If it ends before it begins, or an end is no number.

    Example:
        >>> Interval(0.90, 0.98, closed=False).holds(np.array([0.90, 0.95, 0.98]))
        array([False,  True, False])
        >>> Interval(0.90, 0.98, closed=True).holds(np.array([0.90, 0.95, 0.98]))
        array([ True,  True,  True])
    """

    low: float
    high: float
    closed: bool = True

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"Expected an interval that ends after it begins, got {self}.")

    def holds(self, values: Shaped[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
        """Which values lie inside; nan never does."""
        if self.closed:
            return np.asarray((values >= self.low) & (values <= self.high))
        return np.asarray((values > self.low) & (values < self.high))
