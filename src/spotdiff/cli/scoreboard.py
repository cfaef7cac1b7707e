"""One answered pair after another in, named values out.

Of every pair is measured what its truth allows. A value that lacks its examples is None, never 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from spotdiff.cli.measures import (
    KindsOfChange,
    Measure,
    Pixels,
    PlacesOfChange,
    WholePairs,
    WordSets,
)
from spotdiff.ops.boxes import transform
from spotdiff.ops.frames import Matrix
from spotdiff.types import Box, Change, PairResult, TrueChange, Truth

_Located = TypeVar("_Located", Change, TrueChange)


@dataclass(frozen=True, slots=True)
class Part:
    """One group of measures.

    Attributes:
        name: Of the group.
        needs: The truth that it is measured on, in words.
        pairs: How many pairs had that truth.
        values: By name; None where there were no examples.
    """

    name: str
    needs: str
    pairs: int
    values: Mapping[str, float | None]


class Scoreboard:
    """Every measure over a run.

    Args:
        min_heat: The calibrated threshold, for the F1 of pixels at it.
        margin: Pixels added around predicted boxes.
    """

    def __init__(self, min_heat: float, margin: float = 0.0) -> None:
        self._measures: tuple[Measure, ...] = (
            Pixels(min_heat),
            PlacesOfChange(margin),
            KindsOfChange(margin),
            WholePairs(),
            WordSets(),
        )
        self._pairs = dict.fromkeys((measure.name for measure in self._measures), 0)

    def take(self, result: PairResult, truth: Truth) -> None:
        """Adds a pair.

        Args:
            result: An answer with its `change_map`, status `ok`.
            truth: Boxes in the pixels of their own view.
        """
        result, truth = _in_one_frame(result, truth)
        for measure in self._measures:
            self._pairs[measure.name] += measure.take(result, truth)

    def parts(self) -> list[Part]:
        """What was measured, in a fixed order; a part without pairs has no values."""
        return [
            Part(m.name, m.needs, pairs, _without_nan(m.values()) if pairs else {})
            for m, pairs in zip(self._measures, self._pairs.values(), strict=True)
        ]


def _in_one_frame(result: PairResult, truth: Truth) -> tuple[PairResult, Truth]:
    """Both with the boxes of the before view laid onto the frame of the after view."""
    if result.alignment is None:
        return result, truth
    matrix = np.array(result.alignment.matrix)
    changes = None
    if truth.changes is not None:
        changes = tuple(_moved(change, matrix) for change in truth.changes)
    said = tuple(_moved(change, matrix) for change in result.changes)
    return replace(result, changes=said), replace(truth, changes=changes)


def _moved(change: _Located, matrix: Matrix) -> _Located:
    if change.box_before is None:
        return change
    x0, y0, x1, y1 = transform(np.array([change.box_before], np.float32), matrix)[0].tolist()
    box: Box = (x0, y0, x1, y1)
    return replace(change, box_before=box)


def _without_nan(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in values.items()}
