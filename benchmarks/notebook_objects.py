"""The notebook's way to answer by objects, everything anew for each setting, and what counts that.

A rendering of what the pairwise spot-the-difference notebook describes, for comparison only; see
objects.py. Its classes of models are exchanged for ours, so that both sides ask the very same ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias
from unittest.mock import patch

import numpy as np
from scipy.optimize import linear_sum_assignment

from spotdiff.contracts import ChangeLocalizer, Detector, RegionEmbedder
from spotdiff.data import images
from spotdiff.ops.box_heat import shares_in_boxes
from spotdiff.ops.boxes import iou
from spotdiff.ops.frames import in_one_frame
from spotdiff.ops.fusion import fuse
from spotdiff.stages.looks import looks
from spotdiff.types import (
    Box,
    Boxes,
    ChangeMap,
    Detections,
    Embeddings,
    Image,
    LabelSets,
    ObjectRules,
    Pair,
    PairRow,
)

LOOKED, DECODED = "images through the detector", "image files decoded"
EMBEDDED, LOCALIZED = "regions embedded", "pairs through the change model"
Counts: TypeAlias = Counter[str]


class CountedDetector:
    """A detector, and at how many images it looked."""

    def __init__(self, detector: Detector, counts: Counts) -> None:
        self.info, self.classes = detector.info, detector.classes
        self.detector, self.counts = detector, counts

    def __call__(self, images: Sequence[Image], names: Sequence[str]) -> list[Detections]:
        """What it says."""
        self.counts[LOOKED] += len(images)
        return self.detector(images, names)


class CountedEmbedder:
    """An embedder of regions, and how many it described."""

    def __init__(self, embedder: RegionEmbedder, counts: Counts) -> None:
        self.info = embedder.info
        self.embedder, self.counts = embedder, counts

    def __call__(
        self, images: Sequence[Image], boxes: Sequence[Boxes] | None = None
    ) -> list[Embeddings]:
        """What it says."""
        self.counts[EMBEDDED] += len(images) if boxes is None else sum(map(len, boxes))
        return self.embedder(images, boxes)


class CountedLocalizer:
    """A change model, and at how many pairs it looked."""

    def __init__(self, localizer: ChangeLocalizer, counts: Counts) -> None:
        self.localizer, self.counts = localizer, counts

    def __call__(self, pairs: Sequence[Pair]) -> list[ChangeMap]:
        """What it says."""
        self.counts[LOCALIZED] += len(pairs)
        return self.localizer(pairs)


@contextmanager
def counted_decoding(counts: Counts) -> Iterator[None]:
    """Counts the files that whoever reads images decodes meanwhile."""
    decode = images.decode_image
    decoded: list[str] = []  # readers are threads

    def counting(content: bytes, where: str, max_pixels: int = images.MAX_PIXELS) -> Image:
        decoded.append(where)
        return decode(content, where, max_pixels)

    with patch.object(images, "decode_image", counting):
        yield
    counts[DECODED] += len(decoded)


@dataclass(frozen=True)
class Models:
    """What both sides ask."""

    detector: Detector
    embedder: RegionEmbedder
    localizer: ChangeLocalizer

    def counted(self, counts: Counts) -> Models:
        """The same, counted."""
        return Models(
            CountedDetector(self.detector, counts),
            CountedEmbedder(self.embedder, counts),
            CountedLocalizer(self.localizer, counts),
        )


class Notebook:
    """Answers a pair by one setting from its files on, remembering nothing.

    Args:
        models: What it asks, an image, a pair or a crop at a time.
        labels: That are looked for.
    """

    def __init__(self, models: Models, labels: Sequence[str]) -> None:
        self.models = models
        self.labels = tuple(labels)

    def __call__(self, row: PairRow, rules: ObjectRules) -> LabelSets:
        """The words of each kind."""
        read = Pair(row.pair_id, images.read_image(row.before), images.read_image(row.after))
        pair, _ = in_one_frame(read)
        found = [self._detected(image) for image in (pair.before, pair.after)]
        heat = self.models.localizer([pair])[0].heat
        before, after = (_kept(one, heat, rules) for one in found)
        same = self._same(row, before, after, rules.alpha)
        rows, columns = linear_sum_assignment(1 - same)
        paired = [
            (i, j)
            for i, j in zip(rows.tolist(), columns.tolist(), strict=True)
            if before.labels[i] == after.labels[j] and same[i, j] >= rules.min_same
        ]
        overlap = iou(before.boxes, after.boxes)
        moved = {before.labels[i] for i, j in paired if overlap[i, j] < rules.min_same}
        gone = set(range(len(before))) - {i for i, _ in paired}
        come = set(range(len(after))) - {j for _, j in paired}
        sets = {after.labels[j] for j in come}, {before.labels[i] for i in gone}, moved
        return LabelSets(*(tuple(sorted(one)) for one in sets))

    def _detected(self, image: Image) -> Detections:
        """Both looks at an image, one call each, fused."""
        voters = []
        for look in looks("flip"):
            (seen,) = self.models.detector([look.shown(image)], self.labels)
            named = seen[np.array([word in self.labels for word in seen.labels], bool)]
            voters.append(look.back(named, image))
        return fuse(voters, min_overlap=0.55, min_score=0.05, rescale="avg")

    def _same(
        self, row: PairRow, before: Detections, after: Detections, alpha: float
    ) -> np.ndarray:
        """How much each box of before and each of after are one thing; 0 where labels differ."""
        overlap = iou(before.boxes, after.boxes)
        same = np.zeros(overlap.shape)
        for i, j in np.ndindex(*overlap.shape):
            if before.labels[i] == after.labels[j]:
                alike = (self._cosine(row, before.boxes[i], after.boxes[j]) + 1) / 2
                same[i, j] = alpha * overlap[i, j] + (1 - alpha) * alike
        return same

    def _cosine(self, row: PairRow, before: np.ndarray, after: np.ndarray) -> float:
        """Of the crops of two boxes, both files opened again."""
        vectors = []
        for path, box in ((row.before, before), (row.after, after)):
            crop = _crop(images.read_image(path), tuple(box.tolist()))
            whole = np.array([[0, 0, crop.shape[1], crop.shape[0]]], np.float32)
            vectors.append(self.models.embedder([crop], [whole])[0][0])
        return float(vectors[0] @ vectors[1])


def _kept(found: Detections, heat: np.ndarray, rules: ObjectRules) -> Detections:
    """Those whose score, boosted by the hot share of their boxes, is high enough."""
    shares = shares_in_boxes(heat, found.boxes, [rules.min_heat])[:, 0]
    return found[found.scores * (1 + rules.boost * shares) >= rules.min_score]


def _crop(image: Image, box: Box) -> Image:
    x0, y0, x1, y1 = map(int, box)
    return np.ascontiguousarray(image[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)])
