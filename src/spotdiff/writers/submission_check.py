"""Whether a competition's table may be handed in: every pair once and in order, every cell in form.

A cell holds words with spaces between, sorted and each once, or `none`. A label of several words
can only be told from several labels by those who know which labels there are.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TypeAlias

HEADER = ("img_id", "added_objs", "removed_objs", "changed_objs")
NOTHING = "none"

Rows: TypeAlias = Sequence[Sequence[str]]
_FIRST = 2  # the number of the first row below the header, as a spreadsheet shows it


def check_submission(
    path: Path, pair_ids: Sequence[str], words: Collection[str] | None = None
) -> None:
    """Checks a table that was written.

    Args:
        path: The CSV file.
        pair_ids: The ids that it must have, in this order.
        words: All labels that it may hold; None allows every single word.

    Raises:
        ValueError: The first thing that is wrong, in one sentence with its row.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path}: expected a table as CSV in UTF-8: {error}.") from error
    problem = first_problem(rows, pair_ids, words)
    if problem is not None:
        raise ValueError(f"{path}: {problem}")


def first_problem(
    rows: Rows, pair_ids: Sequence[str], words: Collection[str] | None = None
) -> str | None:
    """What is wrong with the rows of a table, its header included; None if nothing is.

    Example:
        >>> first_problem([HEADER, ("7", "car", "none", "")], ["7"])
        "row 2: expected words or 'none' for changed_objs of pair '7', got an empty cell."
        >>> first_problem([HEADER, ("7", "car", "none", "cup dog")], ["7"], {"car", "cup", "dog"})
    """
    if not rows or tuple(rows[0]) != HEADER:
        got = ",".join(rows[0]) if rows else ""
        return f"expected the header {','.join(HEADER)}, got {got!r}."
    body = rows[1:]
    problems = (_shapes(body), _ids(body, pair_ids), _cells(body, words))
    return next((problem for some in problems for problem in some), None)


def _shapes(body: Rows) -> Iterator[str]:
    for number, row in enumerate(body, start=_FIRST):
        if len(row) != len(HEADER):
            yield f"row {number}: expected {len(HEADER)} cells, got {len(row)}."


def _ids(body: Rows, pair_ids: Sequence[str]) -> Iterator[str]:
    """Each id once, none lacking, none beside them, in their order."""
    found = Counter(row[0] for row in body)
    expected = set(pair_ids)
    wanted = f"expected a row for each of {len(pair_ids):,} pairs, got {len(body):,} rows"
    for number, row in enumerate(body, start=_FIRST):
        if row[0] not in expected:
            yield f"row {number}: expected a pair of the pairs table, got {row[0]!r}."
    for pair_id, times in found.items():
        if times > 1:
            yield f"{wanted}: pair {pair_id!r} has {times}."
    for pair_id in pair_ids:
        if pair_id not in found:
            yield f"{wanted}: pair {pair_id!r} has none."
    for number, (row, pair_id) in enumerate(zip(body, pair_ids, strict=False), start=_FIRST):
        if row[0] != pair_id:
            yield (
                f"row {number}: expected pair {pair_id!r}, since rows have the order of the pairs "
                f"table, got {row[0]!r}."
            )


def _cells(body: Rows, words: Collection[str] | None) -> Iterator[str]:
    split = _single if words is None else _reader(words)
    for number, row in enumerate(body, start=_FIRST):
        for column, cell in zip(HEADER[1:], row[1:], strict=True):
            problem = _cell(cell, split, words)
            if problem is not None:
                told, got = problem
                place = f"for {column} of pair {row[0]!r}"
                yield f"row {number}: expected {told} {place}, got {got}."


def _cell(
    cell: str, split: Callable[[str], list[str] | None], words: Collection[str] | None
) -> tuple[str, str] | None:
    """What was expected of a cell and what it holds; None for a good one."""
    if not cell.strip():
        return f"words or {NOTHING!r}", "an empty cell"
    if cell == NOTHING:
        return None
    parts = cell.split(" ")
    if NOTHING in parts:
        return f"{NOTHING!r} without other words", repr(cell)
    unknown = _unknown(parts, words)
    if unknown is not None:
        near = get_close_matches(unknown, words or (), n=1)
        question = f" (did you mean {near[0]!r}?)" if near else ""
        return "known labels", f"{unknown!r}{question}"
    labels = split(cell)
    if labels is None or labels != sorted(set(labels)) or "" in labels:
        return "labels that are sorted, each once and with one space between", repr(cell)
    return None


def _unknown(parts: Iterable[str], words: Collection[str] | None) -> str | None:
    """The first word that no label has."""
    if words is None:
        return None
    known = {part for word in words for part in word.split(" ")}
    return next((part for part in parts if part and part not in known), None)


def _single(cell: str) -> list[str]:
    return cell.split(" ")


def _reader(words: Collection[str]) -> Callable[[str], list[str] | None]:
    """What splits a cell into rising labels out of `words`; None where that cannot be done."""
    known = set(words)
    longest = max((word.count(" ") + 1 for word in known), default=1)

    def read(parts: list[str], last: str) -> list[str] | None:
        if not parts:
            return []
        for count in range(1, min(longest, len(parts)) + 1):
            word = " ".join(parts[:count])
            if word in known and word > last:
                rest = read(parts[count:], word)
                if rest is not None:
                    return [word, *rest]
        return None

    return lambda cell: read(cell.split(" "), "")
