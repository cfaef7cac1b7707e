"""What models said, kept in a folder: asked once, read by every run that asks the same again.

A folder holds a sub-folder for each sort of thing, and each of these holds part files of rows by
key. Many processes may read and write one folder at a time: each sees the parts that were there
when it opened the folder, and its own. A run that is killed loses what was not written yet.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from spotdiff.data.evidence_codecs import DETECTIONS, EMBEDDINGS, MAPS, PAIRS
from spotdiff.data.evidence_shelf import ParquetShelf


class ParquetEvidence:
    """An `EvidenceStore` in a folder; a context manager that writes what it holds when it ends.

    So it does when nobody uses it any more, at the latest when the program ends.

    Args:
        folder: Made when absent.
        most_rows: As for `ParquetShelf`, of every shelf.
        most_bytes: Likewise.
        cached: Likewise.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with ParquetEvidence(Path(folder)) as store:
        ...         store.embeddings.put("view", np.float32([[0.6, 0.8]]))
        ...     ParquetEvidence(Path(folder)).embeddings.get("view").round(3)
        array([[0.6, 0.8]], dtype=float32)
    """

    def __init__(
        self,
        folder: Path,
        most_rows: int = 256,
        most_bytes: int = 32 << 20,
        cached: int = 64 << 20,
    ) -> None:
        limits = most_rows, most_bytes, cached
        self.detections = ParquetShelf(folder / "detections", DETECTIONS, *limits)
        self.embeddings = ParquetShelf(folder / "embeddings", EMBEDDINGS, *limits)
        self.maps = ParquetShelf(folder / "maps", MAPS, *limits)
        self.pairs = ParquetShelf(folder / "pairs", PAIRS, *limits)
        shelves = (self.detections, self.embeddings, self.maps, self.pairs)
        weakref.finalize(self, _close, shelves)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def flush(self) -> None:
        """Writes what was held back."""
        for shelf in (self.detections, self.embeddings, self.maps, self.pairs):
            shelf.flush()

    def close(self) -> None:
        """Writes what was held back, and merges small parts where there are many."""
        for shelf in (self.detections, self.embeddings, self.maps, self.pairs):
            shelf.close()


def _close(shelves: Sequence[ParquetShelf[Any]]) -> None:
    """Writes what is left, where there is still a folder for it."""
    for shelf in shelves:
        if shelf.folder.is_dir():
            shelf.close()
