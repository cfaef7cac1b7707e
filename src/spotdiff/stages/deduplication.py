"""Which rows show the same: groups of rows by the hashes of their images, and of their text.

What must be equal is a key: the number of images, what flat images look like, the text where it
counts. Within a key rows are grouped by the codes of their images, position by position; rows that
are joined by a chain of near ones are one group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from spotdiff.ops.hamming import components, neighbours
from spotdiff.types import ImageHash

_COLOUR_STEP = 16  # grey levels of a channel that count as one colour
_BLOCK = 2048  # rows of several images that are compared at once


@dataclass(frozen=True, slots=True)
class HashedRow:
    """What is known of one row.

    Attributes:
        images: The hash of each of its images, in order.
        text: The hash of its text; None where text does not count.
    """

    images: tuple[ImageHash, ...] = ()
    text: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether every image could be hashed."""
        return all(image.bits is not None for image in self.images)


@dataclass(frozen=True, slots=True)
class Sameness:
    """When two rows are the same.

    Attributes:
        max_distance: Bits by which the codes of two images may differ.
        colour: Images of one code whose mean colours differ clearly are different.
        ordered: The images of a row are a sequence, not a set.
        flat_alike: Images without any contrast are all alike, whatever their colour.

    Raises:
        ValueError: If `max_distance` is no number of bits.
    """

    max_distance: int = 0
    colour: bool = False
    ordered: bool = True
    flat_alike: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.max_distance <= 64:
            raise ValueError(
                f"Expected max_distance to be a number of bits from 0 to 64, got "
                f"{self.max_distance!r}."
            )

    def groups(self, rows: Sequence[HashedRow]) -> Int64[np.ndarray, " n"]:
        """For every row the first row of its group.

        A row of which an image could not be hashed is a group of its own, and so is one without
        images whose text does not count: nothing is known that would make it the same as another.
        """
        first = np.arange(len(rows))
        for members in self._keyed(rows).values():
            places = np.array(members, np.int64)
            codes = np.array([self._codes(rows[row]) for row in members], np.uint64)
            first[places] = places[self._joined(codes.reshape(len(members), -1))]
        return first

    def _keyed(self, rows: Sequence[HashedRow]) -> dict[object, list[int]]:
        """The rows that may be the same, by all that has to be equal."""
        keyed: dict[object, list[int]] = defaultdict(list)
        for number, row in enumerate(rows):
            if row.is_known and (row.images or row.text is not None):
                looks = [self._look(image) for image in self._images(row)]
                keyed[len(row.images), tuple(looks), row.text].append(number)
        return keyed

    def _images(self, row: HashedRow) -> list[ImageHash]:
        if self.ordered:
            return list(row.images)
        return sorted(row.images, key=lambda image: (image.bits or 0, image.colour))

    def _codes(self, row: HashedRow) -> list[int]:
        return [image.bits or 0 for image in self._images(row)]

    def _look(self, image: ImageHash) -> object:
        """What has to be equal of an image besides its code, or nearly so."""
        if image.flat and not self.flat_alike:
            return image.colour
        if self.colour:
            return tuple(level // _COLOUR_STEP for level in image.colour)
        return None

    def _joined(self, codes: Int64[np.ndarray, "n k"]) -> Int64[np.ndarray, " n"]:
        """For rows of one key the first row of its group."""
        if not codes.shape[1]:
            return np.zeros(len(codes), np.int64)
        distinct, first, member = np.unique(codes, axis=0, return_index=True, return_inverse=True)
        roots = np.arange(len(distinct))
        if self.max_distance and len(distinct) > 1:
            roots = components(self._near(distinct), len(distinct))
        # the smallest row of a group, whatever the order of its codes
        smallest = np.full(len(distinct), len(codes))
        np.minimum.at(smallest, roots, first)
        return np.asarray(smallest[roots][member.reshape(-1)], np.int64)

    def _near(self, codes: Int64[np.ndarray, "n k"]) -> Int64[np.ndarray, "p 2"]:
        """All pairs of different rows of codes that are near at every position."""
        if codes.shape[1] == 1:
            return neighbours(codes[:, 0], self.max_distance).pairs
        found = []
        for start in range(0, len(codes), _BLOCK):
            block = codes[start : start + _BLOCK]
            apart = np.bitwise_count(block[:, None] ^ codes[None]).max(axis=2)
            near = np.add(np.argwhere(apart <= self.max_distance), (start, 0))
            found.append(near[near[:, 0] < near[:, 1]])
        return np.concatenate(found).astype(np.int64)
