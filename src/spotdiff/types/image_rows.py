"""Rows of images, as collections come: some pictures, perhaps a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

Source: TypeAlias = Path | bytes  # a file, or what would be in one


@dataclass(frozen=True, slots=True)
class ImageRow:
    """One row of a collection.

    Attributes:
        where: Its origin, for messages ("rows.jsonl row 17").
        images: Its pictures, in order.
        text: None where it has none.
        cells: All that its table says, as it says it; of a folder the path.
        problem: Why nothing can be known of it, in one sentence; None for a good row.
    """

    where: str
    images: tuple[Source, ...] = ()
    text: str | None = None
    cells: Mapping[str, object] = field(default_factory=dict)
    problem: str | None = None
