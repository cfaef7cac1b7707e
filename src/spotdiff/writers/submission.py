"""The competition's table: which words were added, removed and changed in each pair."""

from __future__ import annotations

import csv
from pathlib import Path

from spotdiff.types import ChangeKind, PairResult
from spotdiff.writers.files import replacing
from spotdiff.writers.jsonl import read_records

HEADER = ("img_id", "added_objs", "removed_objs", "changed_objs")
NOTHING = "none"


def write_submission(records: Path, out: Path) -> None:
    """Writes `out` as CSV from a file of records: a row for every pair, in their order.

    A cell holds the sorted, unique words of the pair's label sets with spaces between, or `none`.
    A pair that failed gets `none` everywhere: the table may lack no row.

    Raises:
        ValueError: An answered pair has no label sets.
    """
    with replacing(out) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(HEADER)
        for result in read_records(records):
            table.writerow(_row(result, records))


def _row(result: PairResult, records: Path) -> list[str]:
    if result.status == "error":
        return [result.pair_id, *[NOTHING] * len(ChangeKind)]
    if result.labels is None:
        raise ValueError(
            f"{records}: expected label sets for pair {result.pair_id!r}, got null; "
            "predict with a model that has a vocabulary, or leave the submission out"
        )
    words = [sorted(set(result.labels.of(kind))) for kind in ChangeKind]
    return [result.pair_id, *(" ".join(cell) or NOTHING for cell in words)]
