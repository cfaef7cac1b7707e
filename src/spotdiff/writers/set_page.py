"""How sets of pictures differ, as one page to look at that needs nothing beside itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from spotdiff.types import Histogram, Ranked, SetItem, SetReport
from spotdiff.writers.files import replacing
from spotdiff.writers.pages import frame, image, text

MAX_SHOWN = 40  # hypotheses of a report; the rest is told as a number
MAX_PROBLEMS = 50
SIGNIFICANT = 0.05  # of q

_WIDTH, _HEIGHT = 240, 72  # of a drawing of scores
_LONGEST_PATH = 4096  # letters

Jpegs = Mapping[int, bytes]


@dataclass(frozen=True, slots=True)
class PageReport:
    """A report with small copies of the pictures that it names.

    Attributes:
        report: It.
        first: Small JPEG files by the number of the picture in the first set.
        second: Those of the second set.
    """

    report: SetReport
    first: Jpegs = field(default_factory=dict)
    second: Jpegs = field(default_factory=dict)


def write_set_page(reports: Sequence[PageReport], path: Path, title: str) -> None:
    """Writes the page, whole or not at all.

    Args:
        reports: In the order of the page.
        path: The file.
        title: Any text.
    """
    opening, closing = frame("set_page.html", title)
    with replacing(path) as partial, partial.open("w", encoding="utf-8") as file:
        file.write(f"{opening}<h1>{text(title)}</h1>\n")
        for one in reports:
            file.writelines(_report(one))
        file.write(closing)


def _report(one: PageReport) -> Iterator[str]:
    report = one.report
    first, second = map(text, report.sets.names)
    yield (
        f'<section>\n<h2><span class="first">{first}</span> compared with '
        f'<span class="second">{second}</span></h2>\n{_summary(report)}'
    )
    for rank, ranked in enumerate(report.ranked[:MAX_SHOWN], start=1):
        yield _hypothesis(rank, ranked, one)
    if hidden := len(report.ranked) - MAX_SHOWN:
        yield f'<p class="note">and {hidden} more</p>\n' if hidden > 0 else ""
    yield _reference(report.reference)
    yield _labels(report.labels)
    yield _problems(report.problems)
    yield "</section>\n"


def _summary(report: SetReport) -> str:
    counts = " and ".join(str(len(items)) for items in (report.sets.first, report.sets.second))
    seen, held = (" and ".join(map(str, pair)) for pair in (report.proposed_on, report.ranked_on))
    holds = sum(ranked.q <= SIGNIFICANT for ranked in report.ranked)
    models = ", ".join(f"{role} {name}" for role, name, _ in report.models)
    known = report.sets.difference
    lines = [
        f"{counts} pictures. Proposed on {seen} of them, ranked on {held}.",
        f"{len(report.ranked)} hypotheses, of which {holds} hold with 5 % of false ones at most.",
        f"Asked: {models}." if models else "",
        f"The true difference: {known}." if known else "",
    ]
    return "".join(f'<p class="note">{text(line)}</p>\n' for line in lines if line)


def _hypothesis(rank: int, ranked: Ranked, one: PageReport) -> str:
    said, sets = ranked.hypothesis, one.report.sets
    style = "card holds" if ranked.q <= SIGNIFICANT else "card"
    by = f"proposed by {', '.join(said.proposers) or 'nobody'}, ranked by {ranked.ranker}"
    unanswered = f" · {ranked.unanswered} pictures without a score" if ranked.unanswered else ""
    best = _pictures("first", sets.names[0], sets.first, ranked.best_first, one.first)
    least = _pictures("second", sets.names[1], sets.second, ranked.best_second, one.second)
    return (
        f'<article class="{style}">\n<h3>{rank}. {text(said.text)}</h3>\n'
        f'<div class="figures"><div>{_numbers(ranked)}{_scale(ranked)}</div>'
        f"{_scores(ranked.histogram, sets.names)}</div>\n"
        f'{best}{least}<p class="note">{text(by)}{unanswered}</p>\n</article>\n'
    )


def _numbers(ranked: Ranked) -> str:
    verdict = "holds" if ranked.q <= SIGNIFICANT else "may be chance"
    shares = " and ".join(f"{share:.0%}" for share in ranked.shares)
    rows = (
        ("AUROC", f"{ranked.auroc:.3f}, from {ranked.low:.3f} to {ranked.high:.3f}"),
        ("effect", f"{ranked.effect:+.2f} standard deviations"),
        ("q", f"{ranked.q:.2g}, {verdict}"),
        ("above the middle", f"{shares} of the pictures"),
    )
    cells = (f"<tr><th>{name}</th><td>{text(value)}</td></tr>" for name, value in rows)
    return f"<table>{''.join(cells)}</table>"


def _scale(ranked: Ranked) -> str:
    """The AUROC with its interval on a line from 0 to 1."""
    low, high, area = (_WIDTH * value for value in (ranked.low, ranked.high, ranked.auroc))
    return (
        f'<svg class="scale" viewBox="0 0 {_WIDTH} 14" role="img" aria-label="AUROC from 0 to 1">'
        f'<line class="axis" x1="0" y1="7" x2="{_WIDTH}" y2="7"/>'
        f'<line class="axis" x1="{_WIDTH / 2}" y1="1" x2="{_WIDTH / 2}" y2="13"/>'
        f'<line class="interval" x1="{low:.1f}" y1="7" x2="{high:.1f}" y2="7"/>'
        f'<circle class="dot" cx="{area:.1f}" cy="7" r="4"/></svg>'
    )


def _scores(bins: Histogram | None, names: tuple[str, str]) -> str:
    """How scores lie: the first set above the line, the second one below it."""
    if bins is None:
        return ""
    width = _WIDTH / len(bins.first)
    shares = [[count / max(sum(counts), 1) for count in counts] for counts in _both(bins)]
    unit = (_HEIGHT / 2 - 1) / max(max(map(max, shares)), 1e-9)
    middle = _HEIGHT / 2
    bars = [
        f'<rect class="{style}" x="{i * width + 0.4:.1f}" width="{width - 0.8:.1f}" '
        f'y="{middle - share * unit if style == "first" else middle:.1f}" '
        f'height="{share * unit:.1f}"/>'
        for style, some in zip(("first", "second"), shares, strict=True)
        for i, share in enumerate(some)
        if share
    ]
    told = f"scores of {names[0]} above the line, of {names[1]} below it"
    return (
        f'<figure><svg class="scores" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{text(told)}">{"".join(bars)}'
        f'<line class="axis" x1="0" y1="{middle}" x2="{_WIDTH}" y2="{middle}"/></svg>'
        f"<figcaption><span>{bins.low:.3g}</span><span>{bins.high:.3g}</span></figcaption></figure>"
    )


def _both(bins: Histogram) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return bins.first, bins.second


def _pictures(
    style: str, name: str, items: Sequence[SetItem], rows: Sequence[int], jpegs: Jpegs
) -> str:
    shown = [(items[row].path, jpegs[row]) for row in rows if row in jpegs]
    if not shown:
        return ""
    cells = (
        f'<div class="picture" title="{text(path, _LONGEST_PATH)}">{image(jpeg, path)}</div>'
        for path, jpeg in shown
    )
    told = f"{name}: shows it {'best' if style == 'first' else 'least'}"
    return (
        f'<div class="pictures {style}"><div class="told">{text(told)}</div>'
        f'<div class="row">{"".join(cells)}</div></div>\n'
    )


def _reference(reference: Sequence[Ranked]) -> str:
    if not reference:
        return ""
    rows = "".join(
        f"<tr><td>{text(one.hypothesis.text)}</td><td>{one.auroc:.3f}</td>"
        f"<td>{one.low:.3f} to {one.high:.3f}</td><td>{text(one.ranker)}</td></tr>"
        for one in reference
    )
    return (
        "<h3>For reference: what is known of the sets</h3>\n"
        "<table><tr><th>text</th><th>AUROC</th><th>interval</th><th>ranker</th></tr>"
        f"{rows}</table>\n"
    )


def _labels(labels: Sequence[tuple[str, int]]) -> str:
    if not labels:
        return ""
    total = sum(count for _, count in labels)
    rows = "".join(
        f"<tr><td>{text(label)}</td><td>{count}</td><td>{count / total:.0%}</td></tr>"
        for label, count in labels[:MAX_SHOWN]
    )
    more = len(labels) - MAX_SHOWN
    return (
        f"<h3>What the changes are called</h3>\n<table><tr><th>label</th><th>changes</th>"
        f"<th>share</th></tr>{rows}</table>\n"
        + (f'<p class="note">and {more} more</p>\n' if more > 0 else "")
    )


def _problems(problems: Sequence[str]) -> str:
    if not problems:
        return ""
    lines = "".join(f"<li>{text(one, _LONGEST_PATH)}</li>\n" for one in problems[:MAX_PROBLEMS])
    more = len(problems) - MAX_PROBLEMS
    rest = f'<p class="note">and {more} more</p>\n' if more > 0 else ""
    return f'<h3>Left out, and why</h3>\n<ul class="problems">\n{lines}</ul>\n{rest}'
