"""Who hashes rows and finds those that show the same: this process, or the workers of Ray."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from jaxtyping import Int64

from spotdiff.apps.dedup_rules import DedupRules
from spotdiff.data.collections import Collection
from spotdiff.data.image_hashing import HashCache, ImageHasher
from spotdiff.data.row_hashing import RowReading, hash_rows
from spotdiff.stages.deduplication import Sameness
from spotdiff.types import RowHashes

if TYPE_CHECKING:
    from spotdiff.apps.ray_engine import RayEngine


class Engine(Protocol):
    """Who hashes and groups."""

    def hashes(self, rows: Collection) -> RowHashes:
        """What is known of each row, in order."""

    def links(self, rows: RowHashes, sameness: Sameness) -> Int64[np.ndarray, "p 2"]:
        """Pairs of rows that join the groups."""


class LocalEngine:
    """This process.

    Args:
        hasher: Of images.
        reading: What of a row counts.
    """

    def __init__(self, hasher: ImageHasher, reading: RowReading) -> None:
        self.hasher, self.reading = hasher, reading

    def hashes(self, rows: Collection) -> RowHashes:
        """As `Engine.hashes`."""
        return hash_rows(rows.named(), self.hasher, self.reading)

    def links(self, rows: RowHashes, sameness: Sameness) -> Int64[np.ndarray, "p 2"]:
        """As `Engine.links`."""
        return sameness.links(rows)


@contextmanager
def engine_of(
    rules: DedupRules, cache: Path | None, workers: int | None, ray: RayEngine | None
) -> Iterator[Engine]:
    """Who hashes and groups, ready to work.

    Args:
        rules: When rows are the same.
        cache: Folder of hashes by file.
        workers: Of decoding in this process; None for one a core.
        ray: The workers of Ray instead of this process.

    Raises:
        ValueError: If a rule cannot be one.
        ModuleNotFoundError: If Ray is asked for and not installed.
    """
    # also where Ray works: what a rule cannot be is said here
    hasher = ImageHasher(rules.method, rules.mode, workers)
    if ray is None:
        hasher.cache = None if cache is None else HashCache(cache)
        yield LocalEngine(hasher, rules.reading)
        return
    from spotdiff.apps.ray_deduplication import deduplicating

    with deduplicating(rules, cache, ray) as engine:
        yield engine
