"""Pictures -> what hashes are taken of: a small grey picture in a given size, and a thumbnail.

Pictures stay as they are stored: an EXIF orientation is not followed, transparent parts show the
colour that lies under them, grey of 16 bits is cut off at 255. So does the package imagededup,
whose hashes are wanted. The thumbnail, which tells pictures of one hash apart, has 16 bits scaled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import UInt8
from PIL import Image as Pillow

from spotdiff.data.images import eight_bits, file_content, opened_image
from spotdiff.ops.lanczos import LINES, lanczos
from spotdiff.types import Image, Mask, Source

THUMBNAIL = 64  # pixels a side

_DRAFT = 60  # no side of a draft is smaller; a picture of 640 x 480 becomes one of 80 x 60
_MANY, _FEW = 256, 32  # pixels in a row: from how many to how many matrices are faster


@dataclass(frozen=True, slots=True)
class Shrunk:
    """A picture in a size that says enough.

    Attributes:
        luma: Grey, in the size that was asked for.
        thumbnail: RGB, `THUMBNAIL` pixels a side.
        width: Of the picture as stored.
        height: Likewise.
    """

    luma: Mask
    thumbnail: Image
    width: int
    height: int


def shrink(source: Source, where: str, size: tuple[int, int], fast: bool) -> Shrunk:
    """A picture made small.

    Args:
        source: A file, or its bytes.
        where: Its name in messages.
        size: Width and height of the grey picture.
        fast: JPEG is decoded at a part of its size; grey values differ a little from those of the
            slow way, and 16 bits are scaled.

    Raises:
        ImageError: It is missing, empty, damaged, too large or no picture.
    """
    content = source if isinstance(source, bytes) else file_content(source)
    with opened_image(content, where) as picture:
        width, height = picture.size
        if fast:
            picture.draft(None, (_DRAFT, _DRAFT))
        shown = _scaled(picture) if picture.mode.startswith("I") else _rgb(picture)
        taken = shown if fast else _rgb(picture) if shown.mode == "L" else shown
        luma = _small(taken, size).convert("L")
        return Shrunk(np.array(luma), _thumbnail(shown), width, height)


def _small(picture: Pillow.Image, size: tuple[int, int]) -> Pillow.Image:
    """What Pillow's `resize` gives, by a faster way where it is known to give the same."""
    width, height = picture.size
    usual = picture.mode == "RGB" and 2 * height <= 3 * width and 4 * height >= width
    if usual and width >= _MANY and size[0] <= _FEW and _alike():
        small = lanczos(_strips(picture), picture.size, size)
        if small is not None:
            return Pillow.fromarray(small)
    return picture.resize(size, Pillow.Resampling.LANCZOS)


def _strips(picture: Pillow.Image) -> Iterator[Image]:
    """Some rows at a time: an array of all of a large picture costs as much as half its decode."""
    width, height = picture.size
    for top in range(0, height, LINES):
        yield np.asarray(picture.crop((0, top, width, min(top + LINES, height))))


@cache
def _alike() -> bool:
    """Whether Pillow as installed makes small pictures of noise as we do, rows first."""
    rng = np.random.default_rng(0)
    for height, width in ((240, 160), (160, 320)):
        noise = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
        for size in ((32, 32), (9, 8)):
            theirs = Pillow.fromarray(noise).resize(size, Pillow.Resampling.LANCZOS)
            ours = lanczos([noise], (width, height), size)
            if ours is None or not np.array_equal(ours, np.asarray(theirs)):
                return False
    return True


def _rgb(picture: Pillow.Image) -> Pillow.Image:
    """Three channels, by way of four: so a palette with transparent entries is resolved."""
    picture.load()
    return picture if picture.mode == "RGB" else picture.convert("RGBA").convert("RGB")


def _scaled(picture: Pillow.Image) -> Pillow.Image:
    return Pillow.fromarray(eight_bits(np.asarray(picture)))


def _thumbnail(picture: Pillow.Image) -> UInt8[np.ndarray, "64 64 3"]:
    side = (THUMBNAIL, THUMBNAIL)
    small = picture.resize(side, Pillow.Resampling.BOX, reducing_gap=1.0)
    return np.array(small if small.mode == "RGB" else small.convert("RGB"))
