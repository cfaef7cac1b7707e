"""Photographs and masks: files -> arrays, or one sentence that says why not.

Whatever a file holds becomes uint8 RGB as a viewer would show it: turned upright as its EXIF entry
says, the palette resolved, transparent parts over white, 16 bits scaled to 8 by the range of the
type, grey repeated in three channels. Of several frames the first is taken.
"""

from __future__ import annotations

import hashlib
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import NoReturn

import numpy as np
from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from spotdiff.data.remote import reaching
from spotdiff.types import Image, Mask, ViewInfo

MAX_PIXELS = 178_956_970  # the size at which Pillow takes a picture for a decompression bomb
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".gif")

_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "PPM", "GIF", "JPEG2000")
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_270,
    7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_90,
}
# What Pillow's decoders raise on damaged files, from truncation to absurd header fields.
_DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    OverflowError,
    struct.error,
    zlib.error,
)
_raising_the_limit = threading.Lock()


class ImageError(ValueError):
    """A picture cannot be read; the message is one sentence with its path and the reason."""


@dataclass(frozen=True, slots=True)
class ReadImage:
    """A photograph and the hash of the file that held it."""

    image: Image
    sha256: str


def read_image(path: Path, max_pixels: int = MAX_PIXELS) -> Image:
    """The photograph in a file.

    Args:
        path: The file.
        max_pixels: Larger pictures are refused before they fill the memory.

    Raises:
        ImageError: The file is missing, empty, truncated, too large or no picture.
    """
    return decode_image(file_content(path), str(path), max_pixels)


def read_hashed(path: Path, max_pixels: int = MAX_PIXELS) -> ReadImage:
    """The photograph in a file and the hash of the file, both from one reading of its bytes.

    Raises:
        ImageError: As in `read_image`.
    """
    content = file_content(path)
    image = decode_image(content, str(path), max_pixels)
    return ReadImage(image, hashlib.sha256(content).hexdigest())


def decode_image(content: bytes, where: str, max_pixels: int = MAX_PIXELS) -> Image:
    """The photograph in the bytes of a file; `where` names it in messages.

    Raises:
        ImageError: The bytes are no picture, damaged, or more than `max_pixels`.
    """
    with _explained(where), _opened(content, where, max_pixels) as picture:
        turn = turn_of(picture)
        picture.load()
        return as_rgb(picture if turn is None else picture.transpose(turn))


def read_mask(path: Path, max_pixels: int = MAX_PIXELS) -> Mask:
    """The values of a single-channel picture as they are stored, palette indices included.

    Raises:
        ImageError: As in `read_image`; or the file has colours or values above 255.
    """
    where = str(path)
    with _explained(where), _opened(file_content(path), where, max_pixels) as picture:
        values = np.asarray(picture)
    if values.ndim == 3:
        alpha = picture.mode in ("RGBA", "LA")
        colours = values[..., :-1] if alpha else values
        if np.any(colours != colours[..., :1]):
            raise ImageError(f"{where}: expected a mask of one channel, got colours")
        values = colours[..., 0]
    if values.size and not 0 <= values.min() <= values.max() <= 255:
        raise ImageError(f"{where}: expected mask values from 0 to 255, got {values.max()}")
    return values.astype(np.uint8)


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, in hex.

    Raises:
        ImageError: The file cannot be read.
    """
    try:
        with reaching(path), path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        _unreadable(path, error)


def image_info(path: Path, max_pixels: int = MAX_PIXELS) -> ViewInfo:
    """Size after EXIF rotation and hash of a picture, without decoding more than it must.

    Raises:
        ImageError: As in `read_image`, but damage behind the header goes unnoticed.
    """
    content, where = file_content(path), str(path)
    with _explained(where), _opened(content, where, max_pixels) as picture:
        width, height = picture.size
        if _orientation(picture) >= 5:
            width, height = height, width
    return ViewInfo(where, width, height, hashlib.sha256(content).hexdigest())


def is_file(path: Path) -> bool:
    """Whether a path leads to a file; no where its name is impossible or its folder is closed."""
    try:
        with reaching(path):
            return path.is_file()
    except OSError:
        return False


def file_content(path: Path) -> bytes:
    """The bytes of a file that should hold a picture.

    Raises:
        ImageError: The file is missing, empty or cannot be read.
    """
    try:
        with reaching(path):
            content = path.read_bytes()
    except OSError as error:
        _unreadable(path, error)
    except ValueError as error:  # a name that no file can have
        raise ImageError(f"{path}: cannot be read: {error}") from error
    if not content:
        raise ImageError(f"{path}: expected an image, the file is empty")
    return content


@contextmanager
def opened_image(
    content: bytes, where: str, max_pixels: int = MAX_PIXELS
) -> Iterator[Pillow.Image]:
    """The picture in the bytes of a file as Pillow opens it, its pixels not yet decoded.

    Raises:
        ImageError: As in `decode_image`; likewise for damage that is found in the block.
    """
    with _explained(where), _opened(content, where, max_pixels) as picture:
        yield picture


def _unreadable(path: Path, error: OSError) -> NoReturn:
    reason = "no such file" if isinstance(error, FileNotFoundError) else error.strerror or error
    raise ImageError(f"{path}: cannot be read: {reason}") from error


@contextmanager
def _explained(where: str) -> Iterator[None]:
    try:
        yield
    except ImageError:
        raise
    except UnidentifiedImageError as error:
        raise ImageError(
            f"{where}: expected an image ({', '.join(_FORMATS)}), its content is none of these"
        ) from error
    except _DECODER_ERRORS as error:
        raise ImageError(f"{where}: the image is damaged: {error}") from error


@contextmanager
def _opened(content: bytes, where: str, max_pixels: int) -> Iterator[Pillow.Image]:
    advice = "raise max_pixels to read it"
    try:
        picture = _open(content, max_pixels)
    except Pillow.DecompressionBombError as error:
        raise ImageError(f"{where}: {error} If it is none, {advice}") from error
    with picture:
        if picture.width * picture.height > max_pixels:
            raise ImageError(
                f"{where}: expected at most {max_pixels} pixels, "
                f"got {picture.width} x {picture.height}; {advice}"
            )
        yield picture


def _open(content: bytes, max_pixels: int) -> Pillow.Image:
    if max_pixels <= MAX_PIXELS:
        return Pillow.open(BytesIO(content), formats=_FORMATS)
    # Pillow's own limit is a global of the process: lifted while the header is read, put back after
    with _raising_the_limit:
        limit = Pillow.MAX_IMAGE_PIXELS
        Pillow.MAX_IMAGE_PIXELS = None
        try:
            return Pillow.open(BytesIO(content), formats=_FORMATS)
        finally:
            Pillow.MAX_IMAGE_PIXELS = limit


def _orientation(picture: Pillow.Image) -> int:
    value = picture.getexif().get(_ORIENTATION, 1)
    return value if isinstance(value, int) else 1


def turn_of(picture: Pillow.Image) -> Pillow.Transpose | None:
    """How a picture is turned upright, as its EXIF entry says; None where it stays as it is."""
    return _UPRIGHT.get(_orientation(picture))


def as_rgb(picture: Pillow.Image) -> Image:
    """The pixels of a picture as a viewer shows them, but for its orientation.

    Raises:
        ValueError: If its grey values have no known range.
    """
    if picture.mode == "F" or picture.mode.startswith("I"):
        return np.repeat(eight_bits(np.asarray(picture))[..., None], 3, axis=-1)
    if picture.has_transparency_data:
        white = Pillow.new("RGBA", picture.size, "white")
        return np.array(Pillow.alpha_composite(white, picture.convert("RGBA")).convert("RGB"))
    return np.array(picture.convert("RGB") if picture.mode != "RGB" else picture)


def eight_bits(values: np.ndarray) -> Mask:
    """Grey values of 16 bits (0 to 65535) or floats (0 to 1) as 8 bits."""
    whole = np.issubdtype(values.dtype, np.integer)
    top = 65535 if whole else 1
    if not (values.min() >= 0 and values.max() <= top):
        raise ValueError(
            f"expected grey values from 0 to {top}, got {values.min()} to {values.max()}"
        )
    if whole:
        return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return np.rint(values * np.float32(255)).astype(np.uint8)
