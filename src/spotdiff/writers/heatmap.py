"""Heatmaps as PNG, one a pair, from which all three probability maps can be read back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from jaxtyping import Float32

from spotdiff.types import ChangeKind, Image, PairResult
from spotdiff.writers.files import file_name, write_png

CHANNELS = (ChangeKind.REMOVED, ChangeKind.ADDED, ChangeKind.CHANGED)  # red, green, blue


def heat_image(heat: Float32[np.ndarray, "3 h w"]) -> Image:
    """Probabilities as colour: red is removed, green added, blue changed; 255 is certainty.

    Example:
        >>> heat_image(np.float32([[[1.0]], [[0.2]], [[0.0]]]))
        array([[[ 51, 255,   0]]], dtype=uint8)
    """
    order = [list(ChangeKind).index(kind) for kind in CHANNELS]
    levels = np.rint(heat[order] * 255).clip(0, 255).astype(np.uint8)
    return np.ascontiguousarray(levels.transpose(1, 2, 0))


class HeatmapWriter:
    """Writes each answered pair's heatmap as `folder`/PAIR_ID.png, in the frame of the after view.

    The pair id is percent-encoded where a file name cannot hold it. Paths in results are relative
    to the parent of `folder`, which is where the records lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing stays open between two results."""

    def write(self, result: PairResult) -> PairResult:
        """Writes one heatmap and gives the result back with its path; errors pass as they came.

        Raises:
            ValueError: An answered pair comes without its change map.
        """
        if result.status == "error":
            return result
        if result.change_map is None:
            raise ValueError(
                f"pair {result.pair_id!r}: a heatmap needs the change map, got a light result; "
                "write it before calling light()"
            )
        path = self.folder / file_name(result.pair_id, ".png")
        write_png(heat_image(result.change_map.heat), path)
        return replace(result, heatmap=f"{self.folder.name}/{path.name}")
