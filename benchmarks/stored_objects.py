"""Evidence of pairs that nobody photographed: as much and as unequal as detectors give.

A place has things of some labels; between the views some go, some come, some move or turn into
something else. Detectors see most of them, and things that are not there. The change map is hot
where something changed and somewhere else. For objects.py; see there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from spotdiff.ops.box_heat import heat_in_boxes, shares_in_boxes
from spotdiff.ops.boxes import clip
from spotdiff.types import (
    HEAT_LEVELS,
    Boxes,
    Detections,
    Embeddings,
    LabelSets,
    ObjectEvidence,
    SeenObjects,
    WholePair,
)

WORDS = ("person", "car", "sign", "cone", "bicycle", "box")
RATES = (0.5, 0.28, 0.08, 0.06, 0.05, 0.03)
SIZE = (120, 160)  # of the frame: height, width
WIDTH = 128  # of what things look like
STAYS, GOES, COMES, CHANGES = range(4)
FATES = (0.88, 0.05, 0.05, 0.02)
SEEN = 0.9  # of the things of a view


@dataclass(frozen=True)
class Scene:
    """The things of a pair; row i of every field is thing i."""

    boxes: Boxes
    labels: np.ndarray
    fates: np.ndarray
    looks: Embeddings


def drawn_pair(seed: int, things: int) -> tuple[ObjectEvidence, LabelSets]:
    """The evidence of a pair, and its true words.

    Args:
        seed: The same one draws the same pair.
        things: Of the place; a view shows about as many objects.
    """
    rng = np.random.default_rng([seed, things])
    scene = _scene(rng, rng.poisson(things))
    heat = _heat(rng, scene)
    (before, looks), (after, others) = (_seen(rng, scene, heat, one) for one in (COMES, GOES))
    words = [_words(scene, fate) for fate in (COMES, GOES, CHANGES)]
    gates = np.array([0.75 if one else 0.25 for one in words]) + rng.uniform(-0.25, 0.25, 3)
    said = [[0.6 if word in one else 0.1 for word in WORDS] for one in words]
    labels = np.array(said) + rng.uniform(-0.1, 0.3, (3, len(WORDS)))
    whole = WholePair(gates.astype(np.float32), labels.clip(0, 1).astype(np.float32), WORDS)
    return ObjectEvidence(before, after, looks @ others.T, whole), LabelSets(*words)


def _scene(rng: np.random.Generator, count: int) -> Scene:
    sides = np.exp(rng.uniform(np.log(6), np.log(40), (count, 2)))
    start = rng.uniform(0, 1, (count, 2)) * (np.array(SIZE[::-1]) - sides)
    boxes = np.concatenate([start, start + sides], axis=1).astype(np.float32)
    labels = rng.choice(len(WORDS), count, p=RATES)
    return Scene(
        boxes, labels, rng.choice(4, count, p=FATES), _unit(rng.standard_normal((count, WIDTH)))
    )


def _heat(rng: np.random.Generator, scene: Scene) -> np.ndarray:
    """Of each kind at each pixel: hot where things changed, and in a place without reason."""
    heat = np.zeros((3, *SIZE), np.float32)
    for box, fate in zip(scene.boxes.astype(int).tolist(), scene.fates.tolist(), strict=True):
        if fate != STAYS:
            kind = (COMES, GOES, CHANGES).index(fate)
            heat[kind, box[1] : box[3] + 1, box[0] : box[2] + 1] = rng.uniform(0.4, 1)
    x, y = rng.integers(0, SIZE[1] - 20), rng.integers(0, SIZE[0] - 20)
    heat[rng.integers(3), y : y + 20, x : x + 20] = rng.uniform(0, 0.9)
    smooth = [cv2.GaussianBlur(one, (0, 0), 2) for one in heat]
    noise = rng.uniform(0, 0.05, heat.shape)
    return (np.stack(smooth) + noise).clip(0, 1).astype(np.float32)


def _seen(
    rng: np.random.Generator, scene: Scene, heat: np.ndarray, absent: int
) -> tuple[SeenObjects, Embeddings]:
    """What detectors see of one view, things that are not there among it, best first; its looks."""
    shown = np.flatnonzero((scene.fates != absent) & (rng.random(len(scene.boxes)) < SEEN))
    ghosts = _scene(rng, rng.poisson(len(scene.boxes) / 8))
    boxes = np.concatenate([scene.boxes[shown], ghosts.boxes])
    boxes = clip((boxes + rng.normal(0, 0.7, boxes.shape)).astype(np.float32), SIZE)
    sure = [rng.beta(4, 2, len(shown)), rng.beta(1.5, 5, len(ghosts.boxes))]
    scores = np.concatenate(sure).clip(0.05, 0.99).astype(np.float32)
    looks = np.concatenate([scene.looks[shown], ghosts.looks])
    other = (scene.fates[shown] == CHANGES) & (absent == GOES)
    shaken = np.concatenate([np.where(other, 3.0, 0.4), np.zeros(len(ghosts.boxes))])
    looks = _unit(looks + shaken[:, None] * _unit(rng.standard_normal(looks.shape)))
    labels = np.concatenate([scene.labels[shown], ghosts.labels])
    order = np.argsort(-scores, kind="stable")
    boxes = boxes[order]
    found = Detections(boxes, scores[order], tuple(WORDS[i] for i in labels[order]))
    shares = shares_in_boxes(heat, boxes, HEAT_LEVELS)
    return SeenObjects(found, shares, heat_in_boxes(heat, boxes)), looks[order]


def _words(scene: Scene, fate: int) -> tuple[str, ...]:
    return tuple(WORDS[i] for i in np.unique(scene.labels[scene.fates == fate]))


def _unit(vectors: np.ndarray) -> Embeddings:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / lengths, np.float32)


def drawn_view(rng: np.random.Generator, count: int, words: Sequence[str]) -> SeenObjects:
    """A view of exactly so many objects, anywhere, of any of some words."""
    corners, sides = rng.uniform(0, 600, (count, 2)), rng.uniform(20, 120, (count, 2))
    boxes = np.concatenate([corners, corners + sides], axis=1).astype(np.float32)
    scores = rng.uniform(0.1, 1, count).astype(np.float32)
    labels = tuple(words[i] for i in rng.integers(0, len(words), count))
    none = np.zeros((count, 0), np.float32)
    return SeenObjects(Detections(boxes, scores, labels), none, none)
