"""What is known of a picture when others of the same look are searched."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64, UInt64


@dataclass(frozen=True, slots=True)
class ImageHash:
    """The look of one picture in 64 bits, and what tells pictures of equal bits apart.

    Attributes:
        bits: The hash; None where the picture cannot be read.
        flat: There is no contrast, so that the bits say nothing.
        colour: Mean red, green and blue, 0 to 255.
        width: In pixels, as stored.
        height: Likewise.
        sharpness: Variance of the Laplacian of a grey thumbnail; larger is crisper.
        problem: Why there are no bits, in one sentence that names the file; None for a good one.
        mirrored: The hash of the picture with left and right exchanged; None where it has none.
    """

    bits: int | None
    flat: bool = False
    colour: tuple[int, int, int] = (0, 0, 0)
    width: int = 0
    height: int = 0
    sharpness: float = 0.0
    problem: str | None = None
    mirrored: int | None = None


@dataclass(frozen=True, slots=True)
class ViewHashes:
    """The look of one view of each of many pairs.

    Attributes:
        bits: Hashes.
        mirrored: Hashes of the mirrored views.
        look: What has to be equal besides, as a number from 0 below 2**30.
    """

    bits: UInt64[np.ndarray, " n"]
    mirrored: UInt64[np.ndarray, " n"]
    look: Int64[np.ndarray, " n"]

    def taken(self, rows: Int64[np.ndarray, " m"]) -> ViewHashes:
        """Some of them."""
        return ViewHashes(self.bits[rows], self.mirrored[rows], self.look[rows])
