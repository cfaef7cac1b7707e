"""Finds pairs of a collection that repeat an earlier one, for programs and for Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Bool, Int64, UInt8

from spotdiff.data.image_hashing import HashCache, ImageHasher
from spotdiff.data.sources import open_source
from spotdiff.data.tables import TableError
from spotdiff.stages.pair_deduplication import RELATIONS, Relation, Repeats, Views, repeats
from spotdiff.types import ImageHash, PairRow, RowProblem

AnyRow: TypeAlias = PairRow | RowProblem

_COLOUR_STEP = 16  # grey levels of a channel that count as one colour
_COLUMNS = np.dtype([("bits", "<u8"), ("mirrored", "<u8"), ("look", "<i8")])


@dataclass(frozen=True, slots=True)
class PairRules:
    """When a pair repeats another one, and what does not stay.

    Attributes:
        method: Of hashing, one of `ops.image_hashes.METHODS`.
        mode: `exact` decodes whole pictures, `fast` at a reduced scale where the format allows it.
        max_distance: Bits by which the hash of a view may differ.
        colour: Views of one hash whose mean colours differ clearly are different.
        keep_unchanged: Pairs whose two views look the same stay; otherwise they go before pairs
            are compared with one another.
    """

    method: str = "phash"
    mode: Literal["exact", "fast"] = "exact"
    max_distance: int = 0
    colour: bool = False
    keep_unchanged: bool = True


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
    problems = {i: row.reason for i, row in enumerate(rows) if isinstance(row, RowProblem)}
    views = _hashed(rows, hasher, rules.colour, problems)
    return _found(rows, len(older), problems, views, rules, told + told_newer)


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


def _hashed(
    rows: Sequence[AnyRow], hasher: ImageHasher, colour: bool, problems: dict[int, str]
) -> tuple[Views, Views]:
    """Both views of every pair; `problems` learns which cannot be read."""
    good = [i for i, row in enumerate(rows) if isinstance(row, PairRow)]
    pairs = (rows[i] for i in good)
    paths = (path for row in pairs if isinstance(row, PairRow) for path in (row.before, row.after))
    table = np.zeros((len(rows), 2), _COLUMNS)
    for number, image in enumerate(hasher(paths)):
        row, view = good[number // 2], number % 2
        if image.problem is not None:
            problems.setdefault(row, image.problem)
        table[row, view] = image.bits or 0, image.mirrored or 0, _look(image, colour)
    columns = (table[:, view] for view in (0, 1))
    before, after = (Views(one["bits"], one["mirrored"], one["look"]) for one in columns)
    return before, after


def _look(image: ImageHash, colour: bool) -> int:
    """What has to be equal besides the bits: the colour of flat views, and of all on request."""
    red, green, blue = image.colour
    if image.flat:
        return 1 + (red << 16 | green << 8 | blue)
    if colour:
        step = _COLOUR_STEP
        return (1 << 25) + (red // step << 16 | green // step << 8 | blue // step)
    return 0


def _found(
    rows: tuple[AnyRow, ...],
    older: int,
    problems: Mapping[int, str],
    views: tuple[Views, Views],
    rules: PairRules,
    told: tuple[str, ...],
) -> DeduplicatedPairs:
    before, after = views
    count = len(rows)
    known = np.ones(count, bool)
    known[list(problems)] = False
    apart = np.where(known, np.bitwise_count(before.bits ^ after.bits), 0).astype(np.uint8)
    unchanged = known & (apart <= rules.max_distance) & (before.look == after.look)
    gone = np.zeros(count, bool) if rules.keep_unchanged else unchanged
    found = _among(np.flatnonzero(known & ~gone), views, rules, older, count)
    stays = (found.earlier < 0) & ~gone & (np.arange(count) >= older)
    return DeduplicatedPairs(rows, older, problems, found, unchanged, apart, stays, told)


def _among(
    compared: Int64[np.ndarray, " m"],
    views: tuple[Views, Views],
    rules: PairRules,
    older: int,
    count: int,
) -> Repeats:
    """What some of all pairs repeat; nothing is told of the others."""
    before, after = (view.taken(compared) for view in views)
    some = repeats(before, after, rules.max_distance, int((compared < older).sum()))
    found = Repeats(np.full(count, -1), np.full(count, -1, np.int8), np.zeros((count, 2), np.uint8))
    again = some.earlier >= 0
    found.earlier[compared[again]] = compared[some.earlier[again]]
    found.relation[compared] = some.relation
    found.distances[compared] = some.distances
    return found
