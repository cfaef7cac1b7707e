"""Pairs, from their rows in a table to their pixels."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Bool

from spotdiff.types.arrays import Image
from spotdiff.types.changes import LabelSets, TrueChange, Truth

Outside: TypeAlias = Literal["unchanged", "unknown"]


@dataclass(frozen=True, slots=True)
class PairRow:
    """Where a pair lies on disk and what its table says of it; nothing is decoded yet.

    `where` names the origin for messages ("labels.csv row 17"). `mask` is a file whose pixels
    `mask_codes` translates into the bits of `Mask`; None takes every nonzero pixel as a change of
    unknown kind. Without a mask file, `outside` says what is known of the pixels outside the boxes
    of `changes`; None draws no mask from them.
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
    outside: Outside | None = None


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row that cannot be used, and why; `reason` is one sentence with the path or column.

    `labels` are its words where those could be read: a pair without pictures has them all the same.
    """

    pair_id: str
    where: str
    reason: str
    before: Path | None = None
    after: Path | None = None
    labels: LabelSets | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two decoded photographs and what is known about them; `pair_id` is unique in its data set.

    `captions` are those of before and of after, empty where only the other one is given. `overlap`
    marks the pixels of a common frame that both views show; None where they are all of them. Of
    the others nothing is known: before repeats after there, and nobody may call them changed.
    """

    pair_id: str
    before: Image
    after: Image
    truth: Truth = field(default_factory=Truth)
    captions: tuple[str, str] | None = None
    overlap: Bool[np.ndarray, "h w"] | None = None
