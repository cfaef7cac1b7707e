"""What models said, kept so that none is asked twice."""

from __future__ import annotations

from typing import Protocol, TypeVar

from spotdiff.types import ChangeMap, Detections, Embeddings, ObjectEvidence

Item = TypeVar("Item")


class Shelf(Protocol[Item]):
    """Keeps things by keys that say what they were made from."""

    def __contains__(self, key: object) -> bool:
        """Whether anything is kept under a key."""
        ...

    def get(self, key: str) -> Item | None:
        """What is kept under a key; None if nothing is."""
        ...

    def put(self, key: str, item: Item) -> None:
        """Keeps a thing; under a key that is known, nothing happens."""
        ...


class EvidenceStore(Protocol):
    """What models said, by the content of the images and the identity of the models."""

    @property
    def detections(self) -> Shelf[Detections]:
        """Of an image, one detector and one look at it."""
        ...

    @property
    def embeddings(self) -> Shelf[Embeddings]:
        """Of an image and some boxes."""
        ...

    @property
    def maps(self) -> Shelf[ChangeMap]:
        """Of two views; the heat of a map that comes back is a multiple of 1 / 255."""
        ...

    @property
    def pairs(self) -> Shelf[ObjectEvidence]:
        """Of two views, all models together."""
        ...
