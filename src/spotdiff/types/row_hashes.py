"""What is known of the rows of a collection when those that show the same are searched: columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float64, Int32, Int64, UInt8, UInt64


@dataclass(frozen=True, eq=False)
class RowHashes:
    """The hashes of n rows of m images together, 29 bytes a row and 20 an image.

    Attributes:
        counts: Images of each row; those of row 1 come after those of row 0.
        known: Whether every image of the row could be hashed, and nothing is wrong with the row.
        areas: Pixels of all images of the row together.
        sharpness: The sum of theirs.
        names: A number for each row by which it is found again, see `data.collections`.
        bits: The hash of each image; 0 where there is none.
        mirrored: That of the image with left and right exchanged.
        flat: Whether the image has no contrast, so that its bits say nothing.
        colours: Mean red, green and blue of each image.
        texts: The MD5 of the text of each row, 16 bytes more; None where texts do not count.
        problem_rows: Rows with something wrong, ascending, once for each thing.
        problems: What is wrong there, a sentence each.
    """

    counts: Int32[np.ndarray, " n"]
    known: Bool[np.ndarray, " n"]
    areas: Int64[np.ndarray, " n"]
    sharpness: Float64[np.ndarray, " n"]
    names: UInt64[np.ndarray, " n"]
    bits: UInt64[np.ndarray, " m"]
    mirrored: UInt64[np.ndarray, " m"]
    flat: Bool[np.ndarray, " m"]
    colours: UInt8[np.ndarray, "m 3"]
    texts: UInt8[np.ndarray, "n 16"] | None = None
    problem_rows: Int64[np.ndarray, " p"] = field(default_factory=lambda: np.zeros(0, np.int64))
    problems: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.counts)

    @cached_property
    def starts(self) -> Int64[np.ndarray, " n"]:
        """The place of the first image of each row."""
        return np.asarray(np.cumsum(self.counts, dtype=np.int64) - self.counts)

    @property
    def nbytes(self) -> int:
        """Bytes of all columns; sentences of problems are not counted."""
        columns = (getattr(self, item.name) for item in fields(self))
        return sum(column.nbytes for column in columns if isinstance(column, np.ndarray))

    def taken(self, rows: Int64[np.ndarray, " k"]) -> RowHashes:
        """Some of the rows, in the order asked for, without what is wrong with them."""
        counts = self.counts[rows]
        shift = self.starts[rows] - (np.cumsum(counts, dtype=np.int64) - counts)
        images = np.arange(int(counts.sum())) + np.repeat(shift, counts)
        texts = None if self.texts is None else self.texts[rows]
        return RowHashes(
            counts,
            self.known[rows],
            self.areas[rows],
            self.sharpness[rows],
            self.names[rows],
            self.bits[images],
            self.mirrored[images],
            self.flat[images],
            self.colours[images],
            texts,
        )

    @classmethod
    def joined(cls, parts: Sequence[RowHashes]) -> RowHashes:
        """The rows of some parts, one after another; all have texts, or none has."""
        if len(parts) == 1:
            return parts[0]
        names = [item.name for item in fields(cls)][:9]
        columns = {n: np.concatenate([getattr(part, n) for part in parts]) for n in names}
        texts = [part.texts for part in parts if part.texts is not None]
        before = np.cumsum([0, *map(len, parts)])
        shifted = [part.problem_rows + rows for part, rows in zip(parts, before, strict=False)]
        return cls(
            texts=np.concatenate(texts) if texts else None,
            problem_rows=np.concatenate(shifted).astype(np.int64),
            problems=tuple(problem for part in parts for problem in part.problems),
            **columns,
        )
