"""One answered pair after another in, named values out.

Of every pair is measured what its truth allows. A value that lacks its examples is None, never 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np

from spotdiff.evaluation.boxes import KindsOfChange, PlacesOfChange, SizesOfChange
from spotdiff.evaluation.labels import LabelsOfChange
from spotdiff.evaluation.pairs import WholePairs
from spotdiff.evaluation.pixels import Pixels
from spotdiff.evaluation.ranking import Interval
from spotdiff.evaluation.word_sets import WordSets
from spotdiff.ops.boxes import transform
from spotdiff.ops.frames import Matrix
from spotdiff.types import Box, Change, PairResult, TrueChange, Truth

_Located = TypeVar("_Located", Change, TrueChange)


class Measure(Protocol):
    """Gathers the evidence of one part."""

    name: str
    needs: str

    def take(self, result: PairResult, truth: Truth) -> bool:
        """Adds a pair, unless its truth lacks what is needed; says whether it did."""
        ...

    def values(self) -> dict[str, float]:
        """The measures; nan where there were no examples."""
        ...


@runtime_checkable
class Spread(Protocol):
    """A measure that knows how far some of its values may be off."""

    def intervals(self) -> dict[str, Interval]:
        """Bootstrap intervals of 95 % over pairs, by the name of the value."""
        ...


@runtime_checkable
class CountsFailures(Protocol):
    """A measure that a pair without an answer lowers, in place of being left out."""

    def fail(self, truth: Truth) -> bool:
        """Adds a pair that could not be answered, unless its truth lacks what is needed."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """One group of measures.

    Attributes:
        name: Of the group.
        needs: The truth that it is measured on, in words.
        pairs: How many pairs had that truth.
        values: By name; None where there were no examples.
        intervals: Of some of them, 95 % by bootstrap over pairs.
    """

    name: str
    needs: str
    pairs: int
    values: Mapping[str, float | None]
    intervals: Mapping[str, Interval] = field(default_factory=dict)


class Scoreboard:
    """Every measure over a run.

    Args:
        measures: What is measured, each under a name of its own.
    """

    def __init__(self, measures: Sequence[Measure]) -> None:
        self._measures = tuple(measures)
        self._pairs = dict.fromkeys((measure.name for measure in self._measures), 0)

    @classmethod
    def of_answers(
        cls, min_heat: float, margin: float = 0.0, tells_pairs: bool = True
    ) -> Scoreboard:
        """Everything that can be measured of answers as they are reported.

        Args:
            min_heat: The calibrated threshold, for the F1 of pixels at it.
            margin: Pixels added around predicted boxes.
            tells_pairs: Whether a truth without changes tells that nothing changed.
        """
        boxes = (PlacesOfChange(margin), SizesOfChange(margin), KindsOfChange(margin))
        pairs = (WholePairs(),) if tells_pairs else ()
        return cls((Pixels(min_heat), *boxes, LabelsOfChange(margin), *pairs, WordSets()))

    def take(self, result: PairResult, truth: Truth) -> None:
        """Adds a pair.

        Args:
            result: An answer, status `ok`; pixels are measured of one with its `change_map`.
            truth: Boxes in the pixels of their own view.
        """
        result, truth = _in_one_frame(result, truth)
        for measure in self._measures:
            self._pairs[measure.name] += measure.take(result, truth)

    def fail(self, truth: Truth) -> bool:
        """Adds a pair that could not be answered; says whether any measure counts that."""
        counted = [m for m in self._measures if isinstance(m, CountsFailures) and m.fail(truth)]
        for measure in counted:
            self._pairs[measure.name] += 1
        return bool(counted)

    def parts(self) -> list[Part]:
        """What was measured, in a fixed order; a part without pairs has no values."""
        return [
            _part(measure, pairs) if pairs else Part(measure.name, measure.needs, 0, {})
            for measure, pairs in zip(self._measures, self._pairs.values(), strict=True)
        ]


def _part(measure: Measure, pairs: int) -> Part:
    values = {name: None if math.isnan(v) else v for name, v in measure.values().items()}
    intervals = measure.intervals() if isinstance(measure, Spread) else {}
    known = {name: ends for name, ends in intervals.items() if not math.isnan(ends[0])}
    return Part(measure.name, measure.needs, pairs, values, known)


def _in_one_frame(result: PairResult, truth: Truth) -> tuple[PairResult, Truth]:
    """Both with the boxes of the before view laid onto the frame of the after view."""
    if result.alignment is None:
        return result, truth
    matrix = np.array(result.alignment.matrix)
    said = tuple(_moved(change, matrix) for change in result.changes)
    return replace(result, changes=said), laid_truth(truth, matrix)


def laid_truth(truth: Truth, matrix: Matrix) -> Truth:
    """The truth with its boxes of the before view mapped by a matrix."""
    if truth.changes is None:
        return truth
    return replace(truth, changes=tuple(_moved(change, matrix) for change in truth.changes))


def _moved(change: _Located, matrix: Matrix) -> _Located:
    if change.box_before is None:
        return change
    x0, y0, x1, y1 = transform(np.array([change.box_before], np.float32), matrix)[0].tolist()
    box: Box = (x0, y0, x1, y1)
    return replace(change, box_before=box)
