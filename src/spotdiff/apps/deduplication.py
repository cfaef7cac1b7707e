"""Finds and removes rows that show the same, for programs and for Python."""

from __future__ import annotations

from collections.abc import Collection as Numbers
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Int64, UInt8

from spotdiff.apps.dedup_engine import engine_of
from spotdiff.apps.dedup_rules import DedupRules
from spotdiff.data.collections import Collection
from spotdiff.data.hash_store import HashStore, identities
from spotdiff.ops.hamming import components
from spotdiff.ops.keepers import kept_of
from spotdiff.ops.settling import first_of, settled_kept
from spotdiff.types import ImageRow, RowHashes
from spotdiff.writers.files import alone

if TYPE_CHECKING:
    from spotdiff.apps.ray_engine import RayEngine

__all__ = ["DedupRules", "Deduplicated", "deduplicate"]


@dataclass(frozen=True, eq=False)
class Deduplicated:
    """What was found; row i of every column is row i of the rows.

    Rows are not held in memory: `rows` reads them again whenever it is walked through.

    Attributes:
        rows: Of the older collection, if there is one, and then those of the collection.
        hashed: What is known of each.
        first: The first row of the group of each.
        kept: The row of that group that stays; -1 where a store has what the group shows.
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
        """By how many bits each row differs from the one that stays, at the position of most.

        0 where none stays.
        """
        others = np.where(self.kept < 0, np.arange(len(self)), self.kept)
        return self.rules.sameness.distances(self.hashed, others)

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
    store: str | Path | None = None,
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
        store: Folder of the hashes of rows that stayed in earlier runs: what shows the same as one
            of them does not stay, and the hashes of what stays are added. A row that is in it
            itself stays.
        ray: Hashes and groups on the workers of Ray, with the same result; None in this process.

    Raises:
        FileNotFoundError: If there is no such folder or table.
        ValueError: If a rule cannot be one, or another run writes to the store.
        ModuleNotFoundError: If Ray is asked for and not installed.
    """
    rules = rules or DedupRules()
    given = [one for one in (against, source) if one is not None]
    sources = [Path(one) if isinstance(one, str | Path) else tuple(one) for one in given]
    rows = Collection(tuple(sources), text)
    stamps = rows.stamps()
    folder = None if cache is None else Path(cache)
    lock = nullcontext() if store is None else alone(Path(store))
    with lock, engine_of(rules, folder, workers, ray) as engine:
        parts = [engine.hashes(Collection((one,), text)) for one in sources]
        hashed = RowHashes.joined(parts)
        earlier = _Earlier(None if store is None else HashStore(Path(store), rules.hashing), hashed)
        everything = earlier.with_rows(hashed)
        labels = components(engine.links(everything, rules.sameness), len(everything))
        before = len(everything) - len(hashed)
        first = first_of(labels[before:]) if before else labels
        kept = kept_of(first, rules.keep, hashed.areas, hashed.sharpness)
        kept = settled_kept(kept, first, earlier.settled, labels[before:] < before)
        older = len(hashed) - len(parts[-1])
        found = Deduplicated(rows, hashed, first, kept, rules, older, stamps)
        earlier.add(found)
    return found


class _Earlier:
    """What earlier runs have said, as far as it is of other rows than those of this run.

    Args:
        store: Of their hashes; None where nothing is kept.
        hashed: The rows of this run.
    """

    def __init__(self, store: HashStore | None, hashed: RowHashes) -> None:
        self.store = store
        self.settled = np.zeros(len(hashed), bool)
        self.others: RowHashes | None = None
        there = None if store is None else store.read()
        if there is not None:
            ours, first = np.unique(identities(hashed), return_index=True)
            theirs = identities(there)
            self.settled[first[np.isin(ours, theirs)]] = True
            self.others = there.taken(np.flatnonzero(~np.isin(theirs, ours)))

    def with_rows(self, hashed: RowHashes) -> RowHashes:
        """The rows of other runs, and then those of this one."""
        return hashed if self.others is None else RowHashes.joined([self.others, hashed])

    def add(self, found: Deduplicated) -> None:
        """Keeps what stays for later runs, unless it is kept already."""
        hashed = found.hashed
        told = hashed.known if hashed.texts is not None else hashed.known & (hashed.counts > 0)
        fresh = np.flatnonzero(found.stays & told & ~self.settled)
        if self.store is not None and len(fresh):
            self.store.add(hashed.taken(fresh))
