"""Where a writer's files lie: whole or absent, and named so that no pair can leave its folder."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import cv2

from spotdiff.types import Image

if sys.platform != "win32":
    import fcntl

MAX_STEM = 160  # with the temporary name's prefix it stays below the 255 bytes of a file name
# Run lengths of filtered rows: on photographs smaller than the highest level, four times as fast.
PNG_OPTIONS = [
    *(cv2.IMWRITE_PNG_COMPRESSION, 3),
    *(cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE),
]


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, which takes its place when the block ends without an error.

    Readers see the old file or the new one, never half of one. The folder is made when absent.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{os.getpid()}.{path.name}.tmp")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keeps a second run out of a folder for as long as the block lasts; a killed run lets go.

    The folder is made when absent. Where a system or a disk knows no locks, nothing is kept out.

    Raises:
        ValueError: Another run is at work in the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if sys.platform == "win32":
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ValueError(
                    f"Expected no other run to write to {folder}, but one is at work there: wait "
                    "for its end, or choose another out=…"
                ) from error
        yield
    finally:
        os.close(handle)


def file_name(pair_id: str, suffix: str) -> str:
    """One ASCII file name for a pair id, whatever the id holds; other ids get other names.

    Reserved characters are percent-encoded as in a URL. An id too long for a file name is cut and
    ends in `=` and a hash; `=` cannot come from an encoded id.

    Example:
        >>> file_name("street/17", ".png"), file_name("../x", ".png")
        ('street%2F17.png', '%2E.%2Fx.png')
    """
    stem = quote(pair_id, safe="", errors="surrogatepass")
    if stem.startswith("."):  # a leading dot would hide the file, and `..` would name a folder
        stem = "%2E" + stem[1:]
    if len(stem) > MAX_STEM:
        digest = hashlib.sha256(stem.encode("ascii")).hexdigest()[:16]
        stem = f"{stem[: MAX_STEM - 17]}={digest}"
    return stem + suffix


def write_png(image: Image, path: Path) -> None:
    """Writes an RGB image without loss; the file is whole or absent."""
    done, data = cv2.imencode(".png", image[..., ::-1], PNG_OPTIONS)
    if not done:
        raise ValueError(f"{path}: an image of shape {image.shape} cannot be encoded as PNG")
    with replacing(path) as partial:
        partial.write_bytes(data.tobytes())
