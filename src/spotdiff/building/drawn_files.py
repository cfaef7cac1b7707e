"""Names of pictures that steps draw: the same for the same sample and settings, anywhere."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from spotdiff.types import Plain
from spotdiff.writers.files import file_name

_KEY = 16  # hexadecimal digits


def drawn_path(folder: Path, sample_id: str, key: str, what: str) -> Path:
    """Where a picture of a sample lies; no id leads out of the folder.

    Args:
        folder: Of all pictures of a step.
        sample_id: Whatever a table calls it.
        key: What the picture is made from, as `key_of` says it.
        what: Which picture of the sample it is.

    Example:
        >>> drawn_path(Path("out"), "../cat", "0a1b", "after").as_posix()
        'out/%2E.%2Fcat.0a1b.after.png'
    """
    return folder / file_name(sample_id, f".{key}.{what}.png")


def key_of(*parts: Plain) -> str:
    """A short name for all that decides a picture.

    Example:
        >>> key_of("17", {"seed": 1}) == key_of("17", {"seed": 1}), len(key_of())
        (True, 16)
        >>> key_of("17", {"seed": 1}) == key_of("17", {"seed": 2})
        False
    """
    said = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(said.encode("ascii")).hexdigest()[:_KEY]
