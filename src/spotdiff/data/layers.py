"""Scenes of layers: what each view shows, which layer owns each pixel, and the truth of it.

A scene lives on a canvas; each view is the canvas seen through a `Frame` (a small affine map and a
crop). A pixel belongs to the topmost layer whose alpha exceeds one half there; the truth follows
from ownership, so that what is hidden is neither boxed nor marked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from spotdiff.types import IGNORE, Box, ChangeKind, Image, LabelSets, Mask, TrueChange, Truth

SOLID = 127
SMALL = 144


@dataclass(frozen=True, slots=True)
class Sprite:
    """A thing at its final size, its upper corner at (x, y) of the canvas.

    Attributes:
        opacity: How much of the ground it hides where its alpha is 255, in (0, 1].
        shadow: What it throws onto what lies below; owns no pixels.
    """

    image: Image
    alpha: Mask
    x: int
    y: int
    opacity: float = 1.0
    shadow: Sprite | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """One thing and where each view shows it; without a kind it is there in both, unchanged."""

    kind: ChangeKind | None
    label: str | None
    before: Sprite | None
    after: Sprite | None
    moves: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a view looks at the canvas: `matrix` (2, 3) maps canvas to view, None only crops.

    Attributes:
        size: Height and width of the view.
        margin: Canvas pixels on each side that a view without a matrix leaves out.
    """

    size: tuple[int, int]
    margin: int = 0
    matrix: np.ndarray | None = None

    def image(self, canvas: np.ndarray) -> np.ndarray:
        """The canvas as this view sees it, sampled linearly."""
        return self._seen(canvas, cv2.INTER_LINEAR)

    def owners(self, canvas: Mask) -> Mask:
        """The numbers of a canvas as this view sees them, never mixed."""
        return self._seen(canvas, cv2.INTER_NEAREST)

    def _seen(self, canvas: np.ndarray, how: int) -> np.ndarray:
        height, width = self.size
        if self.matrix is None:
            rows = slice(self.margin, self.margin + height)
            return canvas[rows, self.margin : self.margin + width].copy()
        edge = cv2.BORDER_REFLECT_101
        return cv2.warpAffine(canvas, self.matrix, (width, height), flags=how, borderMode=edge)


@dataclass(frozen=True, slots=True)
class Entry:
    """A change of a composition; number i owns the pixels that hold i + 1."""

    kind: ChangeKind | None
    label: str | None
    moves: bool = False
    visible: bool = True


@dataclass(frozen=True, slots=True)
class Composition:
    """Both views on the canvas, and who owns each pixel of them."""

    before: np.ndarray
    after: np.ndarray
    owners_before: Mask
    owners_after: Mask
    entries: tuple[Entry, ...]


def compose(ground: Image, layers: Sequence[Layer], min_contrast: float) -> Composition:
    """Both views of a ground with layers on it, lowest first.

    A change whose pixels differ by less than `min_contrast` grey levels on average is marked as
    invisible; one smaller than `SMALL` px needs more, by the root of how much smaller it is, as
    an eye does that must tell it from grain.
    """
    before, after = ground.copy(), ground.copy()
    for layer in layers:
        paste(before, layer.before)
        paste(after, layer.after)
    owners = owned(layers, ground.shape[:2])
    red, green, blue = cv2.split(cv2.absdiff(before, after))
    difference = cv2.max(cv2.max(red, green), blue)
    entries = tuple(
        Entry(
            layer.kind,
            layer.label,
            layer.moves,
            layer.kind is None or _stands_out(difference, owners, number, min_contrast),
        )
        for number, layer in enumerate(layers, 1)
    )
    return Composition(before, after, *owners, entries)


def settled(layers: Sequence[Layer], size: tuple[int, int], min_visible: int) -> list[Layer]:
    """The layers without the changes that later ones hide down to fewer than `min_visible` px."""
    kept = list(layers)
    while True:
        before, after = (_counts(o, len(kept)) for o in owned(kept, size))
        seen = [
            layer
            for number, layer in enumerate(kept, 1)
            if layer.kind is None
            or all(
                sprite is None or counts[number] >= min_visible
                for sprite, counts in ((layer.before, before), (layer.after, after))
            )
        ]
        if len(seen) == len(kept):
            return kept
        kept = seen


def owned(layers: Sequence[Layer], size: tuple[int, ...]) -> tuple[Mask, Mask]:
    """For each view, the number of the layer that owns each pixel; 0 is the ground."""
    before, after = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
    for number, layer in enumerate(layers, 1):
        for owners, sprite in ((before, layer.before), (after, layer.after)):
            if sprite is not None:
                there, piece = _overlap(size, sprite)
                owners[there][sprite.alpha[piece] > SOLID] = number
    return before, after


def paste(canvas: Image, sprite: Sprite | None) -> None:
    """Blends a sprite and its shadow into the canvas, which changes."""
    if sprite is None:
        return
    paste(canvas, sprite.shadow)
    there, piece = _overlap(canvas.shape[:2], sprite)
    target = canvas[there]
    if target.size:
        weight = sprite.alpha[piece].astype(np.float32) * (sprite.opacity / 255)
        target[:] = cv2.blendLinear(
            np.ascontiguousarray(sprite.image[piece]), target.copy(), weight, 1 - weight
        )


def truth(composition: Composition, before: Frame, after: Frame, min_visible: int) -> Truth:
    """What changed, with boxes in each view's own pixels and the mask in those of the after view.

    A change of which a view that should show it has fewer than `min_visible` pixels, or whose
    contrast is too low, is marked as `IGNORE`, has no box and gives no word.
    """
    mask = np.zeros(composition.owners_after.shape, np.uint8)
    seen = (before.owners(composition.owners_before), after.owners(composition.owners_after))
    changes = []
    for number, entry in enumerate(composition.entries, 1):
        if entry.kind is None:
            continue
        boxes = [box_of(owners == number, min_visible) for owners in seen]
        change = TrueChange(entry.kind, entry.label, boxes[0], boxes[1])
        visible = entry.visible and _complete(change)
        if visible:
            changes.append(change)
        _mark(mask, composition, number, entry if visible else replace(entry, visible=False))
    return Truth(words(changes), tuple(changes), after.owners(mask))


def words(changes: Sequence[TrueChange]) -> LabelSets:
    """The labels of the changes by kind; those without a label are left out."""
    by_kind = {
        kind: tuple(c.label for c in changes if c.kind is kind and c.label is not None)
        for kind in ChangeKind
    }
    return LabelSets(*(by_kind[kind] for kind in ChangeKind))


def box_of(region: np.ndarray, min_visible: int = 1) -> Box | None:
    """The tight box of the true pixels, (x1, y1) exclusive; None if fewer than `min_visible`."""
    pixels = region.astype(np.uint8)
    if cv2.countNonZero(pixels) < min_visible:
        return None
    x, y, width, height = cv2.boundingRect(pixels)
    return (float(x), float(y), float(x + width), float(y + height))


def _complete(change: TrueChange) -> bool:
    wants_before = change.kind is not ChangeKind.ADDED
    wants_after = change.kind is not ChangeKind.REMOVED
    return (change.box_before is not None) == wants_before and (
        change.box_after is not None
    ) == wants_after


def _mark(mask: Mask, composition: Composition, number: int, entry: Entry) -> None:
    gone = composition.owners_before == number
    come = composition.owners_after == number
    if not entry.visible:
        mask[gone | come] |= IGNORE
    elif entry.moves:
        mask[gone & ~come] |= ChangeKind.REMOVED.bit
        mask[come & ~gone] |= ChangeKind.ADDED.bit
        mask[gone & come] |= ChangeKind.CHANGED.bit
    elif entry.kind is not None:
        mask[gone | come] |= entry.kind.bit


def _stands_out(
    difference: Mask, owners: tuple[Mask, Mask], number: int, min_contrast: float
) -> bool:
    region = ((owners[0] == number) | (owners[1] == number)).astype(np.uint8)
    smallness = max(1.0, SMALL / max(1, cv2.countNonZero(region)))
    return bool(cv2.mean(difference, region)[0] >= min_contrast * smallness**0.5)


def _counts(owners: Mask, layers: int) -> np.ndarray:
    return cv2.calcHist([owners], [0], None, [layers + 1], [0, layers + 1]).ravel()


def _overlap(size: tuple[int, ...], sprite: Sprite) -> tuple[tuple[slice, slice], ...]:
    """The part of the canvas that a sprite covers, and the part of the sprite that covers it."""
    height, width = sprite.alpha.shape
    x0, y0 = max(0, sprite.x), max(0, sprite.y)
    x1 = max(x0, min(size[1], sprite.x + width))
    y1 = max(y0, min(size[0], sprite.y + height))
    there = (slice(y0, y1), slice(x0, x1))
    return there, (
        slice(y0 - sprite.y, y1 - sprite.y),
        slice(x0 - sprite.x, x1 - sprite.x),
    )
