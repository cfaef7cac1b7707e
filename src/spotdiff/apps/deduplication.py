"""Finds and removes rows that show the same, for programs and for Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Int64, UInt8

from spotdiff.data.image_hashing import HashCache, ImageHasher
from spotdiff.data.image_rows import read_image_rows
from spotdiff.ops.keepers import Keep, kept_of
from spotdiff.ops.text_hashes import text_hash
from spotdiff.stages.deduplication import HashedRow, Sameness
from spotdiff.types import ImageRow, Source

Compat: TypeAlias = Literal["data-juicer"]


@dataclass(frozen=True, slots=True)
class DedupRules:
    """When rows are the same, and which of them stays.

    Attributes:
        method: Of hashing, one of `ops.image_hashes.METHODS`.
        mode: `exact` decodes whole pictures, `fast` at a reduced scale where the format allows it.
        max_distance: Bits by which the hashes of two images may differ.
        consider_text: Texts must be the same too.
        lowercase: Texts that differ in capitals are the same.
        ignore_non_character: So are those that differ in spaces, digits and punctuation.
        colour: Images of one hash whose mean colours differ clearly are different.
        ordered: The images of a row are a sequence, not a set.
        keep: Who stays: the first, or the one with the most pixels, or the sharpest.
        compat: `data-juicer` answers as its operator does: an image that comes twice in a row
            counts once, and images without contrast are all alike.

    Raises:
        ValueError: If there is no such compatibility.
    """

    method: str = "phash"
    mode: Literal["exact", "fast"] = "exact"
    max_distance: int = 0
    consider_text: bool = False
    lowercase: bool = False
    ignore_non_character: bool = False
    colour: bool = False
    ordered: bool = True
    keep: Keep = "first"
    compat: Compat | None = None

    def __post_init__(self) -> None:
        if self.compat not in (None, "data-juicer"):
            raise ValueError(f"Expected compat to be data-juicer or null, got {self.compat!r}.")

    @property
    def sameness(self) -> Sameness:
        """What has to be equal."""
        flat_alike = self.compat is not None
        return Sameness(self.max_distance, self.colour, self.ordered, flat_alike)


@dataclass(frozen=True)
class Deduplicated:
    """What was found; row i of every field is row i of the collection.

    Attributes:
        rows: As they were read.
        hashed: What is known of each.
        first: The first row of the group of each.
        kept: The row of that group that stays.
    """

    rows: tuple[ImageRow, ...]
    hashed: tuple[HashedRow, ...]
    first: Int64[np.ndarray, " n"]
    kept: Int64[np.ndarray, " n"]

    @property
    def stays(self) -> np.ndarray:
        """Whether each row stays."""
        return np.asarray(self.kept == np.arange(len(self.rows)))

    @property
    def groups(self) -> list[list[int]]:
        """The rows of every group of several, the largest groups first, then in order."""
        order = np.argsort(self.first, kind="stable").tolist()
        found = [list(members) for _, members in groupby(order, key=self.first.__getitem__)]
        several = [members for members in found if len(members) > 1]
        return sorted(several, key=lambda members: (-len(members), members[0]))

    @property
    def distances(self) -> UInt8[np.ndarray, " n"]:
        """By how many bits each row differs from the one that stays, at the position of most."""
        pairs = zip(self.hashed, self.kept.tolist(), strict=True)
        return np.array([_apart(one, self.hashed[kept]) for one, kept in pairs], np.uint8)

    @property
    def problems(self) -> list[str]:
        """A sentence for each row that nothing is known of; it stays."""
        return [
            reason
            for row, hashed in zip(self.rows, self.hashed, strict=True)
            for reason in (row.problem, *(image.problem for image in hashed.images))
            if reason is not None
        ]


def deduplicate(
    source: str | Path | Sequence[ImageRow],
    rules: DedupRules | None = None,
    *,
    cache: str | Path | None = None,
    workers: int | None = None,
) -> Deduplicated:
    """The groups of rows that show the same, and who of each group stays.

    Args:
        source: A folder, a table, or rows.
        rules: When rows are the same; None for equal hashes of pHash.
        cache: Folder that keeps hashes by file, so that a second run reads no pixels.
        workers: Of decoding; None for one a core.

    Raises:
        FileNotFoundError: If there is no such folder or table.
        ValueError: If a rule cannot be one.
    """
    rules = rules or DedupRules()
    if isinstance(source, str | Path):
        source = list(read_image_rows(Path(source)))
    rows = tuple(source)
    hashed = hash_rows(rows, rules, cache, workers)
    first = rules.sameness.groups(hashed)
    areas = np.array([sum(i.width * i.height for i in one.images) for one in hashed], np.int64)
    sharpness = np.array([sum(i.sharpness for i in one.images) for one in hashed], np.float64)
    return Deduplicated(rows, hashed, first, kept_of(first, rules.keep, areas, sharpness))


def hash_rows(
    rows: Sequence[ImageRow],
    rules: DedupRules,
    cache: str | Path | None = None,
    workers: int | None = None,
) -> tuple[HashedRow, ...]:
    """What is known of each row; all images go through the hasher as one sequence."""
    kept = None if cache is None else HashCache(Path(cache))
    hasher = ImageHasher(rules.method, rules.mode, workers=workers, cache=kept)
    images = [_images(row, rules) for row in rows]
    found = iter(hasher([image for own in images for image in own]))
    return tuple(
        HashedRow(tuple(next(found) for _ in own), _text(row, rules))
        for row, own in zip(rows, images, strict=True)
    )


def _images(row: ImageRow, rules: DedupRules) -> tuple[Source, ...]:
    if rules.compat is None:
        return row.images
    return tuple(dict.fromkeys(row.images))


def _text(row: ImageRow, rules: DedupRules) -> str | None:
    if not rules.consider_text:
        return None
    return text_hash(
        row.text or "",
        lowercase=rules.lowercase,
        ignore_non_character=rules.ignore_non_character,
    )


def _apart(one: HashedRow, other: HashedRow) -> int:
    if not (one.is_known and other.is_known):
        return 0
    pairs = zip(one.images, other.images, strict=True)
    return max((((a.bits or 0) ^ (b.bits or 0)).bit_count() for a, b in pairs), default=0)
