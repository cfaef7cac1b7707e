"""Deduplication of pairs: a collection of pairs in, which repeat an earlier one out."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
from omegaconf import DictConfig

from spotdiff.apps.pair_deduplication import DeduplicatedPairs, PairRules
from spotdiff.apps.pair_deduplication import deduplicate_pairs as deduplicated
from spotdiff.cli.contact_sheet import MAX_PROBLEMS, MAX_ROWS, checked_groups, sheet_picture
from spotdiff.data.pair_cells import pair_cells
from spotdiff.writers.contact_sheet import SheetGroup, SheetRow, SheetWords, write_contact_sheet
from spotdiff.writers.duplicates import RowsWriter

log = logging.getLogger("spotdiff")

MAX_EXIT = 63  # the exit code counts pairs that nothing is known of up to here
_SHOWN = 10  # problems that are told one by one

# keys of collections of single rows, and the values at which they say nothing
_OF_ROWS = {
    **{"consider_text": False, "lowercase": False, "ignore_non_character": False},
    **{"ordered": True, "keep": "first", "compat": None, "show_num": 0, "action": "report"},
    **{"engine": "local", "store": None},
}


def deduplicate_pairs(cfg: DictConfig) -> int:
    """Finds pairs that repeat an earlier one, and writes which of them stay.

    Returns:
        How many pairs could not be read, and what else is wrong with their table, at most 63.

    Raises:
        ValueError: If a setting cannot be one, or there are no pairs.
    """
    for name, nothing in _OF_ROWS.items():
        if cfg[name] != nothing:
            raise ValueError(f"{name}={cfg[name]} has no meaning for pairs=true; leave it out.")
    most = checked_groups(cfg.contact_sheet_groups)
    rules = PairRules(**{item.name: cfg[item.name] for item in fields(PairRules)})
    against = () if cfg.against is None else str(cfg.against)
    found = deduplicated(
        str(cfg.images), rules, against=against, cache=cfg.cache, workers=cfg.workers
    )
    out = Path(cfg.out)
    _write(found, out)
    if cfg.contact_sheet:
        _write_sheet(found, most, out / "contact_sheet.html")
    _tell(found, out)
    wrong = len(found.table_problems) + sum(row >= found.older for row in found.problems)
    return min(wrong, MAX_EXIT)


def _write(found: DeduplicatedPairs, out: Path) -> None:
    """Who stays as `kept.jsonl`, a manifest; every pair as `pairs.jsonl`."""
    with RowsWriter(out / "kept.jsonl") as kept, RowsWriter(out / "pairs.jsonl") as records:
        for row in range(found.older, len(found.rows)):
            records.write(_record(found, row))
            if found.stays[row]:
                kept.write(pair_cells(found.rows[row]))


def _record(found: DeduplicatedPairs, row: int) -> dict[str, object]:
    """What is told of one pair."""
    earlier = int(found.repeats.earlier[row])
    known = row not in found.problems
    return {
        "pair_id": found.rows[row].pair_id,
        "where": found.rows[row].where,
        "relation": found.relation(row),
        "earlier": found.rows[earlier].pair_id if earlier >= 0 else None,
        "earlier_where": found.rows[earlier].where if earlier >= 0 else None,
        "distances": found.repeats.distances[row].tolist() if earlier >= 0 else None,
        "apart": int(found.apart[row]) if known else None,
        "unchanged": bool(found.unchanged[row]) if known else None,
        "stays": bool(found.stays[row]),
        "problem": found.problems.get(row),
    }


def _tell(found: DeduplicatedPairs, out: Path) -> None:
    told = [*found.table_problems, *found.problems.values()]
    for reason in told[:_SHOWN]:
        log.error("%s", reason)
    if len(told) > _SHOWN:
        log.error("and %d more: see %s", len(told) - _SHOWN, out / "pairs.jsonl")
    new = range(found.older, len(found.rows))
    counts = Counter(found.relation(row) for row in new)
    kept = bool(found.stays[found.unchanged].any())
    log.info(
        "%d pairs: %d stay; %d are the same as an earlier one, %d that one swapped, %d mirrored, "
        "%d mirrored and swapped; in %d more both views look the same%s; %d could not be read and "
        "stay. %s",
        len(new),
        int(found.stays.sum()),
        *(counts[name] for name in ("same", "swapped", "mirrored", "mirrored, swapped")),
        counts["unchanged"],
        ", which stay" if kept else "",
        sum(row >= found.older for row in found.problems),
        out / "pairs.jsonl",
    )


def _write_sheet(found: DeduplicatedPairs, most: int, path: Path) -> None:
    """The pairs that are repeated most, each with its repeats; then those without a change."""
    earlier = found.repeats.earlier
    leaders, sizes = np.unique(earlier[earlier >= 0], return_counts=True)
    order = np.lexsort((leaders, -sizes))
    unchanged = [row for row in range(found.older, len(found.rows)) if _is_unchanged(found, row)]
    reasons = [*found.table_problems, *found.problems.values()]
    words = SheetWords(
        "Pairs that repeat an earlier one",
        (
            f"{len(found.rows) - found.older} pairs, of which {int(found.stays.sum())} stay. Of "
            "each pair before comes first, then after; the numbers are the bits in which the two "
            "differ from the views of the pair with the coloured frame.",
        ),
        max(len(leaders) - most, 0),
        reasons[:MAX_PROBLEMS],
        max(len(reasons) - MAX_PROBLEMS, 0),
    )
    groups = _groups(found, leaders[order][:most].tolist(), unchanged)
    write_contact_sheet(groups, words, path)


def _is_unchanged(found: DeduplicatedPairs, row: int) -> bool:
    return found.relation(row) == "unchanged"


def _groups(
    found: DeduplicatedPairs, leaders: list[int], unchanged: list[int]
) -> Iterator[SheetGroup]:
    followers: dict[int, list[int]] = {leader: [] for leader in leaders}
    for row in np.flatnonzero(found.repeats.earlier >= 0).tolist():
        if (leader := int(found.repeats.earlier[row])) in followers:
            followers[leader].append(row)
    for number, (leader, rows) in enumerate(followers.items(), start=1):
        shown = [leader, *rows[: MAX_ROWS - 1]]
        title = f"Group {number}: {len(rows) + 1} pairs"
        yield SheetGroup(title, (_row(found, row) for row in shown), len(rows) + 1 - len(shown))
    if unchanged:
        shown = unchanged[:MAX_ROWS]
        title = f"Both views look the same: {len(unchanged)} pairs"
        yield SheetGroup(title, (_row(found, row) for row in shown), len(unchanged) - len(shown))


def _row(found: DeduplicatedPairs, row: int) -> SheetRow:
    pair, relation = found.rows[row], found.relation(row)
    told = "in the other collection" if row < found.older else "stays"
    if relation == "unchanged":
        told = f"unchanged, {int(found.apart[row])} bits"
    elif relation is not None:
        before, after = found.repeats.distances[row].tolist()
        told = f"{relation}, {before} and {after} bits"
    views = [path for path in (pair.before, pair.after) if path is not None]
    pictures = [sheet_picture(path, str(path)) for path in views]
    return SheetRow(pictures, bool(found.stays[row]), f"{pair.pair_id}: {told}")
