"""A run of a chain: rows in, one line each out, in their order, across any number of kills.

`rows.jsonl` grows in the order of the input, so what is finished is as many first rows as it has
lines: no list of ids is held. What was in hand when a run was killed comes from its journal.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from spotdiff.building.chain import Chain, Started
from spotdiff.building.clock import Clock
from spotdiff.building.journal import FOLDER, Journal, gather, read_journal
from spotdiff.building.sample_records import to_cells
from spotdiff.building.sample_rows import portable
from spotdiff.types import Plain, Sample
from spotdiff.writers.files import replacing
from spotdiff.writers.lines import LineFile, whole_lines

BOXES = "boxes"  # of a row: how many changes each step left it

Source: TypeAlias = Callable[[], Iterable[Sample]]
Tell: TypeAlias = Callable[[Sample], None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BuildFolder:
    """Where the files of a run lie.

    Attributes:
        out: The folder.
    """

    out: Path

    @property
    def rows(self) -> Path:
        """Every row with what became of it, in the order of the input."""
        return self.out / "rows.jsonl"

    @property
    def kept(self) -> Path:
        """Those that no step took out."""
        return self.out / "kept.jsonl"

    @property
    def trace(self) -> Path:
        """A folder with a file for each step: the rows that left there."""
        return self.out / "trace"

    @property
    def funnel(self) -> Path:
        """What each step left, and the time it took."""
        return self.out / "funnel.json"

    @property
    def settings(self) -> Path:
        """All that decided."""
        return self.out / "settings.json"

    @property
    def seconds(self) -> Path:
        """What each step took, over all runs."""
        return self.out / "seconds.json"

    @property
    def journal(self) -> Path:
        """What is known of rows that are not finished; gone when all are."""
        return self.out / FOLDER


class RowFile(LineFile):
    """Writes finished rows; a context manager."""

    def __init__(self, folder: BuildFolder) -> None:
        super().__init__(folder.rows)
        self._folder = folder

    def write(self, started: Started, names: Iterable[str]) -> None:
        """Appends a row that is at its end, with how many boxes the steps of those names left."""
        cells: dict[str, Any] = to_cells(portable(started.sample, self._folder.out))
        cells[BOXES] = dict(zip(names, started.boxes, strict=False))
        self.append(json.dumps(cells, allow_nan=False))


def keep_settings(folder: BuildFolder, settings: Mapping[str, Plain]) -> None:
    """Stores what decides, and refuses to go on with what others decided.

    Raises:
        ValueError: The folder holds rows of other settings.
    """
    wanted = json.loads(json.dumps(settings))
    if folder.settings.is_file() and (folder.rows.is_file() or folder.journal.is_dir()):
        earlier = json.loads(folder.settings.read_text("utf-8"))
        every = dict.fromkeys([*wanted, *earlier])
        different = [name for name in every if wanted.get(name) != earlier.get(name)]
        if different:
            raise ValueError(
                f"Expected the settings of the earlier run in {folder.out}, but "
                f"{', '.join(different)} differ: choose another out=…"
            )
    with replacing(folder.settings) as partial:
        partial.write_text(json.dumps(wanted, indent=2) + "\n", "utf-8")


def in_hand(folder: BuildFolder) -> Mapping[str, Started]:
    """How far the rows have come that were in hand when an earlier run ended, by their ids."""
    told = read_journal(folder.journal)
    finished = {name for name in finished_ids(folder) if name in told} if told else set()
    return gather(folder.journal, finished)


def finished_ids(folder: BuildFolder) -> Iterator[str]:
    """The ids of all rows that are finished, in their order, one at a time."""
    if folder.rows.exists():
        for line in whole_lines(folder.rows):
            yield json.loads(line.content)["id"]


def unfinished(
    source: Source, folder: BuildFolder, known: Mapping[str, Started]
) -> Iterator[Started]:
    """The rows of a source that are not finished, as far as they have come.

    Args:
        source: Opens the rows.
        folder: Of the run.
        known: As `in_hand` tells.

    Raises:
        ValueError: The rows that are finished are not the first ones of the source.
    """
    finished = enumerate(finished_ids(folder), start=1)
    for sample in source():
        number, earlier = next(finished, (0, None))
        if earlier is None:
            yield known.get(sample.id, Started(sample))
        elif earlier != sample.id:
            raise ValueError(
                f"Expected the rows of the earlier run in {folder.out}, but row {number} was "
                f"{earlier!r} and is {sample.id!r}: choose another out=…"
            )


def run_here(
    chain: Chain, source: Source, folder: BuildFolder, batch_size: int, tell: Tell
) -> None:
    """Finishes all rows of a source in this process.

    Args:
        chain: What becomes of them.
        source: Opens the rows; they are a stream.
        folder: Where they go, and what earlier runs left.
        batch_size: Rows that go through the steps together.
        tell: Is told each row that was finished now.
    """
    known = in_hand(folder)
    with (
        RowFile(folder) as rows,
        Journal(folder.journal / "here.jsonl") as journal,
        Clock(folder.seconds) as clock,
    ):
        for batch in in_batches(unfinished(source, folder, known), batch_size):
            for started in chain.run(batch, journal.known, clock.add):
                rows.write(started, chain.names)
                tell(started.sample)
            journal.clear()
    close_journal(folder)


def close_journal(folder: BuildFolder) -> None:
    """Removes the journals of a run all of whose rows are written."""
    if folder.journal.is_dir():
        for path in folder.journal.glob("*.jsonl"):
            path.unlink()
        folder.journal.rmdir()


def in_batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size` items; the last may have fewer.

    Example:
        >>> list(in_batches("abcde", 2))
        [['a', 'b'], ['c', 'd'], ['e']]
    """
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
