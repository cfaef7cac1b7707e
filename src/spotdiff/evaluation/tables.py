"""What a suite found: tables in Markdown for pages, plain values for a file."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

from spotdiff.evaluation.methods import Method
from spotdiff.evaluation.ranking import Interval

Step: TypeAlias = Callable[[], None]  # called for each pair that is done
ABSENT = "–"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under a title; `note` says what was measured, and by which convention."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What a suite found.

    Attributes:
        name: Of the suite.
        tables: To be read.
        values: The same and more, as plain values.
        pairs: How many pairs were measured.
        problems: A sentence for each pair that could not be.
    """

    name: str
    tables: tuple[Table, ...]
    values: Mapping[str, Any]
    pairs: int
    problems: tuple[str, ...] = field(default=())


class Suite(Protocol):
    """Measures several methods in one run, on the same pairs."""

    def __call__(self, methods: Sequence[Method], step: Step) -> Report:
        """What it found; calls `step` after each pair."""
        ...


@runtime_checkable
class FileSuite(Protocol):
    """Measures what was answered before, and asks no method."""

    def measured(self) -> Report:
        """What it found."""
        ...


def markdown(tables: Sequence[Table]) -> str:
    """The tables as a page.

    Example:
        >>> print(markdown([Table("Pairs", ("method", "AUROC"), (("ours", "0.9"),), "Ten pairs.")]))
        ### Pairs
        <BLANKLINE>
        Ten pairs.
        <BLANKLINE>
        | method | AUROC |
        | --- | --- |
        | ours | 0.9 |
        <BLANKLINE>
    """
    lines: list[str] = []
    for table in tables:
        lines += [f"### {table.title}", ""]
        lines += [table.note, ""] if table.note else []
        lines += [_line(table.columns), _line(["---"] * len(table.columns))]
        lines += [*map(_line, table.rows), ""]
    return "\n".join(lines)


def number(value: float | None, ends: Interval | None = None) -> str:
    """A value to three places, with its interval.

    Example:
        >>> number(0.5), number(0.5, (0.41, 0.6)), number(None), number(3)
        ('0.500', '0.500 (0.410 to 0.600)', '–', '3')
    """
    if value is None or math.isnan(value):
        return ABSENT
    if isinstance(value, int):
        return str(value)
    if ends is None or math.isnan(ends[0]):
        return f"{value:.3f}"
    return f"{value:.3f} ({ends[0]:.3f} to {ends[1]:.3f})"


def share_of_pairs(mean: float, deviation: float) -> str:
    """A share in percent and its standard deviation over seeds.

    Example:
        >>> share_of_pairs(0.25, 0.021), share_of_pairs(0.25, float("nan"))
        ('25.0 ± 2.1 %', '25.0 %')
    """
    if math.isnan(mean):
        return ABSENT
    spread = "" if math.isnan(deviation) else f" ± {100 * deviation:.1f}"
    return f"{100 * mean:.1f}{spread} %"


def plain(values: Mapping[str, float | None]) -> dict[str, float | None]:
    """Values for a file: what is not a number is None."""
    return {n: None if v is None or math.isnan(v) else v for n, v in values.items()}


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
