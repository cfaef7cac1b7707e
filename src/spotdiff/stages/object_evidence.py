"""All that models say of pairs, gathered once: objects of both views, their looks, their heat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from spotdiff.contracts import ChangeLocalizer, EvidenceStore
from spotdiff.labels import Vocabulary
from spotdiff.ops.box_heat import heat_in_boxes, shares_in_boxes
from spotdiff.ops.fingerprints import of_array, of_words
from spotdiff.stages.appearance import Appearance
from spotdiff.stages.decision import within_overlap
from spotdiff.stages.detection import Detection
from spotdiff.types import (
    HEAT_LEVELS,
    ChangeMap,
    Detections,
    Embeddings,
    Image,
    ObjectEvidence,
    Pair,
    SeenObjects,
    WholePair,
)

MIN_SHOWN = 0.5  # share of a box that both views must show: elsewhere nobody knows what was there


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was said of one pair, and under which key that is kept."""

    key: str
    evidence: ObjectEvidence
    change_map: ChangeMap | None


class Witness:
    """Gathers what detectors, an embedder and a change model say; no model looks twice.

    Args:
        store: Keeps what they said.
        detection: Finds objects; None leaves the pair to the change model.
        appearance: Says what objects look like; None compares them by place alone.
        localizer: Sees where the views differ; None leaves the pair to the detectors.
        localizer_identity: Its weights and settings, in a short name.

    Raises:
        ValueError: If there is neither a detector nor a change model.
    """

    def __init__(
        self,
        store: EvidenceStore,
        detection: Detection | None = None,
        appearance: Appearance | None = None,
        localizer: ChangeLocalizer | None = None,
        localizer_identity: str = "",
    ) -> None:
        if localizer is None and (detection is None or not detection.detectors):
            raise ValueError("Expected a detector or a change model, got neither.")
        self.store = store
        self.detection = detection if detection is not None and detection.detectors else None
        self.appearance = appearance
        self.localizer = localizer
        self.localizer_identity = localizer_identity

    @property
    def vocabulary(self) -> Vocabulary:
        """What detectors look for; empty without any."""
        return Vocabulary() if self.detection is None else self.detection.vocabulary

    @property
    def experts(self) -> dict[str, object]:
        """The models that are asked, by their role."""
        found: dict[str, object] = {}
        if self.detection is not None:
            found |= {f"detector {n}": one for n, one in self.detection.detectors.items()}
            if self.appearance is not None:
                found["embedder"] = self.appearance.embedder
        if self.localizer is not None:
            found["localizer"] = self.localizer
        return found

    @property
    def identity(self) -> str:
        """All that decides what is said, in a short name."""
        parts = [self.localizer_identity if self.localizer is not None else ""]
        if self.detection is not None:
            parts.append(self.detection.identity)
            if self.appearance is not None:
                parts.append(self.appearance.embedder.info.sha256)
        return of_words(*parts)

    def __call__(self, pairs: Sequence[Pair]) -> list[Gathered]:
        """What was or is said of every pair, in their order."""
        views = [(of_array(pair.before), of_array(pair.after)) for pair in pairs]
        shown = [None if pair.overlap is None else of_array(pair.overlap) for pair in pairs]
        keys = [
            of_words(*view, overlap, self.identity)
            for view, overlap in zip(views, shown, strict=True)
        ]
        known = [self.store.pairs.get(key) for key in keys]
        maps = self._maps(pairs, views)
        new = [i for i, evidence in enumerate(known) if evidence is None]
        images = {
            key: image
            for i in new
            for key, image in zip(views[i], (pairs[i].before, pairs[i].after), strict=True)
        }
        found = self._objects(images)
        for i in new:
            before, after = (_shown(found[key], pairs[i]) for key in views[i])
            evidence = ObjectEvidence(
                _seen(before.objects, maps[i]),
                _seen(after.objects, maps[i]),
                None if self.appearance is None else before.looks @ after.looks.T,
                _whole(maps[i]),
                identical=views[i][0] == views[i][1],
            )
            self.store.pairs.put(keys[i], evidence)
            known[i] = self.store.pairs.get(keys[i]) or evidence
        return [
            Gathered(key, evidence or ObjectEvidence(), change_map)
            for key, evidence, change_map in zip(keys, known, maps, strict=True)
        ]

    def _maps(
        self, pairs: Sequence[Pair], views: Sequence[tuple[str, str]]
    ) -> list[ChangeMap | None]:
        """The change map of every pair, asked for where it is not known."""
        if self.localizer is None:
            return [None] * len(pairs)
        names = [f"{before} {after} {self.localizer_identity}" for before, after in views]
        found = [self.store.maps.get(name) for name in names]
        unknown = [i for i, known in enumerate(found) if known is None]
        if unknown:
            seen = self.localizer([pairs[i] for i in unknown])
            for i, change_map in zip(unknown, seen, strict=True):
                self.store.maps.put(names[i], change_map)
                found[i] = self.store.maps.get(names[i]) or change_map
        return [
            None if known is None else within_overlap(pair, known)
            for pair, known in zip(pairs, found, strict=True)
        ]

    def _objects(self, images: Mapping[str, Image]) -> dict[str, _Found]:
        """The objects of images by their keys, and what they look like."""
        nothing = np.zeros((0, 0), np.float32)
        if self.detection is None or not images:
            return dict.fromkeys(images, _Found(Detections.none(), nothing))
        found = self.detection(list(images.values()), list(images), self.store)
        objects = dict(zip(images, found, strict=True))
        if self.appearance is None:
            return {key: _Found(one, nothing) for key, one in objects.items()}
        boxes = {key: one.boxes for key, one in objects.items()}
        looks = self.appearance(images, boxes, self.store)
        return {key: _Found(one, looks[key]) for key, one in objects.items()}


class _Found(NamedTuple):
    """The objects of an image, and a vector for each; without rows where nobody embeds."""

    objects: Detections
    looks: Embeddings


def _shown(found: _Found, pair: Pair) -> _Found:
    """The objects that lie where both views of the pair show something."""
    if pair.overlap is None or not len(found.objects):
        return found
    shown = heat_in_boxes(pair.overlap[None].astype(np.float32), found.objects.boxes)[:, 0]
    rows = np.flatnonzero(shown >= MIN_SHOWN)
    return _Found(found.objects[rows], found.looks[rows] if len(found.looks) else found.looks)


def _seen(objects: Detections, change_map: ChangeMap | None) -> SeenObjects:
    """Objects with the heat of their boxes."""
    if change_map is None:
        none = np.zeros((len(objects), 0), np.float32)
        return SeenObjects(objects, none, none)
    return SeenObjects(
        objects,
        shares_in_boxes(change_map.heat, objects.boxes, HEAT_LEVELS),
        heat_in_boxes(change_map.heat, objects.boxes),
    )


def _whole(change_map: ChangeMap | None) -> WholePair | None:
    if change_map is None:
        return None
    return WholePair(change_map.gates, change_map.label_scores, change_map.vocabulary)
