"""Data sets that are built step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from spotdiff.types import ModelInfo, Plain, Reply, Sample


class CaptionEditor(Protocol):
    """Makes one thing of a caption another thing."""

    info: ModelInfo

    def __call__(self, captions: Sequence[str], seeds: Sequence[int]) -> list[Reply]:
        """An edited caption each, or why there is none; the same caption and seed give the same."""
        ...


class Step(Protocol):
    """One step of building a data set.

    Attributes:
        name: What verdicts, scores and settings are filed under.
    """

    name: str

    @property
    def settings(self) -> Mapping[str, Plain]:
        """All that decides what it does, models by name and hash."""
        ...

    def __call__(self, samples: Sequence[Sample]) -> list[Sample]:
        """The same samples in the same order, each with what this step adds or its verdict.

        What becomes of a sample does not depend on the others. Those that have a verdict already
        are never given to a step.
        """
        ...
