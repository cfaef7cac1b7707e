"""What is known of samples that are not finished: each step's outcome, written as it is known.

A file holds the samples that one process has in hand, `Started` after `Started`, one a line; it is
cleared when their rows are written. After a kill the outcome with most steps holds.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from spotdiff.building.chain import Started
from spotdiff.building.sample_records import from_cells, to_cells
from spotdiff.writers.files import replacing
from spotdiff.writers.lines import LineFile, whole_lines

FOLDER = "journal"
EARLIER = "earlier.jsonl"  # what runs that were killed knew


class Journal(LineFile):
    """The file of one process; a context manager.

    Args:
        path: `FOLDER/….jsonl` of a run.
    """

    def known(self, started: Started) -> None:
        """Writes how far a sample has come."""
        self.append(line_of(started))


def line_of(started: Started) -> str:
    """How far a sample has come, as a line."""
    content = {"done": started.done, "boxes": list(started.boxes)}
    return json.dumps({**content, "sample": to_cells(started.sample)}, allow_nan=False)


def started_of(line: str | bytes) -> Started:
    """How far a sample has come, of a line that `line_of` wrote.

    Raises:
        ValueError: It is no such line.
    """
    try:
        content = json.loads(line)
        sample = from_cells(content["sample"])
        return Started(sample, int(content["done"]), tuple(content["boxes"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"expected a line of a journal, got {line[:60]!r}: {error}") from error


def read_journal(folder: Path) -> dict[str, Started]:
    """How far samples have come by their ids, of all files of a folder; the furthest holds.

    Raises:
        ValueError: A whole line is no outcome; the message names it.
    """
    return furthest(one for path in sorted(folder.glob("*.jsonl")) for one in read_outcomes(path))


def furthest(outcomes: Iterable[Started]) -> dict[str, Started]:
    """Of outcomes of the same sample the one with most steps, by its id."""
    found: dict[str, Started] = {}
    for started in outcomes:
        earlier = found.get(started.sample.id)
        if earlier is None or earlier.done < started.done:
            found[started.sample.id] = started
    return found


def gather(folder: Path, finished: Collection[str]) -> Mapping[str, Started]:
    """Joins the journals of earlier runs into one file and says what it holds.

    Args:
        folder: Of the journals.
        finished: Ids among those of the journals whose rows are written.
    """
    found = read_journal(folder)
    left = {name: started for name, started in found.items() if name not in finished}
    if found:
        with replacing(folder / EARLIER) as partial:
            partial.write_text("".join(f"{line_of(one)}\n" for one in left.values()), "ascii")
    for path in folder.glob("*.jsonl"):
        if path.name != EARLIER:
            path.unlink()
    return left


def read_outcomes(path: Path) -> Iterator[Started]:
    """The outcomes in a file, one at a time.

    Raises:
        ValueError: A whole line is none; the message names it.
    """
    for line in whole_lines(path):
        try:
            yield started_of(line.content)
        except ValueError as error:
            raise ValueError(f"{path} line {line.number}: {error}. Delete the line.") from error
