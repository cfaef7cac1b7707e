"""Hypotheses that somebody has already; without any it is the proposer that says nothing."""

from __future__ import annotations

from collections.abc import Sequence

from spotdiff.contracts import Album
from spotdiff.types import Hypothesis


class GivenProposer:
    """Says what it was given, whatever the pictures; a `SetProposer`.

    Args:
        texts: Descriptions, the best first.
        name: What hypotheses say of where they come from.
    """

    def __init__(self, texts: Sequence[str] = (), name: str = "given") -> None:
        self.texts, self.name = tuple(map(str, texts)), name

    def __call__(
        self,
        first: Album,  # noqa: ARG002
        second: Album,  # noqa: ARG002
        count: int,  # noqa: ARG002
        seed: int,  # noqa: ARG002
    ) -> tuple[list[Hypothesis], list[str]]:
        """All that was given: who gives hypotheses wants them all ranked."""
        return [Hypothesis(text, (self.name,)) for text in self.texts], []
