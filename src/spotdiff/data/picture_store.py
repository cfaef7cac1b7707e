"""What is known of pictures by their keys, in a folder or in memory: looked at once, by any run."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import numpy as np
from jaxtyping import Float32

from spotdiff.contracts import Shelf
from spotdiff.data.evidence_codecs import DETECTIONS, EMBEDDINGS
from spotdiff.data.evidence_memory import RecentShelf
from spotdiff.data.evidence_rows import Codec, Row, flat
from spotdiff.data.evidence_shelf import ParquetShelf
from spotdiff.data.remote import located, reaching
from spotdiff.ops.fingerprints import of_words
from spotdiff.types import SetItem

Item = TypeVar("Item")
Numbers = Float32[np.ndarray, " n"]

_IN_MEMORY = 1 << 20  # things of each sort


class PictureStore:
    """Measures, captions, vectors and objects of pictures, each on a shelf of its own.

    Args:
        folder: Made when absent; None keeps them in memory for as long as the store lives.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = PictureStore(Path(folder))
        ...     store.captions.put("a", "a red car")
        ...     store.flush()
        ...     PictureStore(Path(folder)).captions.get("a")
        'a red car'
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._files: list[ParquetShelf[object]] = []
        self.measures = self.shelf("measures", NUMBERS)
        self.captions = self.shelf("captions", TEXTS)
        self.embeddings = self.shelf("embeddings", EMBEDDINGS)
        self.detections = self.shelf("detections", DETECTIONS)

    def shelf(self, name: str, codec: Codec[Item]) -> Shelf[Item]:
        """A shelf for things of another sort, in a sub-folder of that name."""
        if self.folder is None:
            return RecentShelf(codec, _IN_MEMORY)
        made = ParquetShelf(self.folder / name, codec, most_rows=4096)
        self._files.append(made)  # type: ignore[arg-type]
        return made

    def flush(self) -> None:
        """Writes what was held back, and merges small parts where there are many."""
        for shelf in self._files:
            shelf.close()


def picture_key(item: SetItem) -> str:
    """A name of a picture as it is now: of its path, size, time of change, and part.

    Raises:
        OSError: There is no such file.
    """
    path = located(item.path)
    with reaching(path):
        state = path.stat()
    changed = getattr(state, "st_mtime_ns", None) or getattr(state, "st_mtime", None)
    return of_words(str(path.resolve()), state.st_size, changed, item.box)


def _numbers_row(values: Numbers) -> Row:
    return {"values": flat(values)}


def _numbers(row: Row) -> Numbers:
    return np.array(row["values"], np.float32)


def _text_row(text: str) -> Row:
    return {"text": [text]}


def _text(row: Row) -> str:
    if len(row["text"]) != 1:
        raise ValueError(f"expected one text, got {len(row['text'])}")
    return str(row["text"][0])


NUMBERS: Codec[Numbers] = Codec({"values": "floats"}, _numbers_row, _numbers, group=2048)
TEXTS: Codec[str] = Codec({"text": "words"}, _text_row, _text, group=2048)
