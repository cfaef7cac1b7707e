"""The competition's table: which words were added, removed and changed in each pair."""

from __future__ import annotations

import csv
from collections.abc import Collection, Sequence
from pathlib import Path

from spotdiff.types import ChangeKind, PairResult
from spotdiff.writers.files import replacing
from spotdiff.writers.jsonl import Records
from spotdiff.writers.submission_check import HEADER, NOTHING, first_problem


def write_submission(
    records: Path,
    out: Path,
    pair_ids: Sequence[str] | None = None,
    words: Collection[str] | None = None,
) -> tuple[str, ...]:
    """Writes `out` as CSV from a file of records, and checks it before it takes its place.

    A cell holds the sorted, unique words of the pair's label sets with spaces between, or `none`.
    A pair that failed gets `none` everywhere: the table may lack no row.

    Args:
        records: The answers; records of other pairs are passed over.
        out: The table.
        pair_ids: The pairs in the order of their table; None takes all records in theirs.
        words: All labels that may be written; None allows those that were said.

    Returns:
        The ids of the pairs that failed and have `none` everywhere for that alone.

    Raises:
        ValueError: A pair has no record, an answered one has no label sets, or the table would
            not pass `check_submission`; a table that is there already stays.
    """
    rows: list[Sequence[str]] = [HEADER]
    failed: list[str] = []
    said: set[str] = set()
    with Records(records) as answers:
        for pair_id in answers.pair_ids if pair_ids is None else pair_ids:
            result = answers[pair_id]
            if result.status == "error":
                failed.append(pair_id)
            cells = _words(result, records)
            said.update(word for cell in cells for word in cell)
            rows.append([pair_id, *(" ".join(cell) or NOTHING for cell in cells)])
    ids = [row[0] for row in rows[1:]] if pair_ids is None else pair_ids
    problem = first_problem(rows, ids, said if words is None else words)
    if problem is not None:
        raise ValueError(f"{out} would not be a submission: {problem}")
    with replacing(out) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    return tuple(failed)


def _words(result: PairResult, records: Path) -> list[list[str]]:
    """The sorted, unique words of every kind."""
    if result.status == "error":
        return [[] for _ in ChangeKind]
    if result.labels is None:
        raise ValueError(
            f"{records}: expected label sets for pair {result.pair_id!r}, got null; "
            "predict with a model that has a vocabulary, or leave the submission out"
        )
    return [sorted(set(result.labels.of(kind))) for kind in ChangeKind]
