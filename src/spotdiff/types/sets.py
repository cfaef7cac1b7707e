"""Two sets of pictures, and what is said of how they differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from spotdiff.types.arrays import Box


class Measure(NamedTuple):
    """A property of pictures: its name, and how a caption has more of it and less of it."""

    name: str
    more: str
    less: str


@dataclass(frozen=True, slots=True)
class SetItem:
    """One picture of a set: a file, or a part of one.

    Attributes:
        path: The file.
        box: The part, in pixels after EXIF rotation; None for all of it.
        prompt: What a generator was asked for; None where nobody asked one.
        caption: What it shows, where somebody said so.
        scene: What pictures of both sets may have in common, such as the pair that they are views
            of: they are looked at in the same half.
    """

    path: str
    box: Box | None = None
    prompt: str | None = None
    caption: str | None = None
    scene: str | None = None


@dataclass(frozen=True, slots=True)
class ImageSets:
    """Two sets of pictures.

    Attributes:
        names: What they are called; where these tell the difference they are a reference.
        first: The set that is described.
        second: The one that it is compared with.
        difference: What is truer of the first set, where it is known.
        difficulty: How hard that is to see, in the words of a benchmark.
    """

    names: tuple[str, str]
    first: tuple[SetItem, ...]
    second: tuple[SetItem, ...]
    difference: str | None = None
    difficulty: str | None = None

    def swapped(self) -> ImageSets:
        """The other way round; what is known of the difference does not hold then."""
        return ImageSets(self.names[::-1], self.second, self.first, None, self.difficulty)


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """Something that may be truer of the first set.

    Attributes:
        text: In a few words, as a caption of a picture would have them.
        proposers: Who said so.
        measure: The measured property that it puts into words, with `-` before its name where less
            of it is meant; None for what is judged by its words alone.
    """

    text: str
    proposers: tuple[str, ...] = ()
    measure: str | None = None


@dataclass(frozen=True, slots=True)
class Histogram:
    """How the scores of two sets lie, in bins of one width.

    Attributes:
        low: Where the first bin begins.
        high: Where the last one ends; scores beyond either end are in the bin beside it.
        first: Pictures of the first set in each bin.
        second: Those of the second set.
    """

    low: float
    high: float
    first: tuple[int, ...]
    second: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A hypothesis with how well it holds on pictures that it was not made from.

    Attributes:
        hypothesis: It.
        ranker: Who scored the pictures.
        auroc: Probability that a picture of the first set scores higher than one of the second.
        low: Lower end of its 95 % interval.
        high: Upper end.
        means: Mean score in both sets.
        effect: Difference of the means in standard deviations.
        p: Of a one-sided test that the first set does not score higher.
        q: The same corrected for the number of hypotheses.
        best_first: Pictures of the first set that show it best, by their number in the set.
        best_second: Pictures of the second set that show it least.
        unanswered: Pictures that could not be scored.
        shares: Share of both sets that scores above the middle of the two means.
        histogram: How the scores lie.
    """

    hypothesis: Hypothesis
    ranker: str
    auroc: float
    low: float
    high: float
    means: tuple[float, float]
    effect: float
    p: float
    q: float
    best_first: tuple[int, ...] = ()
    best_second: tuple[int, ...] = ()
    unanswered: int = 0
    shares: tuple[float, float] = (0.0, 0.0)
    histogram: Histogram | None = None


@dataclass(frozen=True, slots=True)
class SetReport:
    """What was found out about two sets.

    Attributes:
        sets: They.
        ranked: Hypotheses, best first.
        reference: The names of the sets ranked as hypotheses; they count in no correction.
        proposed_on: How many pictures of each set hypotheses were made from.
        ranked_on: How many of each they were ranked on.
        problems: A sentence for all that went wrong and was left out.
        models: Who was asked, by role, as name and hash.
        labels: What changes are called, with their numbers, most frequent first; of sets that are
            made of changes.
    """

    sets: ImageSets
    ranked: tuple[Ranked, ...]
    reference: tuple[Ranked, ...] = ()
    proposed_on: tuple[int, int] = (0, 0)
    ranked_on: tuple[int, int] = (0, 0)
    problems: tuple[str, ...] = ()
    models: tuple[tuple[str, str, str], ...] = ()
    labels: tuple[tuple[str, int], ...] = ()
