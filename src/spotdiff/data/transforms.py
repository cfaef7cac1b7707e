"""Augmentation of pairs: one geometric draw for both views, one photometric draw for each.

Drawing geometry for each view would destroy their correspondence and invent changes; drawing
colour once for both would never teach that light is no change.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # its import asks the network otherwise

import albumentations as A
import cv2
import numpy as np

from spotdiff.ops.frames import resize, scaling
from spotdiff.types import IGNORE, Box, Pair, TrueChange

_JOINT = {"after": "image"}


def geometry(
    size: tuple[int, int], min_scale: float = 0.4, flip: float = 0.5, turn: float = 0.3
) -> A.Compose:
    """Random crop to `size` (h, w), flip and slight affine, alike for both views.

    Args:
        size: Of what comes out, in pixels.
        min_scale: Smallest share of the picture's area that a crop shows.
        flip: Probability of a horizontal flip.
        turn: Probability of a rotation up to 10° with a scale of 0.9 to 1.1.
    """
    return _joint(
        [
            A.RandomResizedCrop(size=size, scale=(min_scale, 1.0), ratio=(0.75, 1.33)),
            A.HorizontalFlip(p=flip),
            A.Affine(scale=(0.9, 1.1), rotate=(-10, 10), fill_mask=IGNORE, p=turn),
        ]
    )


def letterbox(size: tuple[int, int]) -> A.Compose:
    """The whole picture inside `size` (h, w), its aspect kept, the rest grey and ignored."""
    height, width = size
    return _joint(
        [
            A.LongestMaxSize(max_size_hw=(height, width), interpolation=cv2.INTER_AREA),
            A.PadIfNeeded(
                min_height=height,
                min_width=width,
                position="top_left",
                border_mode=cv2.BORDER_CONSTANT,
                fill=128,
                fill_mask=IGNORE,
            ),
        ]
    )


def photometry(strength: float = 1.0) -> A.Compose:
    """Random light, colour, noise, blur and compression; called once per view.

    Args:
        strength: Scales every range; 0 leaves pictures as they are.
    """
    s = strength
    return A.Compose(
        [
            A.ColorJitter(
                brightness=(max(0.0, 1 - 0.25 * s), 1 + 0.25 * s),
                contrast=(max(0.0, 1 - 0.2 * s), 1 + 0.2 * s),
                saturation=(max(0.0, 1 - 0.2 * s), 1 + 0.2 * s),
                hue=(-0.03 * s, 0.03 * s),
                p=0.6 if s else 0.0,
            ),
            A.GaussianBlur(
                blur_limit=(3, 3), sigma_limit=(0.2, 0.3 + 0.7 * s), p=0.2 if s else 0.0
            ),
            A.GaussNoise(std_range=(0.0, 0.03 * s), p=0.3 if s else 0.0),
            A.ImageCompression(quality_range=(int(95 - 45 * min(s, 1)), 95), p=0.3 if s else 0.0),
        ]
    )


@dataclass(frozen=True, slots=True)
class PairTransform:
    """What happens to a pair between disk and batch.

    Args:
        joint: Applied once to both views, the mask and the boxes of both.
        each: Applied to each view by itself, or None.
        swap: Probability that before and after trade places (and added and removed with them).
    """

    joint: A.Compose
    each: A.Compose | None = None
    swap: float = 0.0

    def __call__(self, pair: Pair, seed: int) -> Pair:
        """The pair transformed; the same `seed` draws the same."""
        rng = np.random.default_rng(seed)
        draws = rng.integers(0, 2**31, 3)
        pair = _jointly(self.joint, one_frame(pair), int(draws[0]))
        if self.each is not None:
            before, after = (
                _alone(self.each, view, int(draw))
                for view, draw in zip((pair.before, pair.after), draws[1:], strict=True)
            )
            pair = replace(pair, before=before, after=after)
        return swapped(pair) if rng.random() < self.swap else pair


def swapped(pair: Pair) -> Pair:
    """The pair with before and after, added and removed exchanged."""
    return Pair(pair.pair_id, pair.after, pair.before, pair.truth.swapped())


def one_frame(pair: Pair) -> Pair:
    """The pair with its before view, and the boxes in it, at the size of its after view."""
    target = pair.after.shape[:2]
    if pair.before.shape[:2] == target:
        return pair
    x, y, _ = scaling(pair.before.shape[:2], target).diagonal()
    changes = pair.truth.changes and tuple(
        replace(c, box_before=c.box_before and _scaled(c.box_before, x, y))
        for c in pair.truth.changes
    )
    before = resize(pair.before, target)
    return Pair(pair.pair_id, before, pair.after, replace(pair.truth, changes=changes))


def _scaled(box: Box, x: float, y: float) -> Box:
    return box[0] * x, box[1] * y, box[2] * x, box[3] * y


def _joint(steps: Sequence[A.BasicTransform]) -> A.Compose:
    boxes = A.BboxParams(
        format="pascal_voc", label_fields=["owner", "view"], min_visibility=0.2, clip=True
    )
    return A.Compose(list(steps), additional_targets=_JOINT, bbox_params=boxes)


def _jointly(joint: A.Compose, pair: Pair, seed: int) -> Pair:
    joint.set_random_seed(seed)
    truth = pair.truth
    size = pair.after.shape[:2]
    found = [
        (box, owner, view)
        for owner, change in enumerate(truth.changes or ())
        for view, box in enumerate((change.box_before, change.box_after))
        if box is not None and _shows(box, size)
    ]
    mask = truth.mask if truth.mask is not None else np.zeros(size, np.uint8)
    out = joint(
        image=pair.before,
        after=pair.after,
        mask=mask,
        bboxes=np.array([box for box, _, _ in found], np.float64).reshape(-1, 4),
        owner=[owner for _, owner, _ in found],
        view=[view for _, _, view in found],
    )
    changes = None if truth.changes is None else _regrouped(truth.changes, out)
    transformed = replace(
        truth, changes=changes, mask=truth.mask if truth.mask is None else out["mask"]
    )
    return Pair(pair.pair_id, out["image"], out["after"], transformed)


def _shows(box: Box, size: tuple[int, ...]) -> bool:
    """Whether a box has any area inside a view of `size` (h, w)."""
    x0, y0, x1, y1 = box
    return min(x1, size[1]) > max(x0, 0) and min(y1, size[0]) > max(y0, 0)


def _regrouped(
    changes: tuple[TrueChange, ...], out: Mapping[str, object]
) -> tuple[TrueChange, ...]:
    """The changes with the boxes that survived; one whose boxes are all gone is gone."""
    kept: dict[tuple[int, int], Box] = {}
    for box, owner, view in zip(out["bboxes"], out["owner"], out["view"], strict=True):  # type: ignore[call-overload]
        x0, y0, x1, y1 = (float(v) for v in box)
        kept[int(owner), int(view)] = (x0, y0, x1, y1)
    moved = (
        replace(change, box_before=kept.get((i, 0)), box_after=kept.get((i, 1)))
        for i, change in enumerate(changes)
    )
    return tuple(change for change in moved if change.box_before or change.box_after)


def _alone(each: A.Compose, image: np.ndarray, seed: int) -> np.ndarray:
    each.set_random_seed(seed)
    out: np.ndarray = each(image=image)["image"]
    return out
