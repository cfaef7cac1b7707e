"""One line of JSON per pair, appended as it is known: a killed run loses nothing that it wrote.

A line is whole when it ends in a newline or parses as an object; a last line that is neither is
what a kill left behind, and nobody reads it. Where a pair stands in a file twice (an error, and
the answer of a later run), its last line holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self

from spotdiff.types import PairResult
from spotdiff.writers.files import replacing
from spotdiff.writers.lines import LineFile, whole_lines
from spotdiff.writers.record_forms import Record
from spotdiff.writers.records import from_record, to_record


class JsonlWriter(LineFile):
    """Appends one record per result to `path`, each handed to the system before the next begins."""

    def write(self, result: PairResult) -> PairResult:
        """Appends the record of a result and gives the result back as it came.

        Raises:
            ValueError: The writer is not open, or a number of the result is not finite.
        """
        try:
            line = json.dumps(to_record(result), allow_nan=False)
        except ValueError as error:
            message = f"pair {result.pair_id!r}: expected finite scores and boxes ({error})"
            raise ValueError(message) from error
        self.append(line)
        return result


def read_records(path: Path) -> Iterator[PairResult]:
    """The latest result of every pair, in the order of first appearance, one at a time.

    Raises:
        ValueError: A whole line is no record; the message names the line.
    """
    places = _places([path])
    with path.open("rb") as file:
        for place in places.values():
            file.seek(place.offset)
            yield _result(place, file.readline())


class Records:
    """The latest result of any pair by its id, read when it is asked for; a context manager.

    Raises:
        ValueError: A whole line is no record; the message names the line.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._places = _places([path])
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        self._file = self.path.open("rb")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    @property
    def pair_ids(self) -> tuple[str, ...]:
        """The ids of all pairs, in the order of first appearance."""
        return tuple(self._places)

    def __getitem__(self, pair_id: str) -> PairResult:
        place = self._places.get(pair_id)
        if place is None:
            raise ValueError(f"{self.path}: expected a record of pair {pair_id!r}, there is none.")
        if self._file is None:
            raise ValueError(f"{self.path} is not open: read inside `with Records(path)`")
        self._file.seek(place.offset)
        return _result(place, self._file.readline())


def finished(path: Path, model_sha256: str) -> dict[str, tuple[str, str]]:
    """The hashes of before and after for every pair that this model has already answered.

    Pairs whose latest record is an error or comes from other weights are left out: they are
    tried again. A file that does not exist has finished nothing.
    """
    answered: dict[str, tuple[str, str]] = {}
    if not path.exists():
        return answered
    for place, line in _lines(path):
        result = _result(place, line)
        hashes = (result.before.sha256, result.after.sha256)
        same_model = result.model is not None and result.model.sha256 == model_sha256
        if result.status == "ok" and same_model and hashes[0] and hashes[1]:
            answered[result.pair_id] = (hashes[0], hashes[1])
        else:
            answered.pop(result.pair_id, None)
    return answered


def compact(path: Path) -> None:
    """Leaves one record per pair, the last; not to be called while a writer holds the file."""
    merge([path], path)


def merge(paths: Sequence[Path], target: Path) -> None:
    """Joins record files into `target`, one record per pair, later paths over earlier ones.

    `target` is replaced in one step and may itself be among `paths`; lines are copied as they are.
    """
    places = _places(paths)
    with replacing(target) as partial, ExitStack() as stack, partial.open("wb") as merged:
        sources = {path: stack.enter_context(path.open("rb")) for path in paths}
        for place in places.values():
            source = sources[place.path]
            source.seek(place.offset)
            merged.write(source.readline().rstrip(b"\r\n") + b"\n")


class _Place(NamedTuple):
    """Where a line lies: its file, its number from 1, its first byte."""

    path: Path
    number: int
    offset: int


def _places(paths: Sequence[Path]) -> dict[str, _Place]:
    """Where each pair's last line lies, in the order of first appearance."""
    return {
        _record(place, line)["pair_id"]: place for path in paths for place, line in _lines(path)
    }


def _lines(path: Path) -> Iterator[tuple[_Place, bytes]]:
    for number, offset, line in whole_lines(path):
        yield _Place(path, number, offset), line


def _record(place: _Place, line: bytes) -> Record:
    try:
        record: Record = json.loads(line)
        if not isinstance(record["pair_id"], str):
            raise TypeError("pair_id is no string")
    except (KeyError, TypeError, ValueError) as error:
        raise _no_record(place, error) from error
    return record


def _result(place: _Place, line: bytes) -> PairResult:
    record = _record(place, line)
    try:
        return from_record(record)
    except (KeyError, TypeError, ValueError) as error:
        raise _no_record(place, error) from error


def _no_record(place: _Place, error: Exception) -> ValueError:
    return ValueError(
        f"{place.path} line {place.number}: expected a prediction record, got "
        f"{type(error).__name__}: {error}. Delete the line to have its pair predicted again."
    )
