"""Pictures of a set, decoded by threads, and what models say of them, asked once each."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from jaxtyping import Float64

from spotdiff.contracts import Detector, ImageCaptioner, RegionEmbedder, Shelf
from spotdiff.data.images import ImageError
from spotdiff.data.item_pictures import see_items
from spotdiff.data.picture_store import Item, PictureStore, picture_key
from spotdiff.ops.fingerprints import of_words
from spotdiff.ops.object_measures import counted, object_measures
from spotdiff.ops.picture_measures import MEASURES, measured
from spotdiff.types import Detections, Embeddings, Image, Measure, ModelInfo, Reply, SetItem

MIN_OBJECT = 0.3  # score of an object that counts

_FORM = "measures 1"  # of other properties, or of another way to measure, kept ones are not asked


class PictureAlbum:
    """An `Album` of files; it is opened when it is first asked for anything.

    Pictures that cannot be read are in no row; `problems` says why. No more pictures are in memory
    than threads need while an album is opened, and than a batch while models look at them.

    Args:
        items: The pictures.
        store: Keeps what is known of them.
        captioner: Says what pictures show where their table does not.
        embedder: Describes pictures by vectors.
        detector: Finds the objects that are counted.
        objects: Their names; empty for the classes of the detector.
        batch: Pictures that a model is shown together.
        workers: Threads that decode; None for as many as there are cores.

    Raises:
        ValueError: A detector is to find nothing.
    """

    def __init__(
        self,
        items: Sequence[SetItem],
        store: PictureStore | None = None,
        captioner: ImageCaptioner | None = None,
        embedder: RegionEmbedder | None = None,
        detector: Detector | None = None,
        objects: Sequence[str] = (),
        batch: int = 16,
        workers: int | None = None,
    ) -> None:
        self._items = tuple(items)
        self.store = store or PictureStore()
        self.captioner, self.embedder, self.detector = captioner, embedder, detector
        self.objects = tuple(objects) or (detector.classes if detector else ())
        if detector is not None and not self.objects:
            raise ValueError(
                f"Expected names of objects for the detector {detector.info.name}, got none."
            )
        self.batch, self.workers = batch, workers or os.cpu_count() or 1
        self.on_look: Callable[[], None] = lambda: None  # called for each picture when opened

    @property
    def items(self) -> Sequence[SetItem]:
        """All pictures by their number."""
        return self._items

    @property
    def rows(self) -> Sequence[int]:
        """Those that can be looked at."""
        return tuple(self._opened)

    @property
    def problems(self) -> tuple[str, ...]:
        """Why the other ones cannot, a sentence each."""
        return tuple(self._looked[1])

    @property
    def measures(self) -> Sequence[Measure]:
        """The properties of `MEASURES`, and those of objects where there is a detector."""
        return MEASURES if self.detector is None else (*MEASURES, *object_measures(self.objects))

    def measured(self, rows: Sequence[int]) -> Float64[np.ndarray, "n m"]:
        """Each of `measures`."""
        known = self._opened
        told = np.array([known[row] for row in rows]).reshape(-1, len(MEASURES))
        if self.detector is None:
            return told
        seen = self._detections(rows)
        objects = np.array([counted(one, self.objects, MIN_OBJECT) for one in seen])
        return np.hstack([told, objects.reshape(len(rows), -1)])

    def keys(self, rows: Sequence[int]) -> list[str]:
        """Names of pictures for what is kept of them."""
        return [self._keys[row] for row in rows]

    def images(self, rows: Sequence[int]) -> list[Image]:
        """The pictures, each file decoded once.

        Raises:
            ImageError: A file has gone since the album was opened.
        """
        some = [self._items[row] for row in rows]
        found: list[Image] = [np.zeros((0, 0, 3), np.uint8)] * len(some)
        for number, image in see_items(some, lambda image: image, self.workers):
            if isinstance(image, ImageError):
                raise image
            found[number] = image
        return found

    def captions(self, rows: Sequence[int]) -> list[Reply]:
        """What the table says of pictures, else what the captioner does."""
        told = {row: self._items[row].caption for row in rows}
        silent = [row for row, text in told.items() if text is None]
        if silent and self.captioner is not None:
            captioner = self.captioner
            found = self._asked(silent, self.store.captions, captioner.info, captioner)
            told |= {row: text.strip() for row, text in zip(silent, found, strict=True)}
        absent = "there is no caption in the table, and no captioner to ask"
        return [
            Reply(text, None) if text else Reply(None, f"{self._items[row].path}: {absent}")
            for row, text in ((row, told[row]) for row in rows)
        ]

    def embeddings(self, rows: Sequence[int]) -> Embeddings:
        """One unit vector a picture.

        Raises:
            ValueError: There is no embedder.
        """
        if self.embedder is None:
            raise ValueError("Expected an embedder for the vectors of pictures, there is none.")
        found = self._asked(rows, self.store.embeddings, self.embedder.info, self.embedder)
        return np.concatenate(found) if found else np.zeros((0, 0), np.float32)

    def _detections(self, rows: Sequence[int]) -> list[Detections]:
        detector = self.detector
        assert detector is not None  # noqa: S101
        return self._asked(
            rows,
            self.store.detections,
            detector.info,
            lambda images: detector(images, self.objects),
            self.objects,
        )

    def _asked(
        self,
        rows: Sequence[int],
        shelf: Shelf[Item],
        info: ModelInfo,
        ask: Callable[[Sequence[Image]], Sequence[Item]],
        question: object = None,
    ) -> list[Item]:
        """What a model says of each picture, taken from the shelf where it is known."""
        names = {row: of_words(self._keys[row], info.name, info.sha256, question) for row in rows}
        known: dict[int, Item | None] = {row: shelf.get(name) for row, name in names.items()}
        unknown = [row for row, item in known.items() if item is None]
        for start in range(0, len(unknown), self.batch):
            some = unknown[start : start + self.batch]
            for row, item in zip(some, ask(self.images(some)), strict=True):
                shelf.put(names[row], item)
                known[row] = shelf.get(names[row])  # rounded, as any later run gets it
        return [found for row in rows if (found := known[row]) is not None]

    @property
    def _opened(self) -> dict[int, Float64[np.ndarray, " m"]]:
        return self._looked[0]

    @cached_property
    def _keys(self) -> dict[int, str]:
        keys = {}
        for row, item in enumerate(self._items):
            try:
                keys[row] = picture_key(item)
            except (OSError, ValueError):  # whoever reads it says what is wrong with it
                continue
        return keys

    @cached_property
    def _looked(self) -> tuple[dict[int, Float64[np.ndarray, " m"]], list[str]]:
        """Measures of the pictures that can be read, and what is wrong with the other ones."""
        shelf = self.store.measures
        names = {row: of_words(key, _FORM) for row, key in self._keys.items()}
        known = {row: shelf.get(name) for row, name in names.items()}
        told = {
            row: values.astype(np.float64)
            for row, values in known.items()
            if values is not None and len(values) == len(MEASURES)
        }
        missing = [row for row in range(len(self._items)) if row not in told]
        problems: dict[int, str] = {}
        some = [self._items[row] for row in missing]
        for number, found in see_items(some, _rounded, self.workers):
            row = missing[number]
            self.on_look()
            if isinstance(found, ImageError):
                problems[row] = str(found)
            else:
                told[row] = found
                if row in names:
                    shelf.put(names[row], found.astype(np.float32))
        self.store.flush()
        return dict(sorted(told.items())), [problems[row] for row in sorted(problems)]


def _rounded(image: Image) -> Float64[np.ndarray, " m"]:
    """The measures of a picture, as they are kept."""
    return measured(image).astype(np.float32).astype(np.float64)
