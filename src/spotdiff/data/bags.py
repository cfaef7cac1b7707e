"""Bags of regions: what a change map found in each pair, cut out of both views once and kept.

Finding regions costs a pass of the whole network over every pair; naming them costs a small one
over their windows. So regions are found once, and names are trained on the windows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from torch import Tensor
from torch.utils.data import Dataset

from spotdiff.data.sets import read_pair
from spotdiff.models.batch import RegionBatch
from spotdiff.models.regions import cut
from spotdiff.ops.boxes import centres_inside, expand, iou
from spotdiff.ops.heatmap import Regions
from spotdiff.types import ChangeKind, LabelSets, Pair, PairRow, TrueChange, Truth

UNKNOWN = -1
MAX_SHIFT = 4  # pixels of a window in training: a box is not found to the pixel
MIN_OVERLAP = 0.33  # IoU from which on a region shows a true box

Finder = Callable[[Sequence[Pair]], list[Regions]]
Laying = Callable[[Pair], Pair]
Windows = UInt8[np.ndarray, "n 3 s s"]


@dataclass(frozen=True, slots=True)
class Bag:
    """The regions of one pair.

    Attributes:
        pair_id: Of the pair.
        regions: In the frame of the after view.
        before: Their windows in the before view.
        after: The same windows in the after view.
        truth: The boxes and words that are known of the pair.
    """

    pair_id: str
    regions: Regions
    before: Windows
    after: Windows
    truth: Truth


def bag_of(row: PairRow, find: Finder, side: int, lay: Laying | None = None) -> Bag:
    """The bag of a row: its regions, cut to windows of `side` pixels.

    Args:
        row: Names the photographs.
        find: Gives the regions of pairs.
        side: Of a window.
        lay: Lays the before view of a pair onto the after view; None takes it as it lies.

    Raises:
        ImageError: If a photograph is missing or cannot be decoded.
    """
    pair = read_pair(row)
    if lay is not None:
        pair = lay(pair)
    regions = find([pair])[0]
    before, after = (_windows(view, regions, side) for view in (pair.before, pair.after))
    return Bag(pair.pair_id, regions, before, after, Truth(row.labels, row.changes))


def _windows(image: np.ndarray, regions: Regions, side: int) -> Windows:
    pixels = torch.from_numpy(image).permute(2, 0, 1)
    found = cut(pixels, torch.from_numpy(regions.boxes), side)
    return np.asarray(found.round().to(torch.uint8).numpy())


def words_of(truth: Truth) -> tuple[LabelSets, bool]:
    """The word lists of a pair, and whether they tell of kinds.

    Objects without a kind, as defects of a board, give one list for all kinds.
    """
    if truth.labels is not None:
        return truth.labels, True
    changes = truth.changes or ()
    if changes and all(change.kind is None for change in changes):
        words = tuple(sorted({change.label for change in changes if change.label}))
        return LabelSets(words, words, words), False
    by_kind = {
        kind: tuple(sorted({c.label for c in changes if c.kind is kind and c.label}))
        for kind in ChangeKind
    }
    return LabelSets(*(by_kind[kind] for kind in ChangeKind)), True


def targets_of(
    regions: Regions, changes: Sequence[TrueChange], vocabulary: Sequence[str], margin: float
) -> Int64[np.ndarray, " n"]:
    """The label of the true box that each region shows; `len(vocabulary)` where it shows none.

    Args:
        regions: What was found.
        changes: All that is true, with boxes in the frame of the regions.
        vocabulary: The labels; a box with another one makes its regions unknown.
        margin: Pixels by which annotators draw boxes larger than what they show.
    """
    none = len(vocabulary)
    boxes = np.array([c.box_after or c.box_before for c in changes], np.float32).reshape(-1, 4)
    names = {label: i for i, label in enumerate(vocabulary)}
    labels = np.array([names.get(c.label or "", UNKNOWN) for c in changes] + [none], np.int64)
    if not len(boxes):
        return np.full(len(regions), none, np.int64)
    overlap = iou(expand(regions.boxes, margin), boxes)
    shows = overlap.max(axis=1) >= MIN_OVERLAP
    # A part of a torn defect is still that defect, not a false region.
    inside = centres_inside(regions.boxes, boxes)
    which = np.where(shows, overlap.argmax(axis=1), inside.argmax(axis=1))
    found: Int64[np.ndarray, " n"] = np.where(shows | inside.any(axis=1), labels[which], none)
    return found


class BagSet(Dataset[Bag]):
    """Bags to train on, their windows shifted, turned and mirrored anew each time.

    Args:
        bags: Of all pairs.
        turn: Quarter turns too, where nothing has a right way up.
        seed: Of the draws; the epoch is set by `epoch`.
    """

    def __init__(self, bags: Sequence[Bag], turn: bool = False, seed: int = 0) -> None:
        self.bags = list(bags)
        self.turn = turn
        self.seed = seed
        self.epoch = 0

    def __len__(self) -> int:
        return len(self.bags)

    def __getitem__(self, index: int) -> Bag:
        bag = self.bags[index]
        rng = np.random.default_rng([self.seed, self.epoch, index])
        down, right = (int(v) for v in rng.integers(0, 2 * MAX_SHIFT + 1, 2))
        mirrored, turns = rng.random() < 0.5, int(rng.integers(4)) if self.turn else 0
        before, after = (
            np.rot90(view[..., ::-1] if mirrored else view, turns, (2, 3)).copy()
            for view in (_shifted(view, down, right) for view in (bag.before, bag.after))
        )
        return Bag(bag.pair_id, bag.regions, before, after, bag.truth)


def _shifted(view: Windows, down: int, right: int) -> Windows:
    """Windows moved by up to `MAX_SHIFT` pixels either way, their rim repeated."""
    side = view.shape[2]
    rim = (MAX_SHIFT, MAX_SHIFT)
    padded = np.pad(view, ((0, 0), (0, 0), rim, rim), mode="edge")
    return padded[:, :, down : down + side, right : right + side]


@dataclass(frozen=True, slots=True)
class CollateBags:
    """Bags as a batch.

    Args:
        vocabulary: The labels that batches encode.
        weak: Whether boxes are kept from training, so that only lists of words are learnt from.
        margin: As in `targets_of`.
    """

    vocabulary: tuple[str, ...]
    weak: bool
    margin: float = 0.0

    def __call__(self, bags: Sequence[Bag]) -> RegionBatch:
        """One batch of all regions."""
        told = [words_of(bag.truth) for bag in bags]
        counts = torch.tensor([len(bag.regions) for bag in bags])
        return RegionBatch(
            before=_stacked([bag.before for bag in bags]),
            after=_stacked([bag.after for bag in bags]),
            owner=torch.arange(len(bags)).repeat_interleave(counts),
            kinds=_stacked([bag.regions.kinds for bag in bags]).long(),
            words=torch.stack([self._encoded(labels) for labels, _ in told]),
            has_kinds=torch.tensor([has_kinds for _, has_kinds in told]),
            targets=_stacked([self._targets(bag) for bag in bags]),
        )

    def _encoded(self, labels: LabelSets) -> Tensor:
        rows = [
            [float(label in labels.of(kind)) for label in self.vocabulary] for kind in ChangeKind
        ]
        return torch.tensor(rows)

    def _targets(self, bag: Bag) -> Int64[np.ndarray, " n"]:
        if self.weak or bag.truth.changes is None:
            return np.full(len(bag.regions), UNKNOWN, np.int64)
        return targets_of(bag.regions, bag.truth.changes, self.vocabulary, self.margin)


def _stacked(arrays: Sequence[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.concatenate(arrays))
