"""How often does a nuisance alone pass for a change? Unchanged photographs under one at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from spotdiff.evaluation.alarms import ALL, Rate, Scores, alarms, over_seeds, own_alarms
from spotdiff.evaluation.grid import box_score
from spotdiff.evaluation.methods import Method
from spotdiff.evaluation.nuisances import (
    Degraded,
    Nothing,
    Nuisance,
    NuisancePairs,
    Shifted,
    Turned,
)
from spotdiff.evaluation.tables import ABSENT, Report, Step, Table, share_of_pairs
from spotdiff.ops.statements import change_score
from spotdiff.types import Pair

AREAS = (16, 100, 250)  # smallest regions of "any box", in pixels
NAMES = (
    "exposure",
    "white_balance",
    "soft_shadow",
    "tinted_rectangles",
    "jpeg",
    "blur",
    "noise",
)
_SCORE, _BOX, _REPORTED = "pair score", "any box", "any reported box"
_NOTES = {
    _SCORE: (
        "Share of unchanged pairs whose change score reaches what 90 % of the changed pairs reach "
        "(the same photographs and nuisances, one thing pasted): one threshold for each method and "
        "seed, over all nuisances."
    ),
    _BOX: (
        "The same with the largest threshold of the heat at which there is a region of some area; "
        "of the areas 16, 100 and 250 px the one with fewest alarms, in favour of the method."
    ),
    _REPORTED: "Share of unchanged pairs with any reported box, at the calibrated thresholds.",
}


class NuisanceSuite:
    """Measures false alarms of methods under one nuisance at a time.

    Args:
        name: Of the suite.
        pairs: Draws the pairs.
        nuisances: Functions of `spotdiff.data.nuisance`, each at full strength.
        shifts: Between the views, in pixels.
        degrees: Turns of one view.
        scales: Factors by which one view is larger or smaller.
        seeds: How often everything is drawn anew.
        strength: Of the nuisances, 1 for the documented range.
    """

    def __init__(
        self,
        name: str,
        pairs: NuisancePairs,
        nuisances: Sequence[str] = NAMES,
        shifts: Sequence[int] = (1, 2, 3, 4, 6, 8),
        degrees: Sequence[float] = (0.3, 1.0),
        scales: Sequence[float] = (1.005, 1.02),
        seeds: int = 3,
        strength: float = 1.0,
    ) -> None:
        self.name = name
        self.pairs = pairs
        self.seeds = seeds
        self.nuisances: dict[str, Nuisance] = {
            "nothing": Nothing(),
            **{name: Degraded(name, strength) for name in nuisances},
            **{f"shift {pixels} px": Shifted(pixels) for pixels in shifts},
            **{f"turn {angle:g}°": Turned(degrees=angle) for angle in degrees},
            **{f"scale {factor:g}": Turned(scale=factor) for factor in scales},
        }

    def __call__(self, methods: Sequence[Method], step: Step) -> Report:
        """Answers every pair by every method; a photograph that cannot be used is a problem."""
        seen = [[_Seen() for _ in range(self.seeds)] for _ in methods]
        problems: list[str] = []
        measured = 0
        for seed, name, still, changed in self._drawn(problems, step):
            for method, seeds in zip(methods, seen, strict=True):
                seeds[seed].take(method, name, still, changed)
            measured += 2
        found = {
            method.name: _rates(seeds)
            for method, seeds in zip(methods, seen, strict=True)
            if measured
        }
        values = {name: _plain(rates) for name, rates in found.items()}
        return Report(self.name, self._tables(found), values, measured, tuple(problems))

    def _drawn(self, problems: list[str], step: Step) -> Iterator[tuple[int, str, Pair, Pair]]:
        """Seed, nuisance, unchanged and changed pair; calls `step` when both were answered."""
        for seed, number in product(range(self.seeds), range(len(self.pairs))):
            try:
                drawn = list(self.pairs.pairs(number, seed, self.nuisances))
            except ValueError as error:
                problems.append(str(error))
                continue
            for name, still, changed in drawn:
                yield seed, name, still, changed
                step()

    def _tables(self, found: Mapping[str, Mapping[str, Mapping[str, Rate]]]) -> tuple[Table, ...]:
        rows = {}
        for kind in _NOTES:
            rows[kind] = tuple(
                (name, *(_cell(rates.get(kind, {}).get(name)) for rates in found.values()))
                for name in (*self.nuisances, ALL)
            )
        photographs = f" {len(self.pairs)} photographs, {self.seeds} seeds: mean ± deviation."
        return tuple(
            Table(f"Unchanged pairs: {kind}", ("nuisance", *found), rows[kind], note + photographs)
            for kind, note in _NOTES.items()
            if any(kind in rates for rates in found.values())
        )


class _Seen:
    """What one seed shows of one method, by kind of score and by nuisance."""

    def __init__(self) -> None:
        self.unchanged: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        self.changed: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))

    def take(self, method: Method, name: str, still: Pair, changed: Pair) -> None:
        for pair, kept in ((still, self.unchanged), (changed, self.changed)):
            for kind, score in _scores(method, pair).items():
                kept[kind][name].append(score)


def _scores(method: Method, pair: Pair) -> dict[str, float]:
    answered = method.answer(pair)
    heat, changes = answered.change_map.heat, answered.result.changes
    scores = {_SCORE: change_score(answered.change_map.gates)}
    scores |= {f"{_BOX} {area} px": box_score(heat, area) for area in AREAS}
    return scores | ({_REPORTED: float(bool(changes))} if method.decision else {})


def _rates(seeds: Sequence[_Seen]) -> dict[str, dict[str, Rate]]:
    """By kind of score and nuisance; "any box" is the area with the fewest alarms."""
    at_recall = {
        kind: over_seeds([alarms(one.unchanged[kind], one.changed[kind]) for one in seeds])
        for kind in seeds[0].unchanged
        if kind != _REPORTED
    }
    boxes = {kind: at_recall.pop(kind) for kind in list(at_recall) if kind.startswith(_BOX)}
    fewest = min(boxes, key=lambda kind: boxes[kind][ALL].mean)
    own = {
        f"{kind}, own threshold": over_seeds(
            [own_alarms(one.unchanged[kind], one.changed[kind]) for one in seeds]
        )
        for kind in (_SCORE, fewest)
    }
    reported = {}
    if _REPORTED in seeds[0].unchanged:
        reported = {
            _REPORTED: over_seeds([_shares(one.unchanged[_REPORTED]) for one in seeds]),
            f"{_REPORTED}, changed pairs": over_seeds(
                [_shares(one.changed[_REPORTED]) for one in seeds]
            ),
        }
    return {**at_recall, _BOX: boxes[fewest], fewest: boxes[fewest], **own, **reported}


def _shares(scores: Scores) -> dict[str, float]:
    values = [value for some in scores.values() for value in some]
    each = {name: sum(some) / len(some) for name, some in scores.items()}
    return {**each, ALL: sum(values) / len(values)}


def _plain(rates: Mapping[str, Mapping[str, Rate]]) -> dict[str, Any]:
    return {
        kind: {name: list(rate.by_seed) for name, rate in some.items()}
        for kind, some in rates.items()
    }


def _cell(rate: Rate | None) -> str:
    return ABSENT if rate is None else share_of_pairs(rate.mean, rate.deviation)
