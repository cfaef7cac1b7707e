"""Finds pairs of a collection that repeat an earlier one, for programs and for Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Bool, Int64, UInt8

from spotdiff.apps.pair_pictures import AnyRow, PairPictures
from spotdiff.data.image_hashing import HashCache, ImageHasher
from spotdiff.data.pair_hashing import hash_pairs
from spotdiff.data.sources import open_source
from spotdiff.data.tables import TableError
from spotdiff.stages.pair_deduplication import RELATIONS, Relation, Repeats, distances, repeats
from spotdiff.types import RowProblem, ViewHashes


@dataclass(frozen=True, slots=True)
class PairRules:
    """When a pair repeats another one, and what does not stay.

    Attributes:
        method: Of hashing, one of `ops.image_hashes.METHODS`.
        mode: `exact` decodes whole pictures, `fast` at a reduced scale where the format allows it.
        max_distance: Bits by which the hash of a view may differ.
        max_difference: Levels of a channel by which a place of a view may differ, at 32 x 32
            pixels; None believes the hashes.
        colour: Views of one hash whose mean colours differ clearly are different.
        keep_unchanged: Pairs whose two views look the same stay; otherwise they go before pairs
            are compared with one another.

    Raises:
        ValueError: If one of them cannot be that.
    """

    method: str = "phash"
    mode: Literal["exact", "fast"] = "exact"
    max_distance: int = 0
    max_difference: int | None = 16
    colour: bool = False
    keep_unchanged: bool = True

    def __post_init__(self) -> None:
        if not _is_whole(self.max_distance, 64):
            raise ValueError(
                "Expected max_distance to be a number of bits from 0 to 64, got "
                f"{self.max_distance!r}."
            )
        if self.max_difference is not None and not _is_whole(self.max_difference, 255):
            raise ValueError(
                "Expected max_difference to be a number of levels from 0 to 255, or null, got "
                f"{self.max_difference!r}."
            )
        for name in ("colour", "keep_unchanged"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(
                    f"Expected {name} to be true or false, got {getattr(self, name)!r}."
                )


@dataclass(frozen=True)
class DeduplicatedPairs:
    """What was found; row i of every field is pair i.

    Attributes:
        rows: As they were read; those of another collection come first.
        older: So many are of the other collection.
        problems: Why nothing is known of a pair, by its row; it stays.
        repeats: Which earlier pair each repeats.
        unchanged: Whether both views look the same.
        apart: In how many bits they differ; 0 where nothing is known.
        stays: Whether each pair stays; of another collection none does, it stays where it is.
        table_problems: What is wrong with the tables, but with no pair.
    """

    rows: tuple[AnyRow, ...]
    older: int
    problems: Mapping[int, str]
    repeats: Repeats
    unchanged: Bool[np.ndarray, " n"]
    apart: UInt8[np.ndarray, " n"]
    stays: Bool[np.ndarray, " n"]
    table_problems: tuple[str, ...] = ()

    def relation(self, row: int) -> Relation | Literal["unchanged"] | None:
        """What is to be told of a pair: how it repeats an earlier one, or that nothing changed."""
        number = int(self.repeats.relation[row])
        if number >= 0:
            return RELATIONS[number]
        return "unchanged" if self.unchanged[row] else None


def deduplicate_pairs(
    source: str | Path | Sequence[AnyRow],
    rules: PairRules | None = None,
    *,
    against: str | Path | Sequence[AnyRow] = (),
    cache: str | Path | None = None,
    workers: int | None = None,
) -> DeduplicatedPairs:
    """Pairs that repeat an earlier one, and which of them stay.

    Args:
        source: Pairs in any form that `predict` reads, or their rows.
        rules: When a pair repeats another one; None for equal hashes of pHash.
        against: Another collection: pairs that are in that do not stay.
        cache: Folder that keeps hashes by file, so that a second run reads no pixels.
        workers: Of decoding; None for one a core.

    Raises:
        SourceError: If there are no pairs in a known form.
        TableError: If a source holds no pair at all.
        ValueError: If a rule cannot be one.
    """
    rules = rules or PairRules()
    older, told = _pairs(against) if against != () else ((), ())
    newer, told_newer = _pairs(source)
    rows = (*older, *newer)
    kept = None if cache is None else HashCache(Path(cache))
    hasher = ImageHasher(rules.method, rules.mode, workers=workers, cache=kept)
    before, after, problems = hash_pairs(rows, hasher, rules.colour)
    known = np.ones(len(rows), bool)
    known[list(problems)] = False
    looks = PairPictures(rows, workers)
    unchanged, apart = _unchanged(before, after, known, rules.max_distance)
    if rules.max_difference is not None:
        unchanged = looks.unchanged(unchanged, rules.max_difference)
    gone = unchanged & (not rules.keep_unchanged)
    compared = np.flatnonzero(known & ~gone)
    found = _among(compared, (before, after), rules.max_distance, len(older))
    if rules.max_difference is not None:
        found = looks.repeats(found, rules.max_difference)
        found = replace(found, distances=distances(before, after, found))
    stays = (found.earlier < 0) & ~gone & (np.arange(len(rows)) >= len(older))
    told = told + told_newer
    return DeduplicatedPairs(rows, len(older), problems, found, unchanged, apart, stays, told)


def _pairs(
    source: str | Path | Sequence[AnyRow],
) -> tuple[tuple[AnyRow, ...], tuple[str, ...]]:
    """The rows that stand for pairs, and what else is wrong with their table."""
    rows = tuple(open_source(source) if isinstance(source, str | Path) else source)
    whole = [row for row in rows if isinstance(row, RowProblem) and not row.pair_id]
    pairs = tuple(row for row in rows if row.pair_id)
    if not pairs:
        raise TableError(whole or [RowProblem("", "pairs", "expected at least one, found none")])
    return pairs, tuple(f"{row.where}: {row.reason}" for row in whole)


def _unchanged(
    before: ViewHashes, after: ViewHashes, known: Bool[np.ndarray, " n"], most: int
) -> tuple[Bool[np.ndarray, " n"], UInt8[np.ndarray, " n"]]:
    """Whether both views of a pair look the same to hashes, and the bits in which they differ."""
    apart = np.where(known, np.bitwise_count(before.bits ^ after.bits), 0).astype(np.uint8)
    return known & (apart <= most) & (before.look == after.look), apart


def _among(
    compared: Int64[np.ndarray, " m"],
    views: tuple[ViewHashes, ViewHashes],
    max_distance: int,
    older: int,
) -> Repeats:
    """What some of all pairs repeat; nothing is told of the others."""
    count = len(views[0].bits)
    before, after = (view.taken(compared) for view in views)
    some = repeats(before, after, max_distance, int((compared < older).sum()))
    found = Repeats(np.full(count, -1), np.full(count, -1, np.int8), np.zeros((count, 2), np.uint8))
    again = some.earlier >= 0
    found.earlier[compared[again]] = compared[some.earlier[again]]
    found.relation[compared] = some.relation
    found.distances[compared] = some.distances
    return found


def _is_whole(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most
