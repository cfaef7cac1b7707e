"""Sets of pictures, and who says how they differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from jaxtyping import Float64

from spotdiff.types import (
    Embeddings,
    Hypothesis,
    Image,
    ImageSets,
    Measure,
    Reply,
    SetItem,
)


class Album(Protocol):
    """Pictures of a set, each looked at once whoever asks, and what is known of them.

    Rows are numbers of pictures; those that cannot be read are in none of them.
    """

    @property
    def rows(self) -> Sequence[int]:
        """The pictures that can be looked at, ascending."""
        ...

    @property
    def items(self) -> Sequence[SetItem]:
        """All pictures of the set by their number."""
        ...

    @property
    def measures(self) -> Sequence[Measure]:
        """What is measured of every picture."""
        ...

    def measured(self, rows: Sequence[int]) -> Float64[np.ndarray, "n m"]:
        """Each of `measures` of pictures."""
        ...

    def keys(self, rows: Sequence[int]) -> list[str]:
        """Names of pictures as they are now, for what is kept of them: a changed file has another.

        The part of the file that is looked at counts.
        """
        ...

    @property
    def problems(self) -> Sequence[str]:
        """Why the others cannot, a sentence each."""
        ...

    def images(self, rows: Sequence[int]) -> list[Image]:
        """Pictures, decoded; many at a time need much memory."""
        ...

    def captions(self, rows: Sequence[int]) -> list[Reply]:
        """What pictures show, as their table says it or as an image captioner does."""
        ...

    def embeddings(self, rows: Sequence[int]) -> Embeddings:
        """One unit vector a picture."""
        ...


class SetProposer(Protocol):
    """Says what may be truer of a first set of pictures than of a second one.

    Attributes:
        name: What hypotheses say of where they come from.
    """

    name: str

    def __call__(
        self, first: Album, second: Album, count: int, seed: int
    ) -> tuple[list[Hypothesis], list[str]]:
        """At most `count` hypotheses, best first, and a sentence for each thing that went wrong."""
        ...


class SetRanker(Protocol):
    """Says how much hypotheses hold of single pictures.

    Attributes:
        name: Who says so.
    """

    name: str

    def __call__(
        self, hypotheses: Sequence[Hypothesis], album: Album
    ) -> Float64[np.ndarray, "h n"]:
        """A score of each hypothesis for each of the rows of an album; NaN where none is known."""
        ...


class SetJudge(Protocol):
    """Says how well hypotheses name what truly differs.

    Attributes:
        name: Who says so.
    """

    name: str

    def __call__(self, sets: ImageSets, hypotheses: Sequence[str]) -> list[int | None]:
        """A grade each: 2 says what the truth says, 1 more or less than that, 0 something else.

        None where the judge gave no clear grade.
        """
        ...
