"""From heat to regions: connected areas of a change map, each with a box, a score and a kind.

A pixel is changed where the probability of any change reaches `min_heat`. Which kind it is, is read
from slightly blurred maps, so that speckle does not tear an object apart; connected pixels (8
neighbours) of one kind are a region. Every step treats added and removed alike, so exchanging their
maps exchanges the kinds of the regions and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Int32, Int64, Shaped

from spotdiff.types import Boxes, ChangeKind, Scores

UNTYPED = -1  # the kind of a region when nothing is known of kinds
Heat = Float32[np.ndarray, "3 h w"]
Ids = Int32[np.ndarray, "h w"]
_ADDED, _REMOVED, _CHANGED = (
    list(ChangeKind).index(kind)
    for kind in (ChangeKind.ADDED, ChangeKind.REMOVED, ChangeKind.CHANGED)
)


@dataclass(frozen=True, slots=True)
class Regions:
    """Connected areas in reading order of their first pixels; row i of every field is region i.

    Attributes:
        boxes: Tight boxes in pixels of the heatmap.
        areas: How many pixels belong to each.
        scores: Mean heat of the hotter half of its pixels, in [0, 1].
        kinds: Position in `ChangeKind`, or `UNTYPED`.
    """

    boxes: Boxes
    areas: Int64[np.ndarray, " n"]
    scores: Scores
    kinds: Int64[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.boxes)

    def __getitem__(self, keep: Shaped[np.ndarray, " k"]) -> Regions:
        return Regions(self.boxes[keep], self.areas[keep], self.scores[keep], self.kinds[keep])


_NOTHING = Regions(
    np.zeros((0, 4), np.float32), np.zeros(0, int), np.zeros(0, np.float32), np.zeros(0, int)
)


def any_kind(heat: Heat) -> Float32[np.ndarray, "h w"]:
    """The probability of any change at each pixel, 1 - Π (1 - p) over the kinds.

    Where a network sees a change but wavers between kinds, none of them is likely and this is.

    Example:
        >>> any_kind(np.float32([[[0.5]], [[0.5]], [[0.0]]]))
        array([[0.75]], dtype=float32)
    """
    return np.asarray(1 - (1 - heat).prod(axis=0), np.float32)


def components(
    heat: Heat,
    min_heat: float,
    min_area: int,
    min_peak: float | None = None,
    max_fragment: float = 0.2,
    min_part: int = 400,
    blur: float = 1.5,
) -> Regions:
    """The regions of a heatmap with one channel a kind.

    Args:
        heat: Probability of each kind at each pixel.
        min_heat: A pixel at or above it is changed.
        min_area: Regions have at least this many pixels.
        min_peak: Regions have at least one pixel this hot; None asks for no more than `min_heat`.
        max_fragment: A region that touches one of another kind joins it when its area is a smaller
            share of that area than this.
        min_part: So does one with fewer pixels than this that is smaller than its neighbour: a spot
            is one thing, whatever its parts look like.
        blur: Standard deviation in pixels of the blur that decides the kind.

    Example:
        >>> heat = np.zeros((3, 4, 6), np.float32)
        >>> heat[0, 1:3, 2:5] = [[0.9, 0.7, 0.5], [0.6, 0.5, 0.2]]
        >>> found = components(heat, min_heat=0.5, min_area=4)
        >>> found.boxes, found.areas, found.kinds
        (array([[2., 1., 5., 3.]], dtype=float32), array([5]), array([0]))
        >>> found.scores.round(2)  # of the hotter half: 0.9, 0.7, 0.6
        array([0.73], dtype=float32)
    """
    hot = any_kind(heat)
    changed = hot >= min_heat
    if not changed.any():
        return _NOTHING
    ids, kinds = _label(changed, _kind_map(heat, blur))
    warmth = np.bincount(ids[changed], hot[changed], len(kinds)).round(6)
    parents = _parents(ids, warmth, max_fragment, min_part)
    roots, members = np.unique(parents, return_inverse=True)
    found, peaks = _measure(changed, members[ids[changed]], hot, kinds[roots])
    return found[
        (found.areas >= min_area) & (peaks >= (min_heat if min_peak is None else min_peak))
    ]


def untyped_components(
    heat: Float32[np.ndarray, "h w"], min_heat: float, min_area: int, min_peak: float | None = None
) -> Regions:
    """The regions of a heatmap that says nothing of kinds; see `components`.

    Example:
        >>> untyped_components(np.float32([[0.9, 0, 0.6], [0, 0, 0.8]]), 0.5, min_area=2).boxes
        array([[2., 0., 3., 2.]], dtype=float32)
    """
    changed = heat >= min_heat
    if not changed.any():
        return _NOTHING
    ids, kinds = _label(changed, np.full(heat.shape, UNTYPED, np.int32))
    found, peaks = _measure(changed, ids[changed], heat, kinds)
    return found[
        (found.areas >= min_area) & (peaks >= (min_heat if min_peak is None else min_peak))
    ]


def mean_in_boxes(
    maps: Float32[np.ndarray, "v gh gw"], boxes: Boxes, size: tuple[int, int]
) -> Float32[np.ndarray, "n v"]:
    """The mean of coarse maps inside every box, cells weighted by how much of them it covers.

    Args:
        maps: Grids whose cells cover an image of `size` (h, w) evenly.
        boxes: In pixels of that image; one that covers nothing of it gets zeros.
        size: Height and width of the image.

    Example:
        >>> mean_in_boxes(np.float32([[[0, 1]]]), np.float32([[2, 0, 6, 8], [5, 1, 6, 2]]), (8, 8))
        array([[0.5],
               [1. ]], dtype=float32)
    """
    rows = _coverage(boxes[:, [1, 3]], size[0], maps.shape[1])
    columns = _coverage(boxes[:, [0, 2]], size[1], maps.shape[2])
    means = np.einsum("nvx,nx->nv", np.einsum("vyx,ny->nvx", maps, rows), columns)
    return np.asarray(means, np.float32)


def _coverage(
    spans: Float32[np.ndarray, "n 2"], length: int, cells: int
) -> Float32[np.ndarray, "n cells"]:
    """Which share of every span lies in every cell of a line of `length` pixels."""
    edges = np.linspace(0, length, cells + 1, dtype=np.float32)
    shared = np.minimum(spans[:, 1:], edges[1:]) - np.maximum(spans[:, :1], edges[:-1])
    shared = shared.clip(min=0)
    total = shared.sum(axis=1, keepdims=True)
    return np.asarray(shared / np.where(total > 0, total, 1))


def _kind_map(heat: Heat, blur: float) -> Ids:
    """The kind at each pixel; whoever ties is `CHANGED`, which favours neither view."""
    added, removed, changed = (cv2.GaussianBlur(one, (0, 0), blur) for one in heat)
    kinds = np.full(heat.shape[1:], _CHANGED, np.int32)
    kinds[(added > removed) & (added > changed)] = _ADDED
    kinds[(removed > added) & (removed > changed)] = _REMOVED
    return kinds


def _label(changed: Bool[np.ndarray, "h w"], kinds: Ids) -> tuple[Ids, Int64[np.ndarray, " n"]]:
    """Numbers the regions in reading order; -1 is no region. Also the kind of each region."""
    ids = np.full(changed.shape, -1, np.int32)
    count = 0
    for kind in np.flatnonzero(np.bincount(kinds[changed] - UNTYPED)) + UNTYPED:
        here = changed & (kinds == kind)
        found, labels = cv2.connectedComponents(here.view(np.uint8), connectivity=8)
        ids[here] = labels[here] + (count - 1)
        count += found - 1
    first = _first_positions(ids[changed], count)
    # Numbers must not depend on which kind was labelled first, or ties would favour one view.
    order = first.argsort()
    ids[changed] = order.argsort()[ids[changed]]
    return ids, kinds[changed][first[order]].astype(np.int64)


def _first_positions(ids: Shaped[np.ndarray, " k"], count: int) -> Int64[np.ndarray, " n"]:
    """Where each id comes first: they are written backwards, so the first is written last."""
    first = np.zeros(count, np.int64)
    first[ids[::-1]] = np.arange(len(ids))[::-1]
    return first


def _parents(
    ids: Ids, warmth: Shaped[np.ndarray, " n"], max_fragment: float, min_part: int
) -> Int64[np.ndarray, " n"]:
    """For every region the one that it belongs to in the end, mostly itself.

    `warmth` is the sum of the heat of each region.
    """
    parents = np.arange(len(warmth))
    if len(parents) < 2:
        return parents
    small, large = _touching(ids)
    areas = np.bincount(ids[ids >= 0], minlength=len(parents))
    bound = np.where(areas[small] < min_part, 1.0, max_fragment)
    joins = areas[small] < bound * areas[large]
    small, large = small[joins], large[joins]
    # Last written wins: the largest neighbour, of equally large ones the warmest, so that it does
    # not matter from which side a picture is read, and the first where nothing tells them apart.
    order = np.lexsort((-large, warmth[large], areas[large]))
    parents[small[order]] = large[order]
    while (parents != parents[parents]).any():
        parents = parents[parents]
    return parents


def _touching(ids: Ids) -> tuple[Int64[np.ndarray, " t"], Int64[np.ndarray, " t"]]:
    """All ordered pairs of different regions with pixels side by side or corner to corner."""
    below, right = ids[1:], ids[:, 1:]
    neighbours = (
        (ids[:-1], below),
        (ids[:, :-1], right),
        (ids[:-1, :-1], below[:, 1:]),
        (ids[:-1, 1:], below[:, :-1]),
    )
    count = int(ids.max()) + 1
    found = []
    for one, other in neighbours:
        touch = (one != other) & (np.minimum(one, other) >= 0)
        found.append(one[touch].astype(np.int64) * count + other[touch])
    first, second = np.divmod(np.unique(np.concatenate(found)), count)
    return np.concatenate([first, second]), np.concatenate([second, first])


def _measure(
    changed: Bool[np.ndarray, "h w"],
    ids: Int64[np.ndarray, " k"],
    heat: Float32[np.ndarray, "h w"],
    kinds: Int64[np.ndarray, " n"],
) -> tuple[Regions, Scores]:
    """The regions, and the hottest pixel of each; `ids` are those of the changed pixels."""
    # One sort for both: by region, and inside a region the hottest first.
    order = np.argsort(ids - heat[changed].astype(np.float64) / 2)
    rows, columns = (axis[order] for axis in np.nonzero(changed))
    hottest_first = heat[changed][order]
    areas = np.bincount(ids, minlength=len(kinds))
    starts = np.cumsum(areas) - areas
    corners = [
        np.minimum.reduceat(columns, starts),
        np.minimum.reduceat(rows, starts),
        np.maximum.reduceat(columns, starts) + 1,
        np.maximum.reduceat(rows, starts) + 1,
    ]
    half = (areas + 1) // 2
    in_half = np.arange(len(ids)) < np.repeat(starts + half, areas)
    scores = np.add.reduceat(np.where(in_half, hottest_first, 0), starts, dtype=np.float64) / half
    boxes, scores = np.stack(corners, axis=1).astype(np.float32), scores.clip(0, 1)
    found = Regions(boxes, areas, scores.astype(np.float32), kinds)
    reading_order = _first_positions(ids, len(kinds)).argsort()
    return found[reading_order], hottest_first[starts][reading_order]
