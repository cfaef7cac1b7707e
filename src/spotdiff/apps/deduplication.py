"""Finds and removes rows that show the same, for programs and for Python."""

from __future__ import annotations

from collections.abc import Collection as Numbers
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import numpy as np
from jaxtyping import Bool, Int64, UInt8

from spotdiff.data.collections import Collection
from spotdiff.data.image_hashing import HashCache, ImageHasher
from spotdiff.data.row_hashing import RowReading, hash_rows
from spotdiff.ops.hamming import components
from spotdiff.ops.keepers import Keep, kept_of
from spotdiff.stages.deduplication import Sameness
from spotdiff.types import ImageRow, RowHashes

if TYPE_CHECKING:
    from spotdiff.apps.ray_engine import RayEngine

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
        mirrored: Rows are also the same if the images of one are the mirror images of the other's.
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
    mirrored: bool = False
    keep: Keep = "first"
    compat: Compat | None = None

    def __post_init__(self) -> None:
        if self.compat not in (None, "data-juicer"):
            raise ValueError(f"Expected compat to be data-juicer or null, got {self.compat!r}.")

    @property
    def sameness(self) -> Sameness:
        """What has to be equal."""
        flat_alike = self.compat is not None
        return Sameness(
            self.max_distance, self.colour, self.ordered, flat_alike, mirrored=self.mirrored
        )

    @property
    def reading(self) -> RowReading:
        """What of a row counts."""
        once = self.compat is not None
        return RowReading(self.consider_text, self.lowercase, self.ignore_non_character, once)


@dataclass(frozen=True, eq=False)
class Deduplicated:
    """What was found; row i of every column is row i of the rows.

    Rows are not held in memory: `rows` reads them again whenever it is walked through.

    Attributes:
        rows: Of the older collection, if there is one, and then those of the collection.
        hashed: What is known of each.
        first: The first row of the group of each.
        kept: The row of that group that stays.
        rules: By which they were compared.
        older: How many of the rows, the first, are those of an older collection.
        stamps: Of the tables when they were read.
    """

    rows: Collection
    hashed: RowHashes
    first: Int64[np.ndarray, " n"]
    kept: Int64[np.ndarray, " n"]
    rules: DedupRules
    older: int = 0
    stamps: tuple[tuple[int, int], ...] = ()

    def __len__(self) -> int:
        return len(self.first)

    @property
    def stays(self) -> Bool[np.ndarray, " n"]:
        """Whether each row stays; older ones, and what they show, are not said to."""
        return np.asarray((self.kept == np.arange(len(self))) & (self.first >= self.older))

    @property
    def groups(self) -> list[list[int]]:
        """The rows of every group of several, the largest groups first, then in order."""
        sizes = np.bincount(self.first, minlength=len(self))[self.first]
        several = np.flatnonzero(sizes > 1)
        order = several[np.lexsort((several, self.first[several], -sizes[several]))]
        ends = np.flatnonzero(np.diff(self.first[order])) + 1
        return [members.tolist() for members in np.split(order, ends) if len(members)]

    @property
    def distances(self) -> UInt8[np.ndarray, " n"]:
        """By how many bits each row differs from the one that stays, at the position of most."""
        return self.rules.sameness.distances(self.hashed, self.kept)

    @property
    def problems(self) -> list[str]:
        """A sentence for each row that nothing is known of; it stays."""
        return list(self.hashed.problems)

    def again(self) -> Iterator[ImageRow]:
        """Reads all rows again.

        Raises:
            CollectionChangedError: If they are not what they were.
        """
        return self.rows.again(self.hashed.names, self.stamps)

    def picked(self, numbers: Numbers[int]) -> dict[int, ImageRow]:
        """Some of the rows by their numbers, read again."""
        wanted = set(numbers)
        return {i: row for i, row in enumerate(self.again()) if i in wanted}


def deduplicate(
    source: str | Path | Sequence[ImageRow],
    rules: DedupRules | None = None,
    *,
    against: str | Path | Sequence[ImageRow] | None = None,
    text: str = "text",
    cache: str | Path | None = None,
    workers: int | None = None,
    ray: RayEngine | None = None,
) -> Deduplicated:
    """The groups of rows that show the same, and who of each group stays.

    Args:
        source: A folder, a table, or rows.
        rules: When rows are the same; None for equal hashes of pHash.
        against: An older collection likewise: what shows the same as a row of it does not stay.
        text: The column of the text in tables.
        cache: Folder that keeps hashes by file, so that a second run reads no pixels.
        workers: Of decoding; None for one a core.
        ray: Hashes and groups on the workers of Ray, with the same result; None in this process.

    Raises:
        FileNotFoundError: If there is no such folder or table.
        ValueError: If a rule cannot be one.
        ModuleNotFoundError: If Ray is asked for and not installed.
    """
    rules = rules or DedupRules()
    given = [one for one in (against, source) if one is not None]
    sources = [Path(one) if isinstance(one, str | Path) else tuple(one) for one in given]
    rows = Collection(tuple(sources), text)
    stamps = rows.stamps()
    with _engine(rules, None if cache is None else Path(cache), workers, ray) as engine:
        parts = [engine.hashes(Collection((one,), text)) for one in sources]
        hashed = RowHashes.joined(parts)
        first = components(engine.links(hashed, rules.sameness), len(hashed))
    stays = kept_of(first, rules.keep, hashed.areas, hashed.sharpness)
    older = len(hashed) - len(parts[-1])
    return Deduplicated(rows, hashed, first, stays, rules, older, stamps)


class _Engine(Protocol):
    """Who hashes and groups."""

    def hashes(self, rows: Collection) -> RowHashes:
        """What is known of each row, in order."""

    def links(self, rows: RowHashes, sameness: Sameness) -> Int64[np.ndarray, "p 2"]:
        """Pairs of rows that join the groups."""


class _Local:
    """This process.

    Args:
        hasher: Of images.
        reading: What of a row counts.
    """

    def __init__(self, hasher: ImageHasher, reading: RowReading) -> None:
        self.hasher, self.reading = hasher, reading

    def hashes(self, rows: Collection) -> RowHashes:
        return hash_rows(rows.named(), self.hasher, self.reading)

    def links(self, rows: RowHashes, sameness: Sameness) -> Int64[np.ndarray, "p 2"]:
        return sameness.links(rows)


@contextmanager
def _engine(
    rules: DedupRules, cache: Path | None, workers: int | None, ray: RayEngine | None
) -> Iterator[_Engine]:
    # also where Ray works: what a rule cannot be is said here
    hasher = ImageHasher(rules.method, rules.mode, workers)
    if ray is None:
        hasher.cache = None if cache is None else HashCache(cache)
        yield _Local(hasher, rules.reading)
        return
    from spotdiff.apps.ray_deduplication import deduplicating

    with deduplicating(rules, cache, ray) as engine:
        yield engine
