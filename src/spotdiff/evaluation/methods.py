"""What is compared: anything that gives a change map, and what says the changes of our own."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from spotdiff.contracts import Aligner, ChangeLocalizer
from spotdiff.evaluation.scoreboard import laid_truth
from spotdiff.ops.statements import change_score
from spotdiff.stages.decision import Decision, MapComparer
from spotdiff.types import Change, ChangeMap, LabelSets, Pair, PairResult, Truth, ViewInfo

HEATS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a method said of a pair, and the truth, all in the frame of the after view.

    Attributes:
        result: With its change map; without `alignment`, since nothing is left to be laid.
        change_map: That of the result.
        truth: Of the pair, its boxes of the before view laid as the view was.
        seconds: From two images to the answer.
        moved: Whether the before view was laid onto the after view.
    """

    result: PairResult
    change_map: ChangeMap
    truth: Truth
    seconds: float
    moved: bool = False


@dataclass(frozen=True)
class Method:
    """One of those that are compared.

    Attributes:
        name: In tables.
        localizer: Gives the heat.
        heats: Thresholds at which boxes are cut, to find the best one.
        decision: What reports changes; None where a method has no calibrated thresholds.
        min_heat: The calibrated threshold of pixels; None as well.
        aligner: Lays before onto after first; None takes the camera for fixed.
    """

    name: str
    localizer: ChangeLocalizer
    heats: tuple[float, ...] = HEATS
    decision: Decision | None = None
    min_heat: float | None = None
    aligner: Aligner | None = None

    def answer(self, pair: Pair) -> Answered:
        """The answer to a pair whose views have one size.

        Without a decision there are no changes, and the change score is what the gates say.

        Raises:
            ValueError: If the two views differ in size.
        """
        start = time.perf_counter()
        laid, truth, moved = pair, pair.truth, False
        if self.aligner is not None:
            laid, matrix, _ = self.aligner([pair])[0]
            truth = laid_truth(pair.truth, matrix)
            moved = laid is not pair
        answer = MapComparer(self.localizer, self.decision or _no_changes)([laid])[0]
        seconds = time.perf_counter() - start
        change_map = answer.change_map
        if change_map is None or answer.change_score is None:
            msg = f"Expected a change map of {self.name!r} for pair {pair.pair_id!r}, got none."
            raise ValueError(msg)
        height, width = pair.after.shape[:2]
        view = ViewInfo("", width, height)
        result = PairResult(
            pair.pair_id,
            view,
            view,
            change_score=answer.change_score,
            changes=answer.changes,
            labels=answer.labels,
            change_map=change_map,
        )
        return Answered(result, change_map, truth, seconds, moved)


def _no_changes(
    pair: Pair,  # noqa: ARG001 - as any decision
    change_map: ChangeMap,
) -> tuple[tuple[Change, ...], float, LabelSets]:
    """What a method without thresholds reports: how sure it is of any change, and nothing else."""
    return (), change_score(change_map.gates), LabelSets()


def method(name: str, localizer: ChangeLocalizer, aligner: Aligner | None = None) -> Method:
    """A method without calibrated thresholds; its attribute `heats`, if any, are those to try."""
    heats: Sequence[float] = getattr(localizer, "heats", HEATS)
    return Method(name, localizer, tuple(heats), aligner=aligner)
