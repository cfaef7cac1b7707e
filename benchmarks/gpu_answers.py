"""Whether a GPU gives the answers of the CPU: the first table of gpu.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from gpu_clock import table

from spotdiff.apps.loading import load
from spotdiff.data.cutouts import PhotoLibrary
from spotdiff.data.synthetic import SyntheticPairs
from spotdiff.pipeline import PairPipeline
from spotdiff.stages.decision import MapComparer
from spotdiff.types import ChangeMap, Pair, PairResult

NEAR = 1.0  # pixels by which an edge may be off in a box that is the same


@dataclass(frozen=True)
class Way:
    """How a network is computed: where, in which numbers, and whether convolutions take TF32."""

    device: str
    half: bool = False
    tf32: bool = False

    def __str__(self) -> str:
        """What the tables call it."""
        numbers = "bfloat16" if self.half else "TF32" if self.tf32 else "float32"
        return f"{self.device}, {numbers}"

    def pipeline(self) -> PairPipeline:
        """That of the model that comes with the package."""
        return load(device=self.device, half=self.half)


class Seen(NamedTuple):
    """What a way says of the pairs, and how far it is from the laws of a pair."""

    results: list[PairResult]
    identity: float
    swap: float


def ways(device: str) -> list[Way]:
    """Those of a device that predict offers, beside bfloat16 on the CPU."""
    return [Way(device), *([] if device == "cpu" else [Way(device, half=True)]), Way("cpu", True)]


def drawn(count: int, size: tuple[int, int]) -> list[Pair]:
    """Synthetic pairs of drawn shapes, the same ones each time."""
    return list(map(SyntheticPairs(PhotoLibrary.procedural(), size), range(count)))


def print_answers(device: str, count: int, size: tuple[int, int]) -> None:
    """Compares every way with float32 on the CPU, pair by pair."""
    pairs = drawn(count, size)
    true = seen(Way("cpu"), pairs)
    columns = (
        "network",
        "largest difference of heat",
        "mean",
        "heat across the threshold, px of a million",
        "pairs of the same boxes",
        "the same kinds",
        "the same words",
        "largest difference of a score",
        "heat of equal views",
        "swapped views, difference",
    )
    title = (
        f"Answers: pairs {len(pairs)} of {size[1]}x{size[0]} "
        f"({sum(len(r.changes) for r in true.results)} changes), against float32 on the CPU, for "
        f"which equal views give {true.identity:.1e} and swapped ones {true.swap:.1e}"
    )
    rows = ((way, *_compared(seen(way, pairs), true)) for way in ways(device))
    table(title, columns, rows)


def seen(way: Way, pairs: Sequence[Pair]) -> Seen:
    """The answers of one way."""
    pipeline = way.pipeline()
    results = [pipeline.compare(pair.before, pair.after, pair.pair_id) for pair in pairs]
    comparer = pipeline.comparer
    if not isinstance(comparer, MapComparer):
        raise TypeError(f"Expected a model that gives heat, got {type(comparer).__name__}.")
    some = pairs[:8]
    equal = comparer.localizer([replace(pair, before=pair.after) for pair in some])
    there = comparer.localizer(some)
    back = comparer.localizer([_swapped(pair) for pair in some])
    swap = max(
        float(np.abs(one.heat - other.heat[[1, 0, 2]]).max())
        for one, other in zip(there, back, strict=True)
    )
    return Seen(results, max(float(m.heat.max()) for m in equal), swap)


def _swapped(pair: Pair) -> Pair:
    return Pair(pair.pair_id, pair.after, pair.before)


def _compared(said: Seen, true: Seen) -> tuple[str, ...]:
    both = list(zip(said.results, true.results, strict=True))
    differences = [np.abs(_map(a).heat - _map(b).heat) for a, b in both]
    cut = load().comparer.decision.thresholds.min_heat  # type: ignore[attr-defined]
    crossed = np.mean([np.mean((_map(a).heat >= cut) != (_map(b).heat >= cut)) for a, b in both])
    scores = [abs(x - y) for a, b in both for x, y in _scores(a, b)]
    return (
        f"{max(float(d.max()) for d in differences):.2e}",
        f"{np.mean([d.mean() for d in differences]):.2e}",
        f"{1e6 * crossed:.1f}",
        share([same_boxes(a, b) for a, b in both]),
        share([_kinds(a) == _kinds(b) for a, b in both]),
        share([same_words(a, b) for a, b in both]),
        f"{max(scores, default=0):.1e}",
        f"{said.identity:.1e}",
        f"{said.swap:.1e}",
    )


def _map(result: PairResult) -> ChangeMap:
    if result.change_map is None:
        raise ValueError(f"Expected a change map of pair {result.pair_id}, got: {result.reason}")
    return result.change_map


def share(same: Sequence[bool]) -> str:
    """How many are true, in words."""
    return f"{sum(same)} of {len(same)}"


def _boxes(result: PairResult) -> list[tuple[float, ...]]:
    """Kind, which views show it, and edges, in an order of their own."""
    return sorted(
        (
            list(type(c.kind)).index(c.kind),
            *(c.box_before or (-9.0,) * 4),
            *(c.box_after or (-9.0,) * 4),
        )
        for c in result.changes
    )


def same_boxes(one: PairResult, other: PairResult) -> bool:
    """Whether both report boxes of the same kinds in the same places."""
    ours, theirs = np.array(_boxes(one)), np.array(_boxes(other))
    return ours.shape == theirs.shape and bool((np.abs(ours - theirs) <= NEAR).all())


def _kinds(result: PairResult) -> Counter[str]:
    return Counter(str(change.kind) for change in result.changes)


def same_words(one: PairResult, other: PairResult) -> bool:
    """Whether both say the same words of changes and of the pair."""
    return _words(one) == _words(other)


def _words(result: PairResult) -> tuple[object, ...]:
    return Counter(change.label for change in result.changes), result.labels


def _scores(one: PairResult, other: PairResult) -> Iterator[tuple[float, float]]:
    """Scores of changes that both have, where both have as many."""
    if len(one.changes) == len(other.changes):
        yield from zip(*(sorted(c.score for c in r.changes) for r in (one, other)), strict=True)
