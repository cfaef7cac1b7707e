"""Files of JSON lines that are appended to: a killed run leaves at most one torn last line.

A line is whole when it ends in a newline or parses as an object. Nobody reads a last line that is
neither, and whoever appends to the file cuts it off first.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self


class Line(NamedTuple):
    """A whole line: its number from 1, its first byte, and what it holds."""

    number: int
    offset: int
    content: bytes


class LineFile:
    """Appends lines to `path`, each handed to the system before the next; a context manager."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            mend(self.path)
        self._file = self.path.open("ab")
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

    def append(self, text: str) -> None:
        """Appends the text of one line, which is ASCII and has no newline of its own.

        Raises:
            ValueError: The file is not open.
        """
        if self._file is None:
            kind = type(self).__name__
            raise ValueError(f"{self.path} is not open: write inside `with {kind}(path)`")
        self._file.write(text.encode("ascii") + b"\n")
        self._file.flush()

    def clear(self) -> None:
        """Forgets all lines."""
        if self._file is not None:
            self._file.truncate(0)


def whole_lines(path: Path) -> Iterator[Line]:
    """The lines of a file that are whole and not blank, one at a time."""
    offset = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip() and (line.endswith(b"\n") or _is_whole(line)):
                yield Line(number, offset, line)
            offset += len(line)


def mend(path: Path) -> None:
    """Cuts off a torn last line; ends a whole one with the newline that it lacks."""
    if path.stat().st_size == 0:
        return
    with path.open("r+b") as file:
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            start = view.rfind(b"\n") + 1
            tail = view[start:]
        if tail and _is_whole(tail):
            file.seek(0, 2)
            file.write(b"\n")
        else:
            file.truncate(start)


def _is_whole(line: bytes) -> bool:
    # Only the closing brace makes an object parse, so no part of a record passes.
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
