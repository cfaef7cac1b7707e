"""Whether pairs whose hashes agree are alike to the eye, place by place.

A hash of 64 bits sees the scene and no small change, and pairs of one camera differ in nothing
else. So what hashes take for a repeat is looked at again as small pictures: it is one if no place
of it differs clearly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import UInt8

from spotdiff.stages.pair_deduplication import Repeats

MOST = 512  # pairs of one group that stay and are looked at

SmallPair: TypeAlias = UInt8[np.ndarray, "2 h w 3"]


def unlike(one: UInt8[np.ndarray, "*n h w 3"], other: UInt8[np.ndarray, "*n h w 3"]) -> np.ndarray:
    """The clearest difference between small pictures, in levels of a channel.

    Example:
        >>> dark, spot = np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2, 3), np.uint8)
        >>> spot[1, 0, 2] = 200
        >>> int(unlike(dark, spot)), int(unlike(dark, dark))
        (200, 0)
    """
    return np.asarray((np.maximum(one, other) - np.minimum(one, other)).max(axis=(-3, -2, -1)))


def confirmed(found: Repeats, views: Mapping[int, SmallPair], max_difference: int) -> Repeats:
    """The repeats that are seen to be ones.

    Pairs that hashes bring to one earlier pair are a group. In its order each is compared with
    those of it that stay (the first 512), and repeats the earliest that it is like, in the way in
    which it is most like it.

    Args:
        found: What hashes say.
        views: Before and after by pair; one without them repeats none.
        max_difference: Levels by which a place may differ.

    Returns:
        The same with other earlier pairs and relations; distances are left to be counted.
    """
    earlier, relation = np.full_like(found.earlier, -1), np.full_like(found.relation, -1)
    groups: dict[int, list[int]] = defaultdict(list)
    for row in np.flatnonzero(found.earlier >= 0).tolist():
        groups[int(found.earlier[row])].append(row)
    for leader, followers in groups.items():
        rows = [row for row in (leader, *followers) if row in views]
        for row, other, way in _of_group(rows, views, max_difference):
            earlier[row], relation[row] = other, way
    return Repeats(earlier, relation, np.zeros_like(found.distances))


def _of_group(
    rows: Sequence[int], views: Mapping[int, SmallPair], most: int
) -> list[tuple[int, int, int]]:
    """Of each pair of a group that repeats one: itself, that one, in which way."""
    found: list[tuple[int, int, int]] = []
    kept: list[int] = []
    held = np.stack([views[row] for row in rows[:MOST]]) if rows else np.zeros((0, 2, 1, 1, 3))
    for row in rows:
        own = views[row]
        # what is done to one of two pictures may as well be done to the other
        ways = np.stack([own, own[::-1], own[:, :, ::-1], own[::-1, :, ::-1]])
        apart = unlike(ways[None], held[: len(kept)][:, None]).max(axis=2)  # kept x ways
        like = np.flatnonzero(apart.min(axis=1) <= most)
        if len(like):
            found.append((row, kept[like[0]], int(apart[like[0]].argmin())))
        elif len(kept) < MOST:
            held[len(kept)] = own
            kept.append(row)
    return found
