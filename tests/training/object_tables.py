"""Stored evidence of many pairs, with their words: drawn at random, or with something planted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spotdiff.labels import Meanings, Synonyms
from spotdiff.training.object_scores import LabelledEvidence
from spotdiff.types import (
    HEAT_LEVELS,
    Detections,
    LabelSets,
    ObjectEvidence,
    SeenObjects,
    WholePair,
)

MEANINGS = Meanings(Synonyms(), {"car": "vehicle", "truck": "vehicle"})
LOOK = (0.0, 1.0)
LABELS = ("car", "cone", "truck")
PLACES = ((0, 0, 20, 20), (30, 0, 50, 20), (60, 0, 80, 20), (0, 30, 20, 50), (30, 30, 50, 50))


def seen(*objects: tuple, heat: float | None = None) -> SeenObjects:
    """Objects as (label, place, score) or (label, place, score, heat), by the number of a place.

    With a heat of its own, or that of all, everywhere in the box of an object.
    """
    boxes = np.array([PLACES[o[1]] for o in objects], np.float32).reshape(-1, 4)
    scores = np.array([o[2] for o in objects], np.float32)
    none = np.zeros((len(objects), 0), np.float32)
    found = Detections(boxes, scores, tuple(o[0] for o in objects))
    hot = [o[3] if len(o) > 3 else heat for o in objects]
    if not hot or hot[0] is None:
        return SeenObjects(found, none, none)
    shares = np.array([[float(h >= level) for level in HEAT_LEVELS] for h in hot], np.float32)
    return SeenObjects(found, shares, np.array([[h, h / 2, 0] for h in hot], np.float32))


def labelled(
    evidence: Sequence[ObjectEvidence | None],
    truth: Sequence[LabelSets],
    known_words: Sequence[str] = (),
) -> LabelledEvidence:
    """A table of pairs `p0`, `p1`, …"""
    names = tuple(f"p{i}" for i in range(len(evidence)))
    return LabelledEvidence(
        names, tuple(evidence), tuple(truth), LOOK, MEANINGS.group, tuple(known_words)
    )


def random_table(
    rng: np.random.Generator,
    pairs: int,
    *,
    heat: bool = True,
    looks: bool = True,
    holes: bool = True,
) -> LabelledEvidence:
    """Anything that models may say of pairs; with `holes`, of failed and of equal ones too."""
    found: list[ObjectEvidence | None] = []
    for _ in range(pairs):
        draw = rng.uniform()
        if holes and draw < 0.15:
            found.append(None)
            continue
        views = [_random_view(rng, heat=heat) for _ in range(2)]
        cosines = rng.uniform(0, 1, (len(views[0]), len(views[1]))).astype(np.float32)
        whole = WholePair(
            rng.uniform(0, 1, 3).astype(np.float32),
            rng.uniform(0, 1, (3, 2)).astype(np.float32),
            ("car", "person"),
        )
        found.append(
            ObjectEvidence(
                *views,
                cosines if looks else None,
                whole if heat else None,
                identical=holes and draw > 0.9,
            )
        )
    return labelled(found, [_random_words(rng) for _ in range(pairs)])


def planted_table(pairs: int = 24, low: float = 0.5, high: float = 0.7) -> LabelledEvidence:
    """Pairs where cars that came score `high`, and cones that never came score `low`."""
    evidence, truth = [], []
    for i in range(pairs):
        came = [("car", i % 5, high)] if i % 2 else []
        evidence.append(ObjectEvidence(seen(), seen(*came, ("cone", (i + 1) % 5, low))))
        truth.append(LabelSets(added=("car",) if came else ()))
    return labelled(evidence, truth)


def _random_view(rng: np.random.Generator, *, heat: bool) -> SeenObjects:
    count = int(rng.integers(0, 5))
    corners = rng.uniform(0, 60, (count, 2))
    near = rng.uniform(size=count) < 0.6  # so that many overlap
    corners[near] = np.array([PLACES[i][:2] for i in rng.integers(0, 3, near.sum())]).reshape(-1, 2)
    boxes = np.concatenate([corners, corners + rng.uniform(10, 30, (count, 2))], axis=1)
    labels = tuple(LABELS[i] for i in rng.integers(0, 3, count))
    levels = len(HEAT_LEVELS)
    shares = -np.sort(-rng.uniform(0, 1, (count, levels)), axis=1)
    kinds = rng.uniform(0, 1, (count, 3))
    return SeenObjects(
        Detections(boxes.astype(np.float32), rng.uniform(0, 1, count).astype(np.float32), labels),
        (shares if heat else np.zeros((count, 0))).astype(np.float32),
        (kinds if heat else np.zeros((count, 0))).astype(np.float32),
    )


def _random_words(rng: np.random.Generator) -> LabelSets:
    known = (*LABELS, "person")
    sets = (tuple(known[i] for i in rng.integers(0, 4, rng.integers(0, 3))) for _ in range(3))
    return LabelSets(*sets)
