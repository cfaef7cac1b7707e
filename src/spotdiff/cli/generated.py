"""Sets that are generated for users who have brought none."""

from __future__ import annotations

from pathlib import Path

from spotdiff.data.cutouts import PhotoLibrary
from spotdiff.data.export import write_drawn
from spotdiff.data.synthetic import SyntheticPairs


def weak_label_set(seed: int, length: int = 400, size: tuple[int, int] = (256, 256)) -> Path:
    """A folder with `train.csv` and pairs whose added, removed and changed shapes are named.

    It is written once and used again by later runs of the same seed, length and size (h, w).
    """
    folder = Path("outputs") / "generated" / f"weak-{length}-{size[0]}x{size[1]}-{seed}"
    pairs = SyntheticPairs(PhotoLibrary.procedural(), size)
    first = seed * 1_000_003
    write_drawn(pairs, range(first, first + length), folder, format="weak")
    return folder
