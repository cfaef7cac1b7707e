"""Evidence of random numbers and awkward words."""

from __future__ import annotations

import numpy as np

from spotdiff.types import ChangeMap, Detections, ObjectEvidence, SeenObjects, WholePair

WORDS = ("cup", "street lamp", "Straßenlaterne", "猫", "", "a, b; 'c'\n\t\x00")


def detections(rng, count, labelled=True):
    corners = rng.uniform(-9, 300, (count, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(0, 90, (count, 2))], axis=1)
    labels = tuple(str(word) for word in rng.choice(WORDS, count)) if labelled else ()
    return Detections(boxes.astype(np.float32), rng.random(count, np.float32), labels)


def vectors(rng, count, width):
    """Unit vectors, or rows without columns."""
    drawn = rng.normal(size=(count, width)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True) if width else drawn


def objects(rng, count, levels=20, kinds=3):
    return SeenObjects(
        detections(rng, count),
        rng.random((count, levels), np.float32),
        rng.random((count, kinds), np.float32),
    )


def evidence(rng, before=3, after=2, whole=True, compared=True):
    said = None
    if whole:
        said = WholePair(rng.random(3, np.float32), rng.random((3, 2), np.float32), WORDS[1:3])
    cosines = rng.uniform(-1, 1, (before, after)).astype(np.float32) if compared else None
    return ObjectEvidence(objects(rng, before), objects(rng, after), cosines, said)


def change_map(rng, height=12, width=20, words=6):
    return ChangeMap(
        rng.random((3, height, width), np.float32),
        rng.random(3, np.float32),
        rng.random((3, words), np.float32),
        rng.random((words, 3, 5), np.float32),
        rng.random((words, 2, 4), np.float32),
        WORDS[:words],
    )


def assert_equal(one, other):
    """Of two values of one class: every number and word is the same, and so are the types."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    elif hasattr(one, "__dataclass_fields__"):
        for name in one.__dataclass_fields__:
            assert_equal(getattr(one, name), getattr(other, name))
    else:
        assert one == other
