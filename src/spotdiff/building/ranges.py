"""Which scores of a filter stay: one range for all filters, and how several scores become one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal, TypeAlias, get_args

from spotdiff.types import Plain

Ends: TypeAlias = Literal["[]", "()", "[)", "(]"]  # which of the two ends are in
Reduce: TypeAlias = Literal["avg", "max", "min"]
Over: TypeAlias = Literal["any", "all"]


@dataclass(frozen=True, slots=True)
class Range:
    """The scores that stay.

    Attributes:
        min: The lower end; None for none.
        max: The upper end; None for none.
        ends: Square where an end stays, round where it does not, as in `[)`.
        reversed: What lies outside stays instead.

    Raises:
        ValueError: It ends before it begins, or `ends` is none of the four.

    Example:
        >>> found = Range(0.9, 0.98, "(]")
        >>> [found.holds(score) for score in (0.9, 0.95, 0.98, 1.0)]
        [False, True, True, False]
        >>> Range(0.9, 0.98, "(]", reversed=True).holds(0.9), found.missed(0.5), found.missed(1.0)
        (True, 0.9, 0.98)
    """

    min: float | None = None
    max: float | None = None
    ends: Ends = "[]"
    reversed: bool = False

    def __post_init__(self) -> None:
        chosen("ends", self.ends, get_args(Ends))
        if self.min is not None and self.max is not None and not self.min <= self.max:
            raise ValueError(f"Expected min of at most max, got {self.min} and {self.max}.")

    @property
    def settings(self) -> dict[str, Plain]:
        """Its attributes."""
        return {
            "min": self.min,
            "max": self.max,
            "ends": self.ends,
            "reversed": self.reversed,
        }

    def holds(self, score: float) -> bool:
        """Whether a score stays."""
        return (self._above(score) and self._below(score)) is not self.reversed

    def missed(self, score: float) -> float | None:
        """The bound that a score missed; None for one that stays."""
        if self.holds(score):
            return None
        if not self.reversed:
            return self.min if not self._above(score) else self.max
        ends = [end for end in (self.min, self.max) if end is not None]
        return min(ends, key=lambda end: abs(score - end)) if ends else None

    def decided(self, scores: Sequence[float], over: Over) -> tuple[bool, float]:
        """Whether a row of several scores stays, and the score that decides it.

        With `any` that is the one that fits best, with `all` the one that fits worst; of equals the
        first.

        Example:
            >>> Range(0.5, 1.0).decided([0.2, 0.7], "any")
            (True, 0.7)
            >>> Range(0.5, 1.0).decided([0.2, 0.7], "all")
            (False, 0.2)
        """
        pick = min if over == "any" else max
        score = pick(scores, key=lambda score: (not self.holds(score), self._gap(score)))
        return self.holds(score), score

    def _gap(self, score: float) -> float:
        bound = self.missed(score)
        return 0.0 if bound is None else abs(score - bound)

    def _above(self, score: float) -> bool:
        if self.min is None:
            return True
        return score >= self.min if self.ends[0] == "[" else score > self.min

    def _below(self, score: float) -> bool:
        if self.max is None:
            return True
        return score <= self.max if self.ends[1] == "]" else score < self.max


def reduced(scores: Sequence[float], how: Reduce) -> float:
    """One score of several.

    Example:
        >>> [reduced([0.25, 0.75], how) for how in ("avg", "max", "min")]
        [0.5, 0.75, 0.25]
    """
    if how == "avg":
        return fmean(scores)
    return max(scores) if how == "max" else min(scores)


def chosen(name: str, value: str, choices: Sequence[str]) -> None:
    """Refuses what is none of the choices.

    Raises:
        ValueError: It is none.
    """
    if value not in choices:
        raise ValueError(f"Expected {name} to be one of {', '.join(choices)}, got {value!r}.")
