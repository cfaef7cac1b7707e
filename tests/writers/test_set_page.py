"""The page of two sets: one file without scripts, every text escaped, every number there."""

import re
from dataclasses import replace
from xml.etree import ElementTree

from spotdiff.types import Histogram
from spotdiff.writers.set_page import MAX_SHOWN, PageReport, write_set_page
from tests.writers.test_set_reports import ranked, report


def page(tmp_path, *reports):
    write_set_page(reports, tmp_path / "report.html", "How <they> differ")
    return (tmp_path / "report.html").read_text("utf-8")


def test_the_page_holds_all_and_needs_nothing(tmp_path):
    text = page(tmp_path, PageReport(report(), {0: b"one", 1: b"two"}, {0: b"three"}))
    assert text.count('src="data:image/jpeg;base64,') == text.count("<img") == 3
    assert "<script" not in text
    assert not re.search(r"(src|href)=\"(?!data:)", text)
    assert "default-src 'none'" in text
    for told in (
        "dark &lt;b&gt;pictures&lt;/b&gt;",
        "&lt;night&gt;",
        "a&lt;script&gt;.png",
        "x.png: &lt;no&gt; such file",
        "How &lt;they&gt; differ",
        "0.900, from 0.800 to 0.950",
        "+1.50 standard deviations",
        "0.001, holds",
        "90% and 20% of the pictures",
        "2 pictures without a score",
        "The true difference: it is dark.",
        "<td>car</td><td>3</td><td>75%</td>",
        "For reference",
    ):
        assert told in text, told


def test_the_drawings_are_sound(tmp_path):
    text = page(tmp_path, PageReport(report()))
    drawings = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(drawings) == 2
    bars = ElementTree.fromstring(drawings[1]).findall("rect")
    assert [bar.get("class") for bar in bars] == ["first", "second"]
    assert all(float(bar.get("height", "")) > 0 for bar in bars)


def test_scores_of_no_width_and_no_scores_are_drawn(tmp_path):
    flat = replace(ranked(), histogram=Histogram(0.5, 1.5, (3,), (2,)))
    none = replace(ranked(q=0.4), histogram=None)
    one = replace(report(), ranked=(flat, none), reference=(), problems=(), labels=(), models=())
    text = page(tmp_path, PageReport(one))
    assert text.count("<figure>") == 1
    assert "0.4, may be chance" in text
    assert "Left out" not in text


def test_what_is_not_shown_is_a_number(tmp_path):
    many = report(*(f"text {i}" for i in range(MAX_SHOWN + 3)))
    many = replace(many, problems=("gone",) * 60)
    text = page(tmp_path, PageReport(many), PageReport(report()))
    assert "and 3 more<" in text
    assert "and 10 more<" in text
    assert text.count("<section>") == 2
