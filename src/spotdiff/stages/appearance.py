"""What objects look like, and on which scale of likeness that is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spotdiff.contracts import EvidenceStore, RegionEmbedder
from spotdiff.ops.fingerprints import of_array
from spotdiff.ops.objects import Look
from spotdiff.types import Boxes, Embeddings, Image


class Appearance:
    """Embeds every region once.

    Args:
        embedder: Describes regions by unit vectors.
        look: The cosine of regions that show different things, and that of regions that show one
            thing: likeness is 0 below the first and 1 above the second.

    Raises:
        ValueError: If the second cosine is not above the first.
    """

    def __init__(self, embedder: RegionEmbedder, look: Sequence[float] = (0.5, 1.0)) -> None:
        low, high = (float(value) for value in look)
        if not -1 <= low < high <= 1:
            raise ValueError(f"Expected look to be two rising cosines, got {list(look)}.")
        self.embedder = embedder
        self.look: Look = (low, high)

    def __call__(
        self,
        images: Mapping[str, Image],
        boxes: Mapping[str, Boxes],
        store: EvidenceStore,
    ) -> dict[str, Embeddings]:
        """The vectors of the boxes of every image, all that are not known yet in one call.

        Args:
            images: By their keys.
            boxes: Of each of them.
            store: What is known is found there, what is new is put there.
        """
        names = {key: f"{key} {self.embedder.info.sha256} {of_array(boxes[key])}" for key in images}
        known = {key: store.embeddings.get(name) for key, name in names.items()}
        found = {key: vectors for key, vectors in known.items() if vectors is not None}
        unknown = [key for key in images if key not in found]
        if unknown:
            new = self.embedder([images[key] for key in unknown], [boxes[key] for key in unknown])
            for key, vectors in zip(unknown, new, strict=True):
                store.embeddings.put(names[key], vectors)
                kept = store.embeddings.get(names[key])  # rounded as whoever reads it later gets it
                found[key] = vectors if kept is None else kept
        return found
