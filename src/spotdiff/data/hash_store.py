"""A folder of the hashes of rows that stayed in earlier runs, so that later ones can ask for them.

It holds Parquet parts, each whole or absent and never changed; a run adds one at most. Every part
says by which settings its hashes were made.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import UInt64

from spotdiff.types import RowHashes

if TYPE_CHECKING:
    import pyarrow as pa

_FORM = b"spotdiff.hashes"
_PLACES = np.array([1 << 16, 1 << 8, 1], np.uint32)  # of red, green and blue in one number
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9))  # odd, without a pattern


class HashStoreError(ValueError):
    """A store cannot be used; one sentence that names it."""


@dataclass(frozen=True, slots=True)
class HashSettings:
    """What makes hashes comparable.

    Attributes:
        method: Of hashing.
        mode: Likewise.
        consider_text: There are hashes of texts.
        lowercase: Texts were made small.
        ignore_non_character: Spaces, digits and punctuation were left out.
        once: An image that comes twice in a row counts once.
    """

    method: str
    mode: str
    consider_text: bool = False
    lowercase: bool = False
    ignore_non_character: bool = False
    once: bool = False

    def __str__(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in asdict(self).items())


class HashStore:
    """The hashes of rows that stayed.

    Args:
        folder: Of the parts; made when something is added.
        settings: By which this run hashes.
    """

    def __init__(self, folder: Path, settings: HashSettings) -> None:
        self.folder, self.settings = folder, settings

    def read(self) -> RowHashes | None:
        """All rows of all parts; None where there are none.

        Raises:
            HashStoreError: If a part is damaged, or was made by other settings.
        """
        parts = [self._read(path) for path in sorted(self.folder.glob("part-*.parquet"))]
        return RowHashes.joined(parts) if parts else None

    def add(self, rows: RowHashes) -> None:
        """Adds rows as one part, whole or not at all."""
        import pyarrow.parquet as pq

        told = json.dumps(asdict(self.settings))
        table = _table(rows).replace_schema_metadata({_FORM: told.encode()})
        self.folder.mkdir(parents=True, exist_ok=True)
        name = hashlib.blake2b(identities(rows).tobytes(), digest_size=12).hexdigest()
        partial = self.folder / f".{os.getpid()}.{name}.tmp"
        try:
            pq.write_table(table, partial, write_page_checksum=True)
            partial.replace(self.folder / f"part-{name}.parquet")
        finally:
            partial.unlink(missing_ok=True)

    def _read(self, path: Path) -> RowHashes:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            table = pq.read_table(path, page_checksum_verification=True)
            told = HashSettings(**json.loads((table.schema.metadata or {})[_FORM]))
            if told == self.settings:
                return _rows(table)
        except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            msg = f"Expected a part of a store in {path}, but it cannot be read: {reason}."
            raise HashStoreError(msg) from error
        msg = (
            f"Expected hashes of {self.settings} in the store {self.folder}, it holds those of "
            f"{told}: give these settings, or another folder as store."
        )
        raise HashStoreError(msg)


def identities(rows: RowHashes) -> UInt64[np.ndarray, " n"]:
    """A number for each row, equal where its name, its images and its text are."""
    found = _mixed(rows.names + rows.counts.astype(np.uint64))
    places = np.arange(len(rows.bits)) - np.repeat(rows.starts, rows.counts)
    images = _mixed(_mixed(rows.bits) + places.astype(np.uint64))
    np.add.at(found, np.repeat(np.arange(len(rows)), rows.counts), images)
    if rows.texts is not None:
        for column in rows.texts.view(np.uint64).T:
            found = _mixed(found ^ column)
    return found


def _mixed(values: UInt64[np.ndarray, " n"]) -> UInt64[np.ndarray, " n"]:
    values = (values ^ (values >> np.uint64(31))) * _MIX[0]
    values = (values ^ (values >> np.uint64(29))) * _MIX[1]
    return np.asarray(values ^ (values >> np.uint64(32)))


def _table(rows: RowHashes) -> pa.Table:
    import pyarrow as pa

    ends = pa.array(np.append(0, np.cumsum(rows.counts, dtype=np.int64)), pa.int64())
    colours = rows.colours.astype(np.uint32) @ _PLACES
    images = {"bits": rows.bits, "mirrored": rows.mirrored, "flat": rows.flat, "colours": colours}
    columns: dict[str, Any] = {
        name: pa.LargeListArray.from_arrays(ends, pa.array(column))
        for name, column in images.items()
    }
    columns |= {"name": rows.names, "area": rows.areas, "sharpness": rows.sharpness}
    if rows.texts is not None:
        columns["text"] = pa.array(list(map(bytes, rows.texts)), pa.binary(16))
    return pa.table(columns)


def _rows(table: pa.Table) -> RowHashes:
    table = table.combine_chunks()
    images = {
        name: table[name].combine_chunks() for name in ("bits", "mirrored", "flat", "colours")
    }
    flat = {
        name: column.flatten().to_numpy(zero_copy_only=False) for name, column in images.items()
    }
    counts = images["bits"].value_lengths().to_numpy(zero_copy_only=False).astype(np.int32)
    names, areas, sharpness = (table[name].to_numpy() for name in ("name", "area", "sharpness"))
    texts = None
    if "text" in table.column_names:
        joined = b"".join(table["text"].to_pylist())
        texts = np.frombuffer(joined, np.uint8).reshape(-1, 16)
    colours = flat["colours"][:, None] // _PLACES % 256
    return RowHashes(
        counts,
        np.ones(len(counts), bool),
        areas,
        sharpness,
        names,
        flat["bits"],
        flat["mirrored"],
        flat["flat"].astype(bool),
        colours.astype(np.uint8),
        texts,
    )
