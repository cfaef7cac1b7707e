"""What a run of deduplication found, as a page to look at; pictures are read when their turn is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from spotdiff.apps.deduplication import Deduplicated
from spotdiff.cli.progress import counted
from spotdiff.data.images import ImageError
from spotdiff.data.thumbnails import thumbnail
from spotdiff.types import ImageRow, Source
from spotdiff.writers.contact_sheet import (
    SheetGroup,
    SheetPicture,
    SheetRow,
    SheetWords,
    write_contact_sheet,
)

MAX_ROWS = 12  # of a group
MAX_PICTURES = 4  # of a row
MAX_PROBLEMS = 100


def checked_groups(wanted: object) -> int:
    """How many groups are shown.

    Raises:
        ValueError: If that is no number of groups.
    """
    if isinstance(wanted, bool) or not isinstance(wanted, int) or wanted < 1:
        raise ValueError(
            f"Expected contact_sheet_groups to be a number of groups, 1 or more, got {wanted!r}."
        )
    return wanted


def write_sheet(found: Deduplicated, most: int, path: Path) -> None:
    """Writes the largest groups as one page.

    Args:
        found: The groups, those of another collection included.
        most: So many groups are shown.
        path: The page.
    """
    groups = [group for group in found.groups if group[-1] >= found.older]
    problems = found.problems
    rows, stay = len(found) - found.older, int(found.stays.sum())
    words = SheetWords(
        "Rows that show the same",
        (
            f"{counted(rows, 'row')}, of which {stay} stay; {counted(len(groups), 'group')}, the "
            "largest first. The row with the coloured frame stays; of the others the page says in "
            "how many bits they differ from it.",
        ),
        max(len(groups) - most, 0),
        problems[:MAX_PROBLEMS],
        max(len(problems) - MAX_PROBLEMS, 0),
    )
    write_contact_sheet(_groups(found, groups[:most]), words, path)


def sheet_picture(source: Source, name: str) -> SheetPicture:
    """One picture made small, or what is wrong with it."""
    try:
        made = thumbnail(source)
    except ImageError as error:
        return SheetPicture(name, problem=str(error))
    except MemoryError:
        return SheetPicture(name, problem="the picture needs more memory than there is")
    return SheetPicture(name, made.jpeg, (made.width, made.height))


def _groups(found: Deduplicated, groups: Sequence[Sequence[int]]) -> Iterator[SheetGroup]:
    distances, stays = found.distances, found.stays
    shown = [_shown(members, int(found.kept[members[0]])) for members in groups]
    read = found.picked([row for some in shown for row in some])
    for number, (members, some) in enumerate(zip(groups, shown, strict=True), start=1):
        rows = (
            _row(
                read[row],
                bool(stays[row]),
                _told(row, int(found.kept[row]), found.older, int(distances[row])),
            )
            for row in some
        )
        title = f"Group {number}: {len(members)} rows"
        yield SheetGroup(title, rows, len(members) - len(some))


def _shown(members: Sequence[int], kept: int) -> list[int]:
    """The rows of a group that are shown: first the one that stays, if one does."""
    if kept < 0:
        return list(members[:MAX_ROWS])
    return [kept, *(row for row in members if row != kept)][:MAX_ROWS]


def _told(row: int, kept: int, older: int, distance: int) -> str:
    """What is said of a row."""
    if row < older:
        return "in the other collection"
    if row == kept:
        return "stays"
    if kept < 0:
        return "in the store"
    return "same hash" if not distance else f"{distance} bit{'s' if distance > 1 else ''}"


def _row(row: ImageRow, stays: bool, told: str) -> SheetRow:
    shown = row.images[:MAX_PICTURES]
    pictures = [
        sheet_picture(source, f"{row.where}, bytes" if isinstance(source, bytes) else str(source))
        for source in shown
    ]
    return SheetRow(pictures, stays, told, len(row.images) - len(shown))
