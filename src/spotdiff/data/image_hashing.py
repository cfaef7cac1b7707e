"""Pictures -> perceptual hashes: on all cores, in order, one item a picture whatever it holds."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice, repeat
from typing import Literal, NamedTuple, TypeAlias

import cv2
import numpy as np
from PIL import Image as Pillow

from spotdiff.data.hash_cache import HashCache
from spotdiff.data.image_shrinking import Shrunk, shrink
from spotdiff.data.images import ImageError
from spotdiff.ops.image_hashes import (
    METHODS,
    ROUGH_SIZES,
    SIZES,
    Method,
    flat,
    hashes,
    mirrored,
    sharpness,
)
from spotdiff.types import ImageHash, Source

__all__ = ["FLAT_SPREAD", "HashCache", "ImageHasher"]

Mode: TypeAlias = Literal["exact", "fast"]

FLAT_SPREAD = 3  # grey levels: what differs by no more is noise of a compressor

_TOGETHER = 16  # pictures that a thread reads before it hashes them
_AHEAD = 2  # tasks a thread that wait or are done


class ImageHasher:
    """Hashes pictures, read by threads; at most some dozens of pictures are in memory at a time.

    Args:
        method: One of `ops.image_hashes.METHODS`.
        mode: `exact` gives the bits of the package imagededup; `fast` decodes JPEG at a reduced
            scale, by which up to some bits in a hundred differ.
        workers: Threads; None for one a core that this process may use.
        cache: Knows the hashes of files from earlier runs.

    Raises:
        ValueError: The method or the mode is unknown, or there are no workers.

    Example:
        >>> from pathlib import Path
        >>> (item,) = ImageHasher()([Path("nowhere.jpg")])
        >>> item.bits, item.problem
        (None, 'nowhere.jpg: cannot be read: no such file')
    """

    def __init__(
        self,
        method: str = "phash",
        mode: str = "exact",
        workers: int | None = None,
        cache: HashCache | None = None,
    ) -> None:
        self.method: Method = next((name for name in METHODS if name == method), "phash")
        if self.method != method:
            raise ValueError(f"Expected method to be one of {', '.join(METHODS)}, got {method!r}.")
        if mode not in ("exact", "fast"):
            raise ValueError(f"Expected mode to be exact or fast, got {mode!r}.")
        if workers is not None and workers < 1:
            raise ValueError(f"Expected workers to be 1 or more, got {workers}.")
        self.mode, self.cache = mode, cache
        self.workers = workers or _cores()

    def __call__(self, sources: Iterable[Source]) -> Iterator[ImageHash]:
        """The hash of each picture, in order; of one that cannot be read, the reason."""
        named = ((_name(source, i), source) for i, source in enumerate(sources))
        waiting: deque[_Task] = deque()
        try:
            with ThreadPoolExecutor(self.workers) as pool:
                while chunk := list(islice(named, _TOGETHER)):
                    waiting.append(self._begun(chunk, pool))
                    if len(waiting) > _AHEAD * self.workers:
                        yield from self._finished(waiting.popleft())
                while waiting:
                    yield from self._finished(waiting.popleft())
        finally:
            if self.cache is not None:
                self.cache.flush()

    def _begun(self, chunk: list[tuple[str, Source]], pool: ThreadPoolExecutor) -> _Task:
        keys: list[str | None] = [None] * len(chunk)
        known: list[ImageHash | None] = [None] * len(chunk)
        if self.cache is not None:
            keys = [self.cache.key(source, self.method, self.mode) for _, source in chunk]
            known = self.cache.get_many(keys)
        unknown = [named for named, item in zip(chunk, known, strict=True) if item is None]
        return _Task(keys, known, pool.submit(self._hashed, unknown) if unknown else None)

    def _finished(self, task: _Task) -> Iterator[ImageHash]:
        found = iter(task.found.result() if task.found else ())
        for key, known in zip(task.keys, task.known, strict=True):
            item = next(found) if known is None else known
            if known is None and self.cache is not None:
                self.cache.put(key, item)
            yield item

    def _hashed(self, chunk: Sequence[tuple[str, Source]]) -> list[ImageHash]:
        read = [self._shrunk(where, source) for where, source in chunk]
        hashed = iter(self._seen([one for one in read if isinstance(one, Shrunk)]))
        return [
            next(hashed) if isinstance(one, Shrunk) else ImageHash(None, problem=one)
            for one in read
        ]

    def _shrunk(self, where: str, source: Source) -> Shrunk | str:
        try:
            fast = self.mode == "fast"
            size = (ROUGH_SIZES if fast else SIZES)[self.method]
            return shrink(source, where, size, fast)
        except ImageError as error:
            return str(error)
        except Pillow.DecompressionBombWarning as warning:  # where warnings are errors
            return f"{where}: {warning}"
        except MemoryError:
            return f"{where}: the picture needs more memory than there is"

    def _seen(self, pictures: Sequence[Shrunk]) -> list[ImageHash]:
        """The hash of each of some pictures that were read."""
        if not pictures:
            return []
        lumas = np.stack([picture.luma for picture in pictures])
        thumbnails = [picture.thumbnail for picture in pictures]
        colours = np.rint([cv2.mean(one)[:3] for one in thumbnails]).astype(int).tolist()
        greys = np.stack([cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in thumbnails])
        bits = hashes(lumas, self.method)
        columns = (
            bits.tolist(),
            flat(lumas, FLAT_SPREAD).tolist(),
            [(red, green, blue) for red, green, blue in colours],
            [picture.width for picture in pictures],
            [picture.height for picture in pictures],
            sharpness(greys).tolist(),
            repeat(None, len(pictures)),
            mirrored(lumas, bits, self.method).tolist(),
        )
        return [ImageHash(*row) for row in zip(*columns, strict=True)]


class _Task(NamedTuple):
    """Some pictures: the names of their hashes, what is known of them, what will be of the rest."""

    keys: list[str | None]
    known: list[ImageHash | None]
    found: Future[list[ImageHash]] | None


def _name(source: Source, index: int) -> str:
    return f"picture {index + 1} (bytes)" if isinstance(source, bytes) else str(source)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
