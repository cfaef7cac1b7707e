"""One sort of evidence in a folder: kept by keys, held back, written as parts, read and merged."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from spotdiff.data.evidence_parts import (
    DamagedPartError,
    Place,
    listed,
    merge_parts,
    read_group,
    read_places,
    small_parts,
    write_part,
)
from spotdiff.data.evidence_rows import Codec, Row, row_bytes

log = logging.getLogger("spotdiff")

Item = TypeVar("Item")

SMALL_PART = 16 << 20  # bytes of a file that is worth merging
MOST_SMALL_PARTS = 64  # on closing, more of these are merged
MERGED_PART = 128 << 20  # bytes of files that become one


class ParquetShelf(Generic[Item]):
    """Things of one sort in a folder of part files; a `Shelf` for one thread.

    What is put comes back as any later reader gets it, rounded (see `evidence_rows`).

    Args:
        folder: Where its parts lie; made when absent.
        codec: How things become rows.
        most_rows: So many rows are held back before they are written as a part.
        most_bytes: So many bytes of rows, likewise.
        most_seconds: So long, likewise: a run that is killed loses no more than that.
        cached: Bytes of rows, read lately, that are kept in memory.
    """

    def __init__(
        self,
        folder: Path,
        codec: Codec[Item],
        most_rows: int = 256,
        most_bytes: int = 32 << 20,
        cached: int = 64 << 20,
        most_seconds: float = 60.0,
    ) -> None:
        self.folder, self.codec = folder, codec
        self.most_rows, self.most_bytes, self.cached = most_rows, most_bytes, cached
        self._waiting: dict[str, Row] = {}
        self._waiting_bytes = 0
        self.most_seconds, self._written = most_seconds, time.monotonic()
        self._places: dict[str, Place] = {}
        self._parts: set[Path] = set()
        self._damaged: set[Path] = set()
        self._groups: OrderedDict[tuple[Path, int], tuple[list[Row], int]] = OrderedDict()
        folder.mkdir(parents=True, exist_ok=True)
        self.refresh()

    def __len__(self) -> int:
        return len(self._places) + len(self._waiting)

    def __contains__(self, key: object) -> bool:
        return key in self._waiting or key in self._places

    def __iter__(self) -> Iterator[str]:
        yield from (*self._places, *self._waiting)

    def get(self, key: str) -> Item | None:
        """What is kept under a key; None if nothing is, or if it cannot be read."""
        row = self._row(key)
        try:
            return None if row is None else self.codec.to_item(row)
        except ValueError as error:
            if key in self._waiting:
                raise
            path = self._places[key].path
            self._leave_out(path, f"{path} is no part of this evidence: at {key!r}, {error}")
            return None

    def get_many(self, keys: Sequence[str]) -> list[Item | None]:
        """What is kept under each of many keys, read in the order in which it lies on the disk."""
        nowhere = Place(self.folder, -1, -1)
        order = sorted(range(len(keys)), key=lambda i: self._places.get(keys[i], nowhere))
        found: list[Item | None] = [None] * len(keys)
        for i in order:
            found[i] = self.get(keys[i])
        return found

    def put(self, key: str, item: Item) -> None:
        """Keeps a thing; under a key that is known, nothing happens."""
        if key in self:
            return
        row = self._waiting[key] = self.codec.to_row(item)
        self._waiting_bytes += row_bytes(row)
        late = time.monotonic() - self._written >= self.most_seconds
        if late or len(self._waiting) >= self.most_rows or self._waiting_bytes >= self.most_bytes:
            self.flush()

    def flush(self) -> None:
        """Writes what was held back."""
        if self._waiting:
            try:
                places = write_part(self.folder, self._waiting, self.codec)
            except OSError as error:
                reason = error.strerror or error
                msg = f"Expected to write evidence below {self.folder}, but cannot: {reason}."
                raise OSError(msg) from error
            self._places |= places
            self._parts |= {place.path for place in places.values()}
            self._waiting, self._waiting_bytes = {}, 0
        self._written = time.monotonic()

    def refresh(self) -> None:
        """Sees parts that others have written since; parts that they have merged are forgotten."""
        paths = listed(self.folder)
        for path in self._parts.difference(paths):
            self._forget(path)
        for path in paths:
            if path not in self._parts | self._damaged:
                self._add(path)

    def compact(self) -> None:
        """Merges small parts; the old ones go when the new one is written."""
        self.flush()
        self.refresh()
        batch: list[Path] = []
        weight = 0
        for path, size in small_parts(self._parts, SMALL_PART).items():
            batch.append(path)
            weight += size
            if weight >= MERGED_PART:
                self._merge(batch)
                batch, weight = [], 0
        self._merge(batch)
        self.refresh()

    def close(self) -> None:
        """Writes what was held back, and merges small parts where there are many."""
        self.flush()
        if len(small_parts(self._parts, SMALL_PART)) > MOST_SMALL_PARTS:
            self.compact()

    def _merge(self, paths: Sequence[Path]) -> None:
        if len(paths) < 2:
            return
        _, problems = merge_parts(paths, self.folder, self.codec)
        for path in paths:
            if path not in problems:
                path.unlink(missing_ok=True)
            elif path.is_file():
                self._leave_out(path, problems[path])

    def _add(self, path: Path) -> None:
        try:
            places = read_places(path, self.codec)
        except FileNotFoundError:
            return  # another process has just merged it
        except DamagedPartError as error:
            self._leave_out(path, str(error))
            return
        self._parts.add(path)
        for key, place in places.items():
            self._places.setdefault(key, place)

    def _leave_out(self, path: Path, reason: str) -> None:
        log.warning("%s; what it holds is asked for anew.", reason)
        self._forget(path)
        self._damaged.add(path)

    def _forget(self, path: Path) -> None:
        self._parts.discard(path)
        self._places = {key: place for key, place in self._places.items() if place.path != path}

    def _row(self, key: str) -> Row | None:
        if key in self._waiting:
            return self._waiting[key]
        place = self._places.get(key)
        if place is not None and (rows := self._read(place)) is None:
            place = self._places.get(key)  # where it was moved to
            rows = None if place is None else self._read(place)
        return None if place is None or rows is None else rows[place.row]

    def _read(self, place: Place) -> list[Row] | None:
        """The rows of a group, from memory if it was read lately; None if it is gone."""
        name = place.path, place.group
        if name in self._groups:
            self._groups.move_to_end(name)
            return self._groups[name][0]
        try:
            rows = read_group(*name, self.codec)
        except FileNotFoundError:
            self.refresh()
            return None
        except DamagedPartError as error:
            self._leave_out(place.path, str(error))
            return None
        self._groups[name] = rows, sum(map(row_bytes, rows))
        while len(self._groups) > 1 and sum(n for _, n in self._groups.values()) > self.cached:
            self._groups.popitem(last=False)
        return rows
