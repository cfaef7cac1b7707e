"""Hashes of files that were read before, in a folder: a second run reads no pixels."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from pathlib import Path

from spotdiff.data.evidence_rows import Codec, Row
from spotdiff.data.evidence_shelf import ParquetShelf
from spotdiff.ops.fingerprints import of_words
from spotdiff.types import ImageHash, Source

_MOST_ROWS = 4096
_FORM = "with mirrored"  # names of hashes that lack something are other names, and never asked for


class HashCache:
    """What `ImageHasher` said of files; for one thread, while other processes may use the folder.

    A file is known by its path, its size and when it was last changed; what is wrong with a file
    is not kept. Damaged parts are told and ignored.

    Args:
        folder: Made when absent.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     cache = HashCache(Path(folder))
        ...     cache.put("a", ImageHash(255, False, (1, 2, 3), 640, 480, 7.5, None, 7))
        ...     cache.flush()
        ...     HashCache(Path(folder)).get_many(["a", "b", None])[0].bits
        255
    """

    def __init__(self, folder: Path) -> None:
        self._shelf = ParquetShelf(folder, IMAGE_HASHES, most_rows=_MOST_ROWS)

    def __len__(self) -> int:
        return len(self._shelf)

    def key(self, source: Source, method: str, mode: str) -> str | None:
        """The name of the hash of a file as it is now; None for what is no file of this machine."""
        if not isinstance(source, Path):
            return None
        try:
            state = source.stat()
            path = source.resolve()
        except (OSError, ValueError, RuntimeError):  # the hasher will say what is wrong with it
            return None
        return of_words(str(path), state.st_size, state.st_mtime_ns, method, mode, _FORM)

    def get_many(self, keys: Sequence[str | None]) -> list[ImageHash | None]:
        """What is kept under each key; None where nothing is."""
        found = iter(self._shelf.get_many([key for key in keys if key is not None]))
        return [None if key is None else next(found) for key in keys]

    def put(self, key: str | None, item: ImageHash) -> None:
        """Keeps a hash; without a key, or with a problem, nothing happens."""
        if key is not None and item.bits is not None and item.mirrored is not None:
            self._shelf.put(key, item)

    def flush(self) -> None:
        """Writes what was held back, and merges small parts where there are many."""
        self._shelf.close()


def _row(item: ImageHash) -> Row:
    return {
        "bits": struct.pack(">QQ", item.bits, item.mirrored),
        "flat": item.flat,
        "colour": bytes(item.colour),
        "width": item.width,
        "height": item.height,
        "sharpness": struct.pack("<d", item.sharpness),
    }


def _item(row: Row) -> ImageHash:
    try:
        bits, mirrored = struct.unpack(">QQ", row["bits"])
        (sharpness,) = struct.unpack("<d", row["sharpness"])
        red, green, blue = row["colour"]
    except (struct.error, ValueError) as error:
        raise ValueError("expected 16 bytes of bits, 8 of sharpness, 3 of colour") from error
    if not (math.isfinite(sharpness) and row["width"] > 0 < row["height"]):
        raise ValueError(f"expected a size, got {row['width']} x {row['height']} pixels")
    size = row["width"], row["height"]
    return ImageHash(bits, row["flat"], (red, green, blue), *size, sharpness, None, mirrored)


IMAGE_HASHES: Codec[ImageHash] = Codec(
    {
        **{"bits": "bytes", "flat": "bool", "colour": "bytes"},
        **{"width": "int", "height": "int", "sharpness": "bytes"},
    },
    _row,
    _item,
    group=2048,
)
