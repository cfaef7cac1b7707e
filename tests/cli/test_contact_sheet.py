"""The contact sheet of a run: the largest groups, the row that stays first, what went wrong."""

import re
import shutil

import pytest

from spotdiff.cli.contact_sheet import sheet_picture
from tests.fakes import noise, write_image


@pytest.fixture
def photos(tmp_path):
    """A picture in fourteen copies, another one twice, a torn one."""
    folder = tmp_path / "photos"
    for number in range(14):
        write_image(folder / f"a{number:02}.png", noise(1, 120, 160))
    write_image(folder / "b.png", noise(2, 120, 160))
    shutil.copy(folder / "b.png", folder / "<b> copy.png")
    (folder / "torn.png").write_bytes(b"torn")
    return folder


def sections(path):
    """The groups of a page, each as the texts of its rows."""
    page = re.sub(r"data:image/jpeg;base64,[\w+/=]+", "JPEG", path.read_text("utf-8"))
    parts = page.split("<section>")[1:]
    return [re.findall(r'<div class="(row[^"]*)"><div class="told">([^<]*)', one) for one in parts]


@pytest.mark.usefixtures("photos")
def test_the_largest_groups_are_shown_and_the_rest_is_a_number(program, tmp_path):
    assert program("deduplicate", "images=photos", "out=run", "contact_sheet=true") == 1
    path = tmp_path / "run" / "contact_sheet.html"
    first, second, problems = sections(path)
    assert first == [("row stays", "stays")] + [("row", "same hash")] * 11
    assert second == [("row stays", "stays"), ("row", "same hash")]
    assert problems == []
    text = path.read_text("utf-8")
    assert "and 2 more rows" in text
    assert "torn.png: expected an image" in text
    assert "<b> copy" not in text
    assert "160 × 120 · photos/&lt;b&gt; copy.png" in text
    assert text.count("data:image/jpeg") == 14
    words = ["images=photos", "out=one", "contact_sheet=true", "contact_sheet_groups=1"]
    assert program("deduplicate", *words) == 1
    assert "and 1 more group<" in (tmp_path / "one" / "contact_sheet.html").read_text("utf-8")


@pytest.mark.usefixtures("photos")
def test_without_the_key_there_is_none(program, tmp_path):
    program("deduplicate", "images=photos", "out=run")
    assert not (tmp_path / "run" / "contact_sheet.html").exists()


def test_what_another_collection_has_is_marked(program, photos, tmp_path):
    new = tmp_path / "new"
    new.mkdir()
    shutil.copy(photos / "b.png", new / "c.png")
    words = ["images=new", "against=photos", "out=run", "contact_sheet=true"]
    program("deduplicate", *words)
    shown = sections(tmp_path / "run" / "contact_sheet.html")[0]
    assert shown == [("row", "in the other collection")] * 2 + [("row", "same hash")]


def test_a_file_that_is_gone_since_is_shown_with_its_reason(tmp_path):
    shown = sheet_picture(tmp_path / "gone.png", "gone.png")
    assert (shown.name, shown.jpeg, shown.size) == ("gone.png", None, None)
    assert shown.problem.endswith("gone.png: cannot be read: no such file")


@pytest.mark.parametrize("number", ["0", "-3", "many", "2.5", "null"])
@pytest.mark.usefixtures("photos")
def test_what_is_no_number_of_groups_is_one_sentence(program, number, capsys):
    words = ["images=photos", f"contact_sheet_groups={number}", "out=run"]
    assert program("deduplicate", *words) == 64
    assert "contact_sheet_groups to be a number" in capsys.readouterr().err
