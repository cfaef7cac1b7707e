"""A part of an album, as if there were no other pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from spotdiff.contracts import Album
from spotdiff.types import Embeddings, Image, Measure, Reply, SetItem


class AlbumPart:
    """Some of the pictures of an album, which keep their numbers; an `Album`.

    Args:
        album: All pictures.
        rows: Those that are in the part; ones that cannot be looked at are not.
    """

    def __init__(self, album: Album, rows: Sequence[int]) -> None:
        self.album = album
        self.rows: Sequence[int] = tuple(sorted(set(rows) & set(album.rows)))

    @property
    def items(self) -> Sequence[SetItem]:
        """All pictures of the album, by their number."""
        return self.album.items

    @property
    def problems(self) -> Sequence[str]:
        """As the album says."""
        return self.album.problems

    @property
    def measures(self) -> Sequence[Measure]:
        """As the album says."""
        return self.album.measures

    def measured(self, rows: Sequence[int]) -> Float64[np.ndarray, "n m"]:
        """As the album says."""
        return self.album.measured(rows)

    def keys(self, rows: Sequence[int]) -> list[str]:
        """As the album says."""
        return self.album.keys(rows)

    def images(self, rows: Sequence[int]) -> list[Image]:
        """As the album says."""
        return self.album.images(rows)

    def captions(self, rows: Sequence[int]) -> list[Reply]:
        """As the album says."""
        return self.album.captions(rows)

    def embeddings(self, rows: Sequence[int]) -> Embeddings:
        """As the album says."""
        return self.album.embeddings(rows)
