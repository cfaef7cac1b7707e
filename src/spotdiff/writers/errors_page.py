"""What is wrong with words, as one page for people that needs nothing beside itself.

Ids, labels and reasons come from files that anybody may have written: every text goes through
`text`, and the page itself forbids whatever is not part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from spotdiff.types import ChangeKind, ColumnMistakes, LabelSets, Mistakes, WorstPair
from spotdiff.writers.files import replacing
from spotdiff.writers.pages import frame, image, text

MAX_ROWS = 25  # of a table; the rest is told as a number
_NOTHING, _ABSENT = "none", "–"


def write_errors(mistakes: Mistakes, path: Path, title: str) -> None:
    """Writes the page, whole or not at all.

    Args:
        mistakes: What was wrong.
        path: The file.
        title: What was measured, in plain words.
    """
    opening, closing = frame("errors_page.html", title)
    sections = [
        f"<h1>{text(title)}</h1>",
        _summary(mistakes),
        "<h2>Is there anything in the column?</h2>",
        _gates(mistakes.columns),
        "<h2>Words</h2>",
        _side_by_side(mistakes.columns, _words),
        "<h2>Which word was said where another one was missed</h2>",
        f'<p class="note">{_ABSENT}: none was missed there, or none wrongly said.</p>',
        _side_by_side(mistakes.columns, _confusions),
        *_worst(mistakes.worst),
    ]
    with replacing(path) as partial:
        partial.write_text(opening + "\n".join(sections) + closing, encoding="utf-8")


def _summary(mistakes: Mistakes) -> str:
    lines = [f'<p class="note">{mistakes.pairs} pairs with true words.</p>']
    if mistakes.failed:
        told = f"Not answered, and scored as none: {mistakes.failed}."
        lines.append(f'<p class="failed">{told}</p>')
    return "\n".join(lines)


def _gates(columns: Sequence[ColumnMistakes]) -> str:
    heads = (
        "column",
        "words, and some said",
        "words, none said",
        "none, but some said",
        "none, and none said",
    )
    rows = [
        (one.kind.value, one.gate.both, one.gate.missed, one.gate.invented, one.gate.neither)
        for one in columns
    ]
    return _table(heads, rows)


def _side_by_side(columns: Sequence[ColumnMistakes], draw: Callable[[ColumnMistakes], str]) -> str:
    blocks = [f"<div><h3>{one.kind.value}</h3>{draw(one)}</div>" for one in columns]
    return f'<div class="columns">{"".join(blocks)}</div>'


def _words(column: ColumnMistakes) -> str:
    rows = [(one.word, one.missed, one.wrong, one.right) for one in column.words]
    return _table(("word", "missed", "wrong", "right"), rows)


def _confusions(column: ColumnMistakes) -> str:
    rows = [(one.true or _ABSENT, one.said or _ABSENT, one.count) for one in column.confusions]
    return _table(("missed", "said", "pairs"), rows, "words")


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]], style: str = "") -> str:
    lines = [_row("th", heads), *(_row("td", row) for row in rows[:MAX_ROWS])]
    more = f'<p class="note">and {len(rows) - MAX_ROWS} more</p>' if len(rows) > MAX_ROWS else ""
    return f'<table class="{style}">{"".join(lines)}</table>{more}'


def _row(tag: str, cells: Iterable[object]) -> str:
    return f"<tr>{''.join(f'<{tag}>{text(cell)}</{tag}>' for cell in cells)}</tr>"


def _worst(pairs: Sequence[WorstPair]) -> list[str]:
    if not pairs:
        return []
    note = "Failed pairs first, then those of the lowest mean F1. "
    legend = '<span class="missed">missed</span>, <span class="wrong">wrong</span>'
    title = f'<h2>The worst pairs</h2><p class="note">{note}Words: {legend}.</p>'
    return [title, *map(_pair, pairs)]


def _pair(pair: WorstPair) -> str:
    parts = [f"<h3>{text(pair.pair_id)} · F1 {pair.f1:.2f}</h3>"]
    if pair.reason is not None:
        parts.append(f'<p class="failed">failed: {text(pair.reason)}</p>')
    if pair.picture is not None:
        parts.append(image(pair.picture, f"before and after of {pair.pair_id}"))
    rows = "".join(_kind(kind, pair.true, pair.said) for kind in ChangeKind)
    heads = _row("th", ("column", "true", "said"))
    parts.append(f'<table class="words">{heads}{rows}</table>')
    return f'<div class="pair">{"".join(parts)}</div>'


def _kind(kind: ChangeKind, true: LabelSets, said: LabelSets) -> str:
    known, told = set(true.of(kind)), set(said.of(kind))
    cells = _marked(known, told, "missed"), _marked(told, known, "wrong")
    return f"<tr><td>{kind.value}</td>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _marked(words: set[str], others: set[str], style: str) -> str:
    """The words, those that the others lack in a style."""
    shown = (
        text(word) if word in others else f'<span class="{style}">{text(word)}</span>'
        for word in sorted(words)
    )
    return ", ".join(shown) or _NOTHING
