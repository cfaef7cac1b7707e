"""The nouns of this package: everything that crosses a folder border is one of these.

The two photographs of a pair are `before` and `after`. Boxes are (x0, y0, x1, y1) in pixels of the
image they belong to; scores lie in [0, 1]; images are uint8 RGB arrays of shape (h, w, 3). Where an
axis runs over the kinds of change, its order is that of `ChangeKind`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from numbers import Real
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Float32, UInt8

Image: TypeAlias = UInt8[np.ndarray, "h w 3"]
Boxes: TypeAlias = Float32[np.ndarray, "n 4"]
Scores: TypeAlias = Float32[np.ndarray, " n"]
Mask: TypeAlias = UInt8[np.ndarray, "h w"]
Box: TypeAlias = tuple[float, float, float, float]


class ChangeKind(StrEnum):
    """How a thing differs between the two views."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"

    @property
    def swapped(self) -> ChangeKind:
        """The kind that the same change has when before and after trade places."""
        return _SWAPPED[self]

    @property
    def bit(self) -> int:
        """The bit that marks this kind in a `Mask`."""
        return 1 << list(ChangeKind).index(self)


_SWAPPED = {
    ChangeKind.ADDED: ChangeKind.REMOVED,
    ChangeKind.REMOVED: ChangeKind.ADDED,
    ChangeKind.CHANGED: ChangeKind.CHANGED,
}

# A `Mask` holds one bit per kind (1 added, 2 removed, 4 changed: they may overlap) and two more:
UNKNOWN_KIND = 8  # something changed here, the data set does not say how
IGNORE = 128  # nobody knows: neither rewarded nor punished


@dataclass(frozen=True, slots=True)
class LabelSets:
    """Words per kind as the data set wrote them, repeats and order kept; empty means `none`."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def of(self, kind: ChangeKind) -> tuple[str, ...]:
        """The words of one kind."""
        words: tuple[str, ...] = getattr(self, kind.value)
        return words

    def swapped(self) -> LabelSets:
        """The words that hold when before and after trade places."""
        return LabelSets(self.removed, self.added, self.changed)


@dataclass(frozen=True, slots=True)
class TrueChange:
    """One annotated change; a box is None where that view does not show it.

    `kind` is None where the data set says that something changed but not how.
    """

    kind: ChangeKind | None
    label: str | None
    box_before: Box | None
    box_after: Box | None

    def swapped(self) -> TrueChange:
        """The same change when before and after trade places."""
        kind = self.kind.swapped if self.kind else None
        return TrueChange(kind, self.label, self.box_after, self.box_before)


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known about a pair. None means unknown; an empty value means known to be nothing.

    `mask` has the shape of the after image; its bits are those of `ChangeKind.bit`, `UNKNOWN_KIND`
    and `IGNORE`.
    """

    labels: LabelSets | None = None
    changes: tuple[TrueChange, ...] | None = None
    mask: Mask | None = None

    def swapped(self) -> Truth:
        """The truth when before and after trade places."""
        labels = None if self.labels is None else self.labels.swapped()
        changes = None if self.changes is None else tuple(c.swapped() for c in self.changes)
        return Truth(labels, changes, None if self.mask is None else swap_mask(self.mask))


def swap_mask(mask: Mask) -> Mask:
    """The mask with the bits of added and removed exchanged.

    Example:
        >>> swap_mask(np.array([[0, 1, 2, 4, 8, 128]], np.uint8))
        array([[  0,   2,   1,   4,   8, 128]], dtype=uint8)
    """
    added, removed = ChangeKind.ADDED.bit, ChangeKind.REMOVED.bit
    rest = mask & ~np.uint8(added | removed)
    return (rest | ((mask & added) << 1) | ((mask & removed) >> 1)).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class PairRow:
    """Where a pair lies on disk and what its table says of it; nothing is decoded yet.

    `where` names the origin for messages ("labels.csv row 17"). `mask` is a file whose pixels
    `mask_codes` translates into the bits of `Mask`; None takes every nonzero pixel as a change of
    unknown kind.
    """

    pair_id: str
    before: Path
    after: Path
    labels: LabelSets | None = None
    changes: tuple[TrueChange, ...] | None = None
    mask: Path | None = None
    mask_codes: tuple[tuple[int, int], ...] | None = None
    captions: tuple[str, str] | None = None
    where: str = ""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row that cannot be used, and why; `reason` is one sentence with the path or column."""

    pair_id: str
    where: str
    reason: str
    before: Path | None = None
    after: Path | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two decoded photographs and what is known about them; `pair_id` is unique in its data set."""

    pair_id: str
    before: Image
    after: Image
    truth: Truth = field(default_factory=Truth)


@dataclass(frozen=True, slots=True)
class ChangeMap:
    """What a localiser saw in a pair, in the frame of the after image (h, w).

    Attributes:
        heat: Probability of each kind at each pixel.
        gates: Probability that the pair holds any change of each kind.
        label_scores: Probability that the pair holds a change of each kind and label.
        labels_before: Probability of each label at each cell of a coarse grid over the before
            view (its cells cover the image evenly); rows of the vocabulary first.
        labels_after: The same for the after view.
        vocabulary: The labels, in the order of the `v` axes.
    """

    heat: Float32[np.ndarray, "3 h w"]
    gates: Float32[np.ndarray, " 3"]
    label_scores: Float32[np.ndarray, "3 v"]
    labels_before: Float32[np.ndarray, "v gh gw"]
    labels_after: Float32[np.ndarray, "v gh gw"]
    vocabulary: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where a probability becomes a statement; fitted on validation data and kept in checkpoints.

    Attributes:
        min_heat: A pixel at or above it is changed.
        min_score: A box whose score lies below it is not reported.
        min_gates: Per kind, a pair at or above it holds such a change.
        min_label_scores: Per kind, a label at or above it belongs to the kind's label set.
        min_label: A box keeps its label when the label's probability inside it reaches this.

    Raises:
        ValueError: If one is no number.
    """

    min_heat: float = 0.5
    min_score: float = 0.5
    min_gates: tuple[float, float, float] = (0.5, 0.5, 0.5)
    min_label_scores: tuple[float, float, float] = (0.5, 0.5, 0.5)
    min_label: float = 0.5

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            numbers = value if isinstance(value, tuple) else (value,)
            if not all(isinstance(number, Real) for number in numbers):
                msg = f"Expected {item.name} to be a number from 0 to 1 or some, got {value!r}."
                raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs. What is only in one view has only that view's box."""

    kind: ChangeKind
    score: float
    label: str | None = None
    box_before: Box | None = None
    box_after: Box | None = None
    caption: str | None = None


@dataclass(frozen=True, slots=True)
class ViewInfo:
    """A photograph as it lies on disk: size in pixels after EXIF rotation, hash of the file."""

    path: str
    width: int | None = None
    height: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Alignment:
    """How the before image was laid onto the frame of the after image.

    `matrix` maps homogeneous pixel coordinates of before to those of after, row by row.
    """

    method: Literal["resize"]
    matrix: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which weights spoke: the file's stem and its hash."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class PairResult:
    """The answer for one pair: a value, an empty value, or an error with its reason.

    `pair` and `change_map` are there for writers that draw; the record leaves them out.
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
    pair: Pair | None = None
    change_map: ChangeMap | None = None

    def light(self) -> PairResult:
        """The result without its pixels, cheap to keep or to send."""
        return replace(self, pair=None, change_map=None)
