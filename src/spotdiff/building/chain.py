"""Steps one after another over batches of samples: none vanishes, and none costs another.

A step that raises for a batch is asked again sample by sample: the one that fails has an error, the
others their answers.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from spotdiff.building.sample_records import to_line
from spotdiff.contracts import Step
from spotdiff.types import Plain, Sample

# What models, files and arithmetic raise; anything else is a mistake of ours, and ends a run.
FAILURES = (RuntimeError, ValueError, ArithmeticError, LookupError, OSError)

log = logging.getLogger("spotdiff")


@dataclass(frozen=True, slots=True)
class Started:
    """A sample on its way.

    Attributes:
        sample: As the last step left it.
        done: How many steps it has behind it.
        boxes: How many changes each of them left it.
    """

    sample: Sample
    done: int = 0
    boxes: tuple[int, ...] = ()

    @property
    def is_out(self) -> bool:
        """Whether no step takes it any more."""
        return self.sample.verdict is not None

    def after(self, sample: Sample) -> Started:
        """The same one step later."""
        return Started(sample, self.done + 1, (*self.boxes, len(sample.changes)))


@dataclass(frozen=True, slots=True)
class Spent:
    """What a step took for some samples: how many there were, and seconds."""

    step: str
    samples: int
    seconds: float


Outcome: TypeAlias = Callable[[Started], None]
Spending: TypeAlias = Callable[[Spent], None]


def _unheard(_: object) -> None:
    """For whoever does not want to know."""


class Chain:
    """Steps in their order.

    Args:
        steps: By names that a recipe gives them; verdicts name a step as it calls itself. None
            at all leaves samples as they are.

    Raises:
        ValueError: If two call themselves alike.
    """

    def __init__(self, steps: Mapping[str, Step]) -> None:
        self.steps = tuple(steps.values())
        for name in self.names:
            if self.names.count(name) > 1:
                raise ValueError(
                    f"Expected steps of different names, two are called {name!r}: give one "
                    "another name=…"
                )

    @property
    def names(self) -> tuple[str, ...]:
        """What the steps call themselves, in order."""
        return tuple(step.name for step in self.steps)

    @property
    def settings(self) -> dict[str, Plain]:
        """All that decides what becomes of a sample: the steps in their order, and their settings.

        Names of steps are numbered, so that another order is another setting.
        """
        return {
            f"{step.name} (step {number})": dict(step.settings)
            for number, step in enumerate(self.steps, start=1)
        }

    def __call__(self, samples: Sequence[Sample]) -> list[Sample]:
        """The same samples in their order, each with what the steps added or its verdict."""
        return [one.sample for one in self.run([Started(sample) for sample in samples])]

    def run(
        self,
        batch: Sequence[Started],
        known: Outcome = _unheard,
        spent: Spending = _unheard,
    ) -> list[Started]:
        """Takes a batch through all steps that it has not behind it.

        Args:
            batch: Samples, each somewhere on its way.
            known: Is told each outcome of each step as soon as it is known.
            spent: Is told what each step took.

        Returns:
            The same samples in their order, at their end.

        Raises:
            TypeError: A step gave back other samples than it was given.
        """
        states = list(batch)
        for number, step in enumerate(self.steps):
            todo = [i for i, one in enumerate(states) if one.done == number and not one.is_out]
            begun = time.perf_counter()
            outcomes = self._outcomes(step, [states[i].sample for i in todo])
            for i, sample in zip(todo, outcomes, strict=True):
                states[i] = states[i].after(sample)
                known(states[i])
            if todo:
                spent(Spent(step.name, len(todo), time.perf_counter() - begun))
        return states

    def _outcomes(self, step: Step, samples: Sequence[Sample]) -> Iterator[Sample]:
        """What a step makes of samples; of those that it fails at, one by one."""
        if not samples:
            return
        try:
            found = _same(step, samples, step(samples))
        except FAILURES as error:
            if len(samples) > 1:
                for sample in samples:
                    yield from self._outcomes(step, [sample])
                return
            yield _failed(step, samples[0], error)
            return
        for before, sample in zip(samples, found, strict=True):
            yield _writable(step, before, sample)


def _same(step: Step, samples: Sequence[Sample], found: Sequence[Sample]) -> Sequence[Sample]:
    """What a step gave back, if it is what it was given.

    Raises:
        TypeError: It is not: a mistake in the step, which ends a run.
    """
    given, got = [sample.id for sample in samples], [sample.id for sample in found]
    if given != got:
        raise TypeError(
            f"Expected step {step.name!r} to give back the samples {given[:3]} in their order, "
            f"got {len(got)} for {len(given)}: {got[:3]}."
        )
    return found


def _failed(step: Step, sample: Sample, error: BaseException) -> Sample:
    reason = " ".join(str(error).split()) or type(error).__name__
    debugging = log.isEnabledFor(logging.DEBUG)
    log.error("%s: %s: %s", sample.id, step.name, reason, exc_info=debugging)
    return sample.failed(step.name, reason)


def _writable(step: Step, before: Sample, sample: Sample) -> Sample:
    """What a step made of a sample, if it can be written down; a verdict of the step is its own."""
    if sample.verdict is not None and sample.verdict.step != step.name:
        sample = replace(sample, verdict=replace(sample.verdict, step=step.name))
    try:
        to_line(sample)
    except ValueError as error:
        return _failed(step, before, error)
    return sample
