"""Seeds of what is drawn: each thing has its own, wherever it stands and whatever is beside it."""

from __future__ import annotations

import hashlib


def seed_of(*parts: str | int) -> int:
    """The seed of a thing by its name and what else decides, from 0 to below 2 to the power of 48.

    Args:
        parts: The seed of a run and the id of a row, say; their order counts.

    Example:
        >>> seed_of(0, "17"), seed_of(1, "17")
        (130989945404095, 159399039326427)
        >>> seed_of(0, "17") == seed_of("17", 0)
        False
    """
    words = "\n".join(str(part) for part in parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(words).digest()[:6], "big")
