"""Tables as streams of rows: CSV, TSV, JSON lines and Parquet, one row in memory at a time.

Rows are counted as a spreadsheet or an editor shows them: the header of a CSV is row 1, the first
line of a JSON lines file is row 1, and so is the first row of a Parquet file. A problem whose
`pair_id` is empty is about the table as a whole, not about one pair.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from spotdiff.data.remote import reaching
from spotdiff.types import ChangeKind, PairRow, RowProblem

DELIMITERS = {".csv": ",", ".tsv": "\t"}
JSON_LINES = (".jsonl", ".ndjson")
TABLE_SUFFIXES = (*DELIMITERS, *JSON_LINES, ".parquet")
_BATCH = 1024


class TableError(ValueError):
    """A table cannot be used; the message names every problem, row by row.

    Args:
        problems: All that is wrong.
        shown: As many problems are spelled out in the message.
    """

    def __init__(self, problems: Collection[RowProblem], shown: int = 20) -> None:
        self.problems = tuple(problems)
        lines = [f"{problem.where}: {problem.reason}" for problem in self.problems[:shown]]
        if len(self.problems) > shown:
            lines.append(f"and {len(self.problems) - shown} more")
        many = len(lines) > 1
        title = f"{len(self.problems)} problems:\n  " if many else ""
        super().__init__(title + "\n  ".join(lines))

    def __reduce__(self) -> tuple[type[TableError], tuple[tuple[RowProblem, ...]]]:
        return type(self), (self.problems,)


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a table, its cells by column.

    Cells of CSV and TSV are text; those of JSON lines and Parquet are what they hold.
    """

    path: Path
    number: int
    cells: Mapping[str, object]

    @property
    def where(self) -> str:
        """The origin, for messages."""
        return f"{self.path.name} row {self.number}"

    @property
    def default_id(self) -> str:
        """The id of a pair whose row gives none."""
        return f"{self.path.stem}-{self.number:06d}"

    def problem(
        self, reason: str, pair_id: str = "", before: Path | None = None, after: Path | None = None
    ) -> RowProblem:
        """Says that this row cannot be used."""
        return RowProblem(pair_id or self.default_id, self.where, reason, before, after)


def checked(
    rows: Iterable[PairRow | RowProblem], words: Collection[str] | None = None
) -> list[PairRow]:
    """All rows, if every one of them is good.

    Args:
        rows: What a reader yields.
        words: The raw words that labels may hold; None allows all.

    Raises:
        TableError: With all problems of all rows at once.
    """
    good: list[PairRow] = []
    problems: list[RowProblem] = []
    for row in rows:
        judged = row if isinstance(row, RowProblem) or words is None else _judged(row, words)
        if isinstance(judged, RowProblem):
            problems.append(judged)
        else:
            good.append(judged)
    if problems:
        raise TableError(problems)
    return good


def distinct(rows: Iterable[PairRow | RowProblem], where: str) -> Iterator[PairRow | RowProblem]:
    """The same rows; a pair id that comes again, or no row at all, is a problem.

    The problem of a repeated id carries the id and its row, so that it cannot be taken for the
    first pair of that name.
    """
    seen: set[str] = set()
    empty = True
    for row in rows:
        empty = False
        if row.pair_id and row.pair_id in seen:
            reason = f"pair id {row.pair_id!r} occurs more than once; ids must be unique"
            name = f"{row.pair_id}{_repeated(row)}"
            yield RowProblem(name, row.where, reason, row.before, row.after)
        else:
            seen.add(row.pair_id)
            yield row
    if empty:
        yield RowProblem("", where, "expected at least one pair, found none")


def pair_ids(rows: Iterable[PairRow | RowProblem]) -> tuple[str, ...]:
    """The ids of all pairs, each once, in the order of their rows, of whatever could not be read.

    Problems of a table as a whole have none; nor has a row that repeats the id of another.

    Example:
        >>> photo = Path("a.png")
        >>> rows = [PairRow("7", photo, photo), RowProblem("8", "t.csv row 3", "no such file")]
        >>> pair_ids(distinct([*rows, PairRow("7", photo, photo, where="t.csv row 4")], "t.csv"))
        ('7', '8')
    """
    return tuple(
        row.pair_id
        for row in rows
        if row.pair_id
        and not (isinstance(row, RowProblem) and row.pair_id.endswith(_repeated(row)))
    )


def columns(path: Path) -> tuple[str, ...]:
    """The columns of a table; of JSON lines those of the first row that can be read.

    Raises:
        TableError: The table cannot be read that far.
    """
    if path.suffix.lower() == ".parquet":
        return _parquet_columns(path)
    if path.suffix.lower() in DELIMITERS:
        return _csv_columns(path)
    problems: list[RowProblem] = []
    for row in records(path):
        if isinstance(row, Record):
            return tuple(row.cells)
        problems.append(row)
    if problems:
        raise TableError(problems[:1])
    return ()


def records(path: Path) -> Iterator[Record | RowProblem]:
    """The rows of a table, lazily; a row that is none, or where reading ends early, is a problem.

    Args:
        path: A file with one of `TABLE_SUFFIXES`.
    """
    suffix = path.suffix.lower()
    reader = _csv_records if suffix in DELIMITERS else _json_records
    try:
        with reaching(path):
            yield from _parquet_records(path) if suffix == ".parquet" else reader(path)
    except (OSError, ValueError, csv.Error) as error:
        yield RowProblem("", path.name, f"cannot be read to its end: {error}")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question that names the nearest known word, to end a message; empty if none is near.

    Example:
        >>> did_you_mean("sofaa", ["chair", "sofa"])
        " Did you mean 'sofa'?"
    """
    near = get_close_matches(word, known, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def _repeated(row: PairRow | RowProblem) -> str:
    """What follows an id that is there already."""
    return f" ({row.where})"


def _judged(row: PairRow, words: Collection[str]) -> PairRow | RowProblem:
    labels = [row.labels.of(kind) for kind in ChangeKind] if row.labels else []
    unknown = sorted({word for some in labels for word in some if word not in words})
    if not unknown:
        return row
    questions = [f"unknown label {word!r}.{did_you_mean(word, words)}" for word in unknown]
    return RowProblem(row.pair_id, row.where, " ".join(questions), row.before, row.after)


def _csv_columns(path: Path) -> tuple[str, ...]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            header = next(csv.reader(lines, delimiter=DELIMITERS[path.suffix.lower()]), [])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TableError([RowProblem("", path.name, f"cannot be read: {error}")]) from error
    names = tuple(name.strip() for name in header)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TableError([RowProblem("", path.name, f"columns occur more than once: {twice}")])
    return names


def _csv_records(path: Path) -> Iterator[Record | RowProblem]:
    names = _csv_columns(path)
    with path.open(newline="", encoding="utf-8-sig") as lines:
        reader = csv.reader(lines, delimiter=DELIMITERS[path.suffix.lower()], strict=True)
        next(reader, None)
        for number, cells in enumerate(reader, start=2):
            record = Record(path, number, dict(zip(names, cells, strict=False)))
            if len(cells) == len(names):
                yield record
            elif cells:
                yield record.problem(f"expected {len(names)} cells, got {len(cells)}")


def _json_records(path: Path) -> Iterator[Record | RowProblem]:
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            record = Record(path, number, {})
            if not line.strip():
                continue
            try:
                cells = json.loads(line)
            except (json.JSONDecodeError, RecursionError) as error:
                yield record.problem(f"expected one JSON object a line, got broken JSON: {error}")
                continue
            if isinstance(cells, dict):
                yield replace(record, cells=cells)
            else:
                yield record.problem(f"expected a JSON object, got {line.strip()[:60]}")


def _parquet_columns(path: Path) -> tuple[str, ...]:
    import pyarrow  # costs a fifth of a second, and most tables are text
    import pyarrow.parquet

    try:
        with path.open("rb") as table:
            return tuple(pyarrow.parquet.read_schema(table).names)
    except (OSError, pyarrow.ArrowException) as error:
        raise TableError([RowProblem("", path.name, f"is no Parquet file: {error}")]) from error


def _parquet_records(path: Path) -> Iterator[Record | RowProblem]:
    import pyarrow
    import pyarrow.parquet

    number = 0
    try:
        with path.open("rb") as file, pyarrow.parquet.ParquetFile(file) as table:
            for batch in table.iter_batches(batch_size=_BATCH):
                for cells in batch.to_pylist():
                    number += 1
                    yield Record(path, number, cells)
    except pyarrow.ArrowException as error:
        yield RowProblem("", path.name, f"cannot be read after row {number}: {error}")
