"""Things of photographs that people outlined: known, not looked for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from spotdiff.data.cutouts import PhotoLibrary
from spotdiff.data.photos import Outline
from spotdiff.ops.boxes import covered
from spotdiff.types import Detections, Image, ModelInfo

_MOST_SHARED = 0.1  # of the smaller of the boxes of two things of one name


class OutlinedThings:
    """Gives the outlined things of photographs by their files, with masks and names.

    First come those that are seen as a whole, of these the largest. A thing in whose box others of
    its name are seen is left out: without it there would still be one.

    Args:
        library: Has the photographs.
    """

    def __init__(self, library: PhotoLibrary) -> None:
        self._outlines = {photo.path: photo.outlines for photo in library.photos}
        told = "\n".join(f"{path.name} {len(found)}" for path, found in self._outlines.items())
        digest = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()
        self.info = ModelInfo("outlines", digest)

    def of_files(self, names: Sequence[str], images: Sequence[Image]) -> list[Detections]:
        """The things of photographs, in pixels of their files; none of files that are not there.

        Args:
            names: Paths.
            images: What each file holds.
        """
        both = zip(names, images, strict=True)
        return [_detections(self._outlines.get(Path(name), ()), image) for name, image in both]


def _is_among_its_like(thing: Outline, outlines: Sequence[Outline]) -> bool:
    like = [o.box for o in outlines if o.label == thing.label and o is not thing]
    if not like:
        return False
    own, others = np.array([thing.box], np.float32), np.array(like, np.float32)
    return bool(covered(own, others).max() > _MOST_SHARED)


def _detections(outlines: Sequence[Outline], image: Image) -> Detections:
    alone = [one for one in outlines if one.label and not _is_among_its_like(one, outlines)]
    if not alone:
        return Detections.none()
    ranked = sorted(alone, key=lambda one: (one.is_in_pieces, one.is_cut, -one.area))
    return Detections(
        np.array([one.box for one in ranked], np.float32),
        np.ones(len(ranked), np.float32),
        tuple(str(one.label) for one in ranked),
        np.stack([one.mask(image.shape) > 0 for one in ranked]),
    )
