"""Pictures of sets, decoded by threads: whole files, or parts of files that are decoded once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from spotdiff.data.images import ImageError, read_image
from spotdiff.data.remote import located
from spotdiff.types import Image, SetItem

MIN_SIDE = 8  # pixels of a part: less shows nothing

Seen = TypeVar("Seen")


def see_items(
    items: Sequence[SetItem], see: Callable[[Image], Seen], workers: int
) -> Iterator[tuple[int, Seen | ImageError]]:
    """What is seen in each picture with its number, or why it cannot be read; file by file.

    A thread has one file in memory at a time, and what was seen in it.

    Args:
        items: The pictures.
        see: Called by several threads.
        workers: How many.
    """
    files: dict[str, list[int]] = {}
    for number, item in enumerate(items):
        files.setdefault(item.path, []).append(number)

    def seen(numbers: Sequence[int]) -> list[tuple[int, Seen | ImageError]]:
        image = _read(items[numbers[0]].path)
        parts = ((n, _part(image, items[n])) for n in numbers)
        return [(n, part if isinstance(part, ImageError) else see(part)) for n, part in parts]

    with ThreadPoolExecutor(workers) as pool:
        for file in pool.map(seen, files.values()):
            yield from file


def _read(path: str) -> Image | ImageError:
    try:
        return read_image(located(path))
    except ImageError as error:
        return error
    except (OSError, MemoryError) as error:
        reason = str(error) or "it needs more memory than there is"
        return ImageError(f"{path}: cannot be read: {reason}")


def _part(image: Image | ImageError, item: SetItem) -> Image | ImageError:
    if isinstance(image, ImageError) or item.box is None:
        return image
    height, width = image.shape[:2]
    x0, y0, x1, y1 = item.box
    left, top = max(int(x0), 0), max(int(y0), 0)
    right, bottom = min(int(np.ceil(x1)), width), min(int(np.ceil(y1)), height)
    if min(right - left, bottom - top) < MIN_SIDE:
        return ImageError(
            f"{item.path}: expected a part of {MIN_SIDE} pixels a side or more, of box "
            f"{tuple(round(edge) for edge in item.box)} the {width} x {height} pixels have less"
        )
    return np.ascontiguousarray(image[top:bottom, left:right])
