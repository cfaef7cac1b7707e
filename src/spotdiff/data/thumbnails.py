"""Pictures made small for people to look at: upright, in their proportions, as JPEG."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from PIL import Image as Pillow

from spotdiff.data.images import as_rgb, file_content, opened_image, turn_of
from spotdiff.types import Image, Source

_QUALITY = 78
_GAP = 2.0  # a first step shrinks to twice the size by plain means of blocks


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small picture.

    Attributes:
        jpeg: Its file; it holds nothing but pixels.
        width: Of the picture as stored, in pixels.
        height: Likewise.
    """

    jpeg: bytes
    width: int
    height: int


def thumbnail(source: Source, side: int = 160) -> Thumbnail:
    """A picture that fits into a square; a smaller one keeps its size.

    JPEG is decoded at a part of its size, and transparent parts are shown over white.

    Args:
        source: A file, or its bytes.
        side: Of the square, in pixels.

    Raises:
        ImageError: It is missing, empty, damaged, too large or no picture.
    """
    held = isinstance(source, bytes)
    content = source if isinstance(source, bytes) else file_content(source)
    with opened_image(content, "these bytes" if held else str(source)) as picture:
        size, turn = picture.size, turn_of(picture)
        picture.draft(None, (side, side))
        picture.load()
        small = Pillow.fromarray(as_rgb(picture))
        small.thumbnail((side, side), Pillow.Resampling.LANCZOS, reducing_gap=_GAP)
    stream = BytesIO()
    (small if turn is None else small.transpose(turn)).save(stream, "JPEG", quality=_QUALITY)
    return Thumbnail(stream.getvalue(), *size)


def small_jpeg(image: Image, side: int = 160) -> bytes:
    """A picture that is decoded already, as the file of a small one.

    Args:
        image: (h, w, 3) uint8 RGB.
        side: Of the square into which it fits, in pixels.
    """
    small = Pillow.fromarray(image)
    small.thumbnail((side, side), Pillow.Resampling.LANCZOS, reducing_gap=_GAP)
    stream = BytesIO()
    small.save(stream, "JPEG", quality=_QUALITY)
    return stream.getvalue()
