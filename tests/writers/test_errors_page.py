import re
from html.parser import HTMLParser

import pytest

from spotdiff.types import (
    ChangeKind,
    ColumnMistakes,
    Confusion,
    GateCounts,
    LabelSets,
    Mistakes,
    WordMistakes,
    WorstPair,
)
from spotdiff.writers.errors_page import MAX_ROWS, write_errors

HOSTILE = "<script>alert('1')</script>\" onerror=\"x\u202e\udcff$body"


class Parts(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def page(tmp_path):
    """Writes a page and takes it apart."""

    def write(mistakes, title="Errors"):
        write_errors(mistakes, tmp_path / "errors.html", title)
        return Parts((tmp_path / "errors.html").read_text("utf-8"))

    return write


def mistakes(words=(), confusions=(), worst=(), failed=0):
    gate = GateCounts(11, 22, 33, 44)
    columns = tuple(ColumnMistakes(kind, words, confusions, gate) for kind in ChangeKind)
    return Mistakes(110, failed, columns, worst)


def test_everything_that_was_counted_is_shown(page):
    words = (WordMistakes("car", 1234, 2345, 3456),)
    pair = WorstPair("p7", 0.25, LabelSets(("cat",)), LabelSets((), ("dog",)), None, b"jpeg")
    shown = page(mistakes(words, (Confusion("dog", None, 77),), (pair,)), "Errors of ours")
    for text in ("Errors of ours", "110 pairs", "1234", "2345", "3456", "33", "77", "p7", "0.25"):
        assert text in shown.text
    styles = [attrs.get("class") for tag, attrs in shown.tags if tag == "span"]
    assert styles == ["missed", "wrong", "wrong", "missed"]  # the legend; `cat` and `dog`
    (image,) = (attrs for tag, attrs in shown.tags if tag == "img")
    assert image["src"] == "data:image/jpeg;base64,anBlZw=="


def test_nothing_that_is_hostile_leaves_its_text(page):
    words = (WordMistakes(HOSTILE, 1, 1, 1),)
    sets = LabelSets((HOSTILE,))
    pair = WorstPair(HOSTILE, 0.0, LabelSets((), (HOSTILE,)), sets, HOSTILE, b"jpeg")
    shown = page(mistakes(words, (Confusion(HOSTILE, HOSTILE, 1),), (pair,), 1), HOSTILE)
    known = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "div", "span"}
    assert {tag for tag, _ in shown.tags} <= known | {"table", "tr", "th", "td", "img"}
    named = {name for _, attrs in shown.tags for name in attrs}
    assert named <= {"lang", "charset", "http-equiv", "content", "name", "class", "src", "alt"}
    assert "\u202e" not in shown.text
    assert "<script>alert('1')</script>" in shown.text


def test_the_page_needs_nothing_beside_itself(page, tmp_path):
    pair = WorstPair("p", 0.0, LabelSets(), LabelSets(("car",)), None, b"jpeg")
    page(mistakes(worst=(pair,)))
    text = (tmp_path / "errors.html").read_text()
    assert not re.search(r"https?:|//\w|url\(|@import|<link|<script", text)
    assert "default-src 'none'" in text


def test_a_failed_pair_says_why_and_has_no_picture(page):
    pair = WorstPair("p", 1.0, LabelSets(), LabelSets(), "b.png: no such file")
    shown = page(mistakes(worst=(pair,), failed=1))
    assert "Not answered, and scored as none: 1." in shown.text
    assert "failed: b.png: no such file" in shown.text
    assert "img" not in [tag for tag, _ in shown.tags]


def test_long_tables_are_cut_and_say_so(page):
    words = tuple(WordMistakes(f"w{number}", 0, 1, 0) for number in range(MAX_ROWS + 3))
    shown = page(mistakes(words))
    assert shown.text.count("and 3 more") == 3
    assert f"w{MAX_ROWS}" not in shown.text
