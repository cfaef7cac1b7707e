"""The published procedure step by step, every filter on every region: what the stage must equal."""

from __future__ import annotations

import numpy as np

from spotdiff.ops.nouns import differing, operator_nouns
from spotdiff.stages.area_rules import AreaRules
from tests.stages.area_parts import DEGREES, ByHash, crop


def cosine(before, after) -> np.float32:
    if np.array_equal(before, after):
        return np.float32(1)
    step = (before.mean() - after.mean()) * DEGREES
    return np.float32(np.cos(np.radians(step)))


def inside(value, low, high, closed):
    return low <= value <= high if closed else low < value < high


def one_more(box) -> float:
    return max(0.0, box[2] - box[0] + 1) * max(0.0, box[3] - box[1] + 1)


def overlap(one, other) -> float:
    shared = [max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2])]
    shared.append(min(one[3], other[3]))
    common = one_more(shared) if shared[2] >= shared[0] - 1 and shared[3] >= shared[1] - 1 else 0
    return common / (one_more(one) + one_more(other) - common)


def eager(pair, rules: AreaRules, regions, matcher, tagger):
    """Boxes, sides and scores in order; an empty list is nothing."""
    whole = cosine(pair.before, pair.after)
    if not inside(whole, rules.min_similarity, rules.max_similarity, rules.closed):
        return []
    nouns = None
    if matcher is not None and pair.captions:
        words = rules.nouns == "words"
        both = operator_nouns(*pair.captions, tagger) if words else None
        nouns = both if words else differing(*tagger(pair.captions))
    boxes = dict.fromkeys(tuple(map(float, box)) for some in regions for box in some)
    found = [(box, shown(pair, box, nouns, rules), alike(pair, box)) for box in boxes]
    good = [(box, sides, s) for box, sides, s in found if passes(pair, box, sides, s, rules)]
    if rules.order == "difference":
        good.sort(key=lambda one: (one[2], one[0]))
    kept = []
    for one in good:
        if all(overlap(one[0], other[0]) <= rules.max_overlap for other in kept):
            kept.append(one)
    return kept[: rules.max_areas]


def alike(pair, box) -> float:
    return float(cosine(crop(pair.before, box), crop(pair.after, box)))


def shown(pair, box, nouns, rules) -> tuple[bool, bool]:
    if nouns is None:
        return (True, True)
    before, after = (
        any(
            inside(np.float32(ByHash.score(view, noun)), rules.min_match, 9, rules.closed)
            for noun in side
        )
        for view, side in zip((crop(pair.before, box), crop(pair.after, box)), nouns, strict=True)
    )
    return before, after


def passes(pair, box, sides, similarity, rules) -> bool:
    share = (box[2] - box[0]) * (box[3] - box[1]) / (pair.before.shape[0] * pair.before.shape[1])
    limits = (rules.min_region_similarity, rules.max_region_similarity, rules.closed)
    return (
        (all(sides) if rules.sides == "both" else any(sides))
        and inside(np.float32(similarity), *limits)
        and rules.min_area <= share <= rules.max_area
    )
