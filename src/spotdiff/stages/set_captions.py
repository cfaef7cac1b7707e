"""Captions of an album for those who work with words alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from spotdiff.contracts import Album


class Told(NamedTuple):
    """What is known of pictures in words.

    Attributes:
        captions: By the number of the picture, those without a caption left out.
        problems: Why those have none, a sentence for each reason.
    """

    captions: Mapping[int, str]
    problems: tuple[str, ...]


def told_of(album: Album, rows: Sequence[int]) -> Told:
    """The captions of pictures; what failed is a problem, never a caption."""
    replies = album.captions(rows)
    captions = {
        row: reply.text.strip()
        for row, reply in zip(rows, replies, strict=True)
        if reply.text is not None and reply.text.strip() and reply.problem is None
    }
    reasons = [
        reply.problem or "its caption has no word"
        for row, reply in zip(rows, replies, strict=True)
        if row not in captions
    ]
    return Told(captions, tuple(counted(reasons)))


def counted(reasons: Sequence[str], most: int = 3) -> list[str]:
    """Reasons, each once with how often it came; of many different ones the first few.

    Example:
        >>> counted(["no", "no", "never"])
        ['no (2 times)', 'never']
        >>> counted(["a", "b", "c", "d", "e"])
        ['a', 'b', 'c', 'and 2 more']
    """
    counts = Counter(reasons)
    told = [f"{reason} ({n} times)" if n > 1 else reason for reason, n in counts.items()]
    rest = sum(list(counts.values())[most:])
    return told if rest == 0 else [*told[:most], f"and {rest} more"]
