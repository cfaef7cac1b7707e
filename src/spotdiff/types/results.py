"""Answers: what differs in a pair, and how it was found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from spotdiff.types.areas import AreaReport, ModelInfo
from spotdiff.types.arrays import Box
from spotdiff.types.changes import ChangeKind, LabelSets
from spotdiff.types.maps import ChangeMap
from spotdiff.types.pairs import Pair


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs. What is only in one view has only that view's box.

    `label_before` is there where another thing stood before what `label` says. `caption` says it in
    a sentence. `region_captions` say what its place shows in before and in
    after, where a model was asked; `caption_reason` says why there is no caption though there
    should be one.
    """

    kind: ChangeKind
    score: float
    label: str | None = None
    box_before: Box | None = None
    box_after: Box | None = None
    caption: str | None = None
    region_captions: tuple[str, str] | None = None
    caption_reason: str | None = None
    label_before: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a comparer says of one pair; boxes of both views are in the frame of the pair.

    `change_score` is None where nothing can be said, as for two places that are not the same.
    `caption` says all changes together, where a captioner was asked; `caption_reason` says why
    there is none though there should be one.
    """

    changes: tuple[Change, ...] = ()
    change_score: float | None = None
    labels: LabelSets | None = None
    change_map: ChangeMap | None = None
    areas: AreaReport | None = None
    caption: str | None = None
    caption_reason: str | None = None


@dataclass(frozen=True, slots=True)
class ViewInfo:
    """A photograph as it lies on disk: size in pixels after EXIF rotation, hash of the file."""

    path: str
    width: int | None = None
    height: int | None = None
    sha256: str | None = None


Registering: TypeAlias = Literal["shift", "ecc", "homography"]


@dataclass(frozen=True, slots=True)
class Registration:
    """Whether what both views show could be laid on one another, and how well.

    Attributes:
        method: What looked for the transform.
        accepted: Whether it was believed; if not, the pair was compared as it was.
        reason: Why it was not, in one sentence.
        inliers: Points of both views that agree on the transform; None for methods without points.
        residual: By how many pixels of the after view things still lie apart, the median over what
            has structure; None where that was not looked at.
        overlap: Share of the after view that before covers as the pair was compared.
    """

    method: Registering
    accepted: bool
    reason: str | None = None
    inliers: int | None = None
    residual: float | None = None
    overlap: float = 1.0


@dataclass(frozen=True, slots=True)
class Alignment:
    """How the before image was laid onto the after image.

    Attributes:
        method: How sizes were made equal: `resize` scales each axis by itself; `fit` scales both
            by one factor and centres.
        matrix: Maps homogeneous pixel coordinates of before to those of after, row by row; sizes
            and registration together.
        registration: None where nobody looked for what moved the camera.
    """

    method: Literal["resize", "fit"]
    matrix: tuple[tuple[float, float, float], ...]
    registration: Registration | None = None


@dataclass(frozen=True, slots=True)
class PairResult:
    """The answer for one pair: a value, an empty value, or an error with its reason.

    `captioner` is who wrote the captions, or could not: `caption_reason` says why. `pair` and
    `change_map` are there for writers that draw; the record leaves them out.
    """

    pair_id: str
    before: ViewInfo
    after: ViewInfo
    status: Literal["ok", "error"] = "ok"
    reason: str | None = None
    change_score: float | None = None
    changes: tuple[Change, ...] = ()
    labels: LabelSets | None = None
    heatmap: str | None = None
    alignment: Alignment | None = None
    model: ModelInfo | None = None
    areas: AreaReport | None = None
    caption: str | None = None
    captioner: ModelInfo | None = None
    caption_reason: str | None = None
    pair: Pair | None = None
    change_map: ChangeMap | None = None

    def light(self) -> PairResult:
        """The result without its pixels, cheap to keep or to send."""
        return replace(self, pair=None, change_map=None)
