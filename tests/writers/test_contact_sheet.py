"""The contact sheet: all that is told is shown, nothing hostile leaves its text, one file."""

import re
from html.parser import HTMLParser

import pytest

from spotdiff.writers.contact_sheet import (
    SheetGroup,
    SheetPicture,
    SheetRow,
    SheetWords,
    write_contact_sheet,
)

HOSTILE = "<script>alert('1')</script>\" onerror=\"x\u202e\udcff$title"
VOID = {"meta", "img"}


class Parts(HTMLParser):
    """The tags of a page with their attributes, its text, and which tags are open."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text, self.open = [], "", []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def classed(self, style):
        return [attrs for _, attrs in self.tags if style in attrs.get("class", "").split()]


@pytest.fixture
def page(tmp_path):
    """Writes a page and takes it apart."""

    def write(groups, words=None):
        path = tmp_path / "sheet.html"
        write_contact_sheet(groups, words or SheetWords("Groups"), path)
        return Parts(path.read_text("utf-8"))

    return write


def group(*rows, hidden=0):
    return SheetGroup("Group 1: 3 rows", rows, hidden)


PICTURE = SheetPicture("a/b.jpg", b"jpeg", (640, 480))


def test_everything_that_is_told_is_shown(page):
    gone = SheetPicture("gone.png", problem="gone.png: no such file")
    rows = SheetRow((PICTURE,), True, "stays"), SheetRow((gone, PICTURE), False, "3 bits", 5)
    words = SheetWords("Copies", ("7 rows.",), 4, ("torn.jpg: damaged",), 9)
    shown = page([group(*rows, hidden=1)], words)
    for text in ("Copies", "7 rows.", "Group 1: 3 rows", "stays", "3 bits", "640 × 480 · a/b.jpg"):
        assert text in shown.text
    for text in ("gone.png: no such file", "5 more pictures", "1 more row\n", "4 more groups"):
        assert text in shown.text
    for text in ("Could not be read", "torn.jpg: damaged", "and 9 more problems"):
        assert text in shown.text
    assert len(shown.classed("row")) == 2
    assert len(shown.classed("stays")) == 1
    assert len(shown.classed("absent")) == 1
    images = [attrs for tag, attrs in shown.tags if tag == "img"]
    assert [one["src"] for one in images] == ["data:image/jpeg;base64,anBlZw=="] * 2
    assert shown.open == []


def test_nothing_that_is_hostile_leaves_its_text(page):
    bad = SheetPicture(HOSTILE, problem=HOSTILE)
    rows = SheetRow((bad, SheetPicture(HOSTILE, b"x")), True, HOSTILE), SheetRow((), False, "")
    words = SheetWords(HOSTILE, (HOSTILE,), 0, (HOSTILE,))
    shown = page([SheetGroup(HOSTILE, rows)], words)
    known = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "div", "section"}
    assert {tag for tag, _ in shown.tags} <= known | {"img", "ul", "li"}
    named = {name for _, attrs in shown.tags for name in attrs}
    assert named <= {"lang", "charset", "http-equiv", "content", "name", "class", "src", "alt"}
    assert "\u202e" not in shown.text
    assert "<script>alert('1')</script>" in shown.text
    assert "no picture" in shown.text


def test_the_page_needs_nothing_beside_itself(page, tmp_path):
    shown = page([group(SheetRow((PICTURE,), True, "stays"))])
    text = (tmp_path / "sheet.html").read_text()
    assert not re.search(r"https?:|url\(|@import|<link|<script", text)
    policies = [attrs["content"] for tag, attrs in shown.tags if attrs.get("http-equiv")]
    assert policies == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]
    assert "prefers-color-scheme: dark" in text
    assert 'name="viewport"' in text


def test_groups_are_taken_one_by_one_and_a_broken_run_leaves_no_file(page, tmp_path):
    taken = []

    def rows(number):
        taken.append(number)
        yield SheetRow((PICTURE,), True, "stays")

    def groups():
        for number in range(3):
            assert taken == list(range(number))
            yield SheetGroup("g", rows(number))

    assert len(page(groups()).classed("row")) == 3
    (tmp_path / "sheet.html").unlink()

    def broken():
        yield group()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        page(broken())
    assert list(tmp_path.iterdir()) == []
