"""What is known of a picture when others of the same look are searched."""

from __future__ import annotations

from dataclasses import dataclass


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
