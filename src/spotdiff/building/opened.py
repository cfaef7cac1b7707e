"""The pictures of a batch of samples, each read once, by threads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

from spotdiff.data.images import ImageError, read_image
from spotdiff.data.remote import RemoteError, located
from spotdiff.types import Image, Sample

Opened: TypeAlias = Mapping[str, Image | str]  # by path; a text says why there is no picture

READERS = 2  # threads that read and decode


def open_images(names: Iterable[str], readers: int = READERS) -> Opened:
    """The pictures of some paths, each once; those that cannot be read are one sentence."""
    distinct = list(dict.fromkeys(names))
    if not distinct:
        return {}
    with ThreadPoolExecutor(min(readers, len(distinct)), thread_name_prefix="open") as pool:
        return dict(zip(distinct, pool.map(_opened, distinct), strict=True))


def problem_of(names: Sequence[str], opened: Opened) -> str | None:
    """Why the pictures of a sample cannot be read; None where they can."""
    reasons = [found for name in names if isinstance(found := opened[name], str)]
    return reasons[0] if reasons else None


def picture(opened: Opened, name: str) -> Image:
    """A picture that could be read."""
    found = opened[name]
    if isinstance(found, str):
        raise TypeError(f"Expected a picture of {name}, got a reason: ask `problem_of` first.")
    return found


def views_of(sample: Sample) -> tuple[str, str] | None:
    """The paths of the two views of a sample; of a row of exactly two images these."""
    if sample.before and sample.after:
        return sample.before, sample.after
    if len(sample.images) == 2:
        return sample.images[0], sample.images[1]
    return None


def _opened(name: str) -> Image | str:
    try:
        return read_image(located(name))
    except (ImageError, RemoteError) as error:
        return str(error)
