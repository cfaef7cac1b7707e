"""What models said lately, in memory alone: for runs that keep nothing."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

from spotdiff.data.evidence_codecs import DETECTIONS, EMBEDDINGS, MAPS, PAIRS
from spotdiff.data.evidence_rows import Codec, Row

Item = TypeVar("Item")


class RecentShelf(Generic[Item]):
    """The things of one sort that were put or asked for last; a `Shelf`.

    They come back rounded as from a folder, so that answers do not depend on where evidence lies.

    Args:
        codec: How things become rows.
        capacity: So many are kept; what was not asked for the longest is forgotten first.

    Raises:
        ValueError: If nothing could be kept.
    """

    def __init__(self, codec: Codec[Item], capacity: int = 64) -> None:
        if capacity < 1:
            raise ValueError(f"Expected a capacity of at least 1, got {capacity}.")
        self.codec, self.capacity = codec, capacity
        self._rows: OrderedDict[str, Row] = OrderedDict()

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def get(self, key: str) -> Item | None:
        """What is kept under a key; None if nothing is, or is no longer."""
        if key not in self._rows:
            return None
        self._rows.move_to_end(key)
        return self.codec.to_item(self._rows[key])

    def put(self, key: str, item: Item) -> None:
        """Keeps a thing; under a key that is known, nothing happens."""
        if key not in self._rows:
            self._rows[key] = self.codec.to_row(item)
            if len(self._rows) > self.capacity:
                self._rows.popitem(last=False)


class RecentEvidence:
    """An `EvidenceStore` in memory.

    Args:
        capacity: Things that are kept of each sort.
        pairs: Pairs that are kept, if they are to be more.

    Example:
        >>> import numpy as np
        >>> store = RecentEvidence(capacity=1)
        >>> store.embeddings.put("before", np.eye(1, 2, dtype=np.float32))
        >>> store.embeddings.put("after", np.eye(1, 2, dtype=np.float32))
        >>> store.embeddings.get("before"), store.embeddings.get("after")
        (None, array([[1., 0.]], dtype=float32))
    """

    def __init__(self, capacity: int = 64, pairs: int = 0) -> None:
        self.detections = RecentShelf(DETECTIONS, capacity)
        self.embeddings = RecentShelf(EMBEDDINGS, capacity)
        self.maps = RecentShelf(MAPS, capacity)
        self.pairs = RecentShelf(PAIRS, max(capacity, pairs))
