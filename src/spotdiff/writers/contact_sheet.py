"""Groups of rows that show the same, as one page to look at that needs nothing beside itself.

Groups come one by one and are written one by one: no more than a row's pictures are in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from spotdiff.writers.files import replacing
from spotdiff.writers.pages import frame, image, text

_LONGEST_PATH = 4096  # letters


@dataclass(frozen=True, slots=True)
class SheetPicture:
    """One picture of a row.

    Attributes:
        name: Its path, or what it is called.
        jpeg: A small copy; None where it cannot be read.
        size: Width and height in pixels, as stored.
        problem: Why it cannot be read.
    """

    name: str
    jpeg: bytes | None = None
    size: tuple[int, int] | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row of a group.

    Attributes:
        pictures: Those that are shown.
        stays: Whether it stays.
        told: What is said of it, such as the bits by which it differs.
        hidden: Further pictures that it has.
    """

    pictures: Sequence[SheetPicture]
    stays: bool
    told: str
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class SheetGroup:
    """Rows that show the same.

    Attributes:
        title: What the group is called.
        rows: Those that are shown; may be read lazily.
        hidden: Further rows that it has.
    """

    title: str
    rows: Iterable[SheetRow]
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class SheetWords:
    """What the page says besides its groups.

    Attributes:
        title: Of the page.
        summary: Sentences below it.
        hidden: Further groups that there are.
        problems: Why rows could not be compared, those that are told.
        more_problems: How many are not.
    """

    title: str
    summary: Sequence[str] = ()
    hidden: int = 0
    problems: Sequence[str] = ()
    more_problems: int = 0


def write_contact_sheet(groups: Iterable[SheetGroup], words: SheetWords, path: Path) -> None:
    """Writes the page, whole or not at all.

    Args:
        groups: In the order of the page, each taken when the one before is written.
        words: What else is said.
        path: The file.
    """
    opening, closing = frame("contact_sheet.html", words.title)
    with replacing(path) as partial, partial.open("w", encoding="utf-8") as file:
        file.write(f"{opening}<h1>{text(words.title)}</h1>\n")
        file.writelines(f'<p class="note">{text(line)}</p>\n' for line in words.summary)
        for group in groups:
            _write_group(group, file)
        file.write(_more(words.hidden, "group", "groups"))
        file.writelines(_problems(words))
        file.write(closing)


def _write_group(group: SheetGroup, file: TextIO) -> None:
    file.write(f'<section>\n<h2>{text(group.title)}</h2>\n<div class="rows">\n')
    for row in group.rows:
        file.write(_row(row))
    file.write(f"</div>\n{_more(group.hidden, 'row', 'rows')}</section>\n")


def _row(row: SheetRow) -> str:
    pictures = "".join(map(_picture, row.pictures)) or '<div class="absent">no picture</div>'
    style = "row stays" if row.stays else "row"
    return (
        f'<div class="{style}"><div class="told">{text(row.told)}</div>'
        f'<div class="pictures">{pictures}</div>'
        f"{_more(row.hidden, 'picture', 'pictures')}</div>\n"
    )


def _picture(picture: SheetPicture) -> str:
    if picture.jpeg is None:
        shown = f'<div class="absent">{text(picture.problem or "no picture", _LONGEST_PATH)}</div>'
    else:
        shown = image(picture.jpeg, picture.name)
    size = f"{picture.size[0]} × {picture.size[1]} · " if picture.size else ""
    name = text(picture.name, _LONGEST_PATH)
    return f'<div class="picture">{shown}<div class="where">{size}{name}</div></div>'


def _more(count: int, one: str, many: str) -> str:
    return f'<p class="note">and {count} more {one if count == 1 else many}</p>\n' if count else ""


def _problems(words: SheetWords) -> Iterable[str]:
    """What could not be read, as a list."""
    if not words.problems:
        return
    yield '<section>\n<h2>Could not be read</h2>\n<ul class="problems">\n'
    for reason in words.problems:
        yield f"<li>{text(reason, _LONGEST_PATH)}</li>\n"
    yield f"</ul>\n{_more(words.more_problems, 'problem', 'problems')}</section>\n"
