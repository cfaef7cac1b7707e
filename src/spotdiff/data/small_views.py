"""Both views of pairs as small pictures, read by threads: what a hash is too short to tell."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image as Pillow

from spotdiff.data.images import ImageError, as_rgb, file_content, opened_image
from spotdiff.types import Image, PairRow

SIDE = 32  # pixels


def small_views(
    rows: Sequence[PairRow], workers: int | None = None
) -> list[UInt8[np.ndarray, "2 32 32 3"] | None]:
    """Before and after of each pair in RGB; None where a view cannot be read.

    Args:
        rows: The pairs; each takes six thousand bytes of the answer.
        workers: Threads; None for as many as the machine suggests.
    """

    def views(row: PairRow) -> UInt8[np.ndarray, "2 32 32 3"] | None:
        try:
            return np.stack([_small(path) for path in (row.before, row.after)])
        except (ImageError, MemoryError):
            return None

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(views, rows))


def _small(path: Path) -> Image:
    """A picture of `SIDE` x `SIDE` pixels, its orientation as stored, as hashes take it."""
    with opened_image(file_content(path), str(path)) as picture:
        picture.load()
        shown = Pillow.fromarray(as_rgb(picture))
    return np.asarray(shown.resize((SIDE, SIDE), Pillow.Resampling.LANCZOS))
