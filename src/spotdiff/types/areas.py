"""How difference areas were found: what each filter left, and which experts spoke."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which weights spoke: the name of the model and the hash of its weights."""

    name: str
    sha256: str


class NoAreas(StrEnum):
    """Why a pair has no difference areas: the first filter that left nothing."""

    IDENTICAL = "identical"  # the views are equal, pixel by pixel
    TOO_SIMILAR = "too_similar"
    TOO_DIFFERENT = "too_different"
    NO_NOUNS = "no_nouns"  # the captions name the same things
    NO_REGIONS = "no_regions"  # none was proposed
    WRONG_SIZE = "wrong_size"  # those that were are smaller or larger than asked for
    NO_DIFFERENCE = "no_difference"  # every region looks alike in both views
    NO_MATCH = "no_match"  # no region shows what the captions differ in


@dataclass(frozen=True, slots=True)
class Funnel:
    """What was left after each filter.

    Attributes:
        pairs: Pairs that came in.
        gated: Of these, pairs that passed the whole-image gate.
        regions: Regions proposed for them in both views, as large as asked for.
        different: Of these, regions that look different in the two views.
        asked: Of these, regions that no better one had made superfluous: the image-text model
            was asked about no others.
        matched: Of these, regions that show a noun; all of them where none was looked for.
        kept: Regions that were answered.
    """

    pairs: int = 0
    gated: int = 0
    regions: int = 0
    different: int = 0
    asked: int = 0
    matched: int = 0
    kept: int = 0

    def __add__(self, other: Funnel) -> Funnel:
        """The counts of both together."""
        names = [item.name for item in fields(self)]
        return Funnel(*(getattr(self, name) + getattr(other, name) for name in names))


@dataclass(frozen=True, slots=True)
class AreaReport:
    """How the areas of one pair came about.

    Attributes:
        reason: Why there are none; None where there are some.
        similarity: Of the whole views, in [-1, 1]; None where it was not needed.
        funnel: What each filter left.
        experts: By their role: `proposer`, `similarity`, `matcher`, `image_captioner`, `tagger`.
        captions: What the nouns came from, of before and of after; None where there were none.
    """

    reason: NoAreas | None = None
    similarity: float | None = None
    funnel: Funnel = field(default_factory=Funnel)
    experts: Mapping[str, ModelInfo] = field(default_factory=dict)
    captions: tuple[str, str] | None = None
