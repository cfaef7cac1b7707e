"""Sets of pairs, and the Lightning data module that batches them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Protocol

import cv2
import numpy as np
import torch
from lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from spotdiff.data.transforms import PairTransform
from spotdiff.labels import Vocabulary
from spotdiff.models.batch import CELL, PairBatch
from spotdiff.ops.box_masks import went_elsewhere
from spotdiff.types import IGNORE, UNKNOWN_KIND, Box, ChangeKind, LabelSets, Mask, Pair, Truth


class PairSet(Protocol):
    """A finite set of pairs that can be drawn from for ever: index i + len gives a further draw."""

    def __len__(self) -> int: ...

    def pair(self, index: int) -> Pair:
        """The pair at `index` ≥ 0."""
        ...

    def label_sets(self) -> Iterable[LabelSets]:
        """The words of the set, for its vocabulary."""
        ...


class PairDataModule(LightningDataModule):
    """Batches of pairs for training, validation and test.

    Args:
        train: Sets that are trained on, mixed in proportion to their sizes.
        val: Sets for validation and calibration, in order.
        test: Sets for the test loop; empty takes `val`.
        transform: For training pairs.
        still: For validation and test pairs.
        batch_size: Pairs a batch and device.
        num_workers: Processes that prepare batches; 0 prepares them in the training process.
        vocabulary: The labels that batches encode; it may be set after construction, once the
            words of `train` are counted.
        seed: Of the order and of every draw.
    """

    def __init__(  # noqa: PLR0913 each is a setting of its own
        self,
        train: Mapping[str, PairSet],
        val: Mapping[str, PairSet],
        transform: PairTransform,
        still: PairTransform,
        test: Mapping[str, PairSet] | None = None,
        batch_size: int = 8,
        num_workers: int = 1,
        vocabulary: Vocabulary | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.sets = {"train": train, "val": val, "test": test or val}
        self.transform = transform
        self.still = still
        self.batch_size = batch_size
        self.num_workers = num_workers
        self.seed = seed
        self.vocabulary = vocabulary or Vocabulary(())

    def train_dataloader(self) -> DataLoader[Pair]:
        """Shuffled, for ever fresh; a last short batch is dropped."""
        pairs = self._pairs("train", self.transform)
        return self._loader(pairs, FreshSampler(len(pairs), self.seed), drop_last=True)

    def val_dataloader(self) -> DataLoader[Pair]:
        """In order, the same draws each time."""
        return self._loader(self._pairs("val", self.still))

    def test_dataloader(self) -> DataLoader[Pair]:
        """In order, the same draws each time."""
        return self._loader(self._pairs("test", self.still))

    def _pairs(self, part: str, transform: PairTransform) -> Pairs:
        return Pairs(list(self.sets[part].values()), transform, self.seed)

    def _loader(
        self, pairs: Pairs, sampler: Sampler[int] | None = None, drop_last: bool = False
    ) -> DataLoader[Pair]:
        if self.num_workers:
            # OpenCV's threads do not survive a fork: a worker would wait for them for ever.
            cv2.setNumThreads(1)
        return DataLoader(
            pairs,
            batch_size=self.batch_size,
            sampler=sampler,
            num_workers=self.num_workers,
            collate_fn=Collate(self.vocabulary),
            drop_last=drop_last,
            pin_memory=torch.cuda.is_available(),
            persistent_workers=self.num_workers > 0,
            prefetch_factor=4 if self.num_workers else None,
            worker_init_fn=_one_thread,
        )


def _one_thread(_: int) -> None:
    """Workers share the machine with the network: their libraries may not use all its cores."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)


class Pairs(Dataset[Pair]):
    """Several sets end to end, transformed; a draw depends on its index, not on the worker."""

    def __init__(self, sets: Sequence[PairSet], transform: PairTransform, seed: int) -> None:
        self.sets = sets
        self.ends = np.cumsum([len(s) for s in sets])
        self.transform = transform
        self.seed = seed

    def __len__(self) -> int:
        return int(self.ends[-1]) if len(self.ends) else 0

    def __getitem__(self, index: int) -> Pair:
        turn, within = divmod(index, len(self))
        which = int(np.searchsorted(self.ends, within, side="right"))
        chosen = self.sets[which]
        start = int(self.ends[which]) - len(chosen)
        pair = chosen.pair(turn * len(chosen) + within - start)
        return self.transform(pair, self.seed * 1_000_003 + index)


class FreshSampler(Sampler[int]):
    """A new order and new draws each epoch: epoch e yields a shuffle of [e · n, (e + 1) · n)."""

    def __init__(self, length: int, seed: int) -> None:
        self.length = length
        self.seed = seed
        self.epoch = 0

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[int]:
        order = np.random.default_rng([self.seed, self.epoch]).permutation(self.length)
        return iter((order + self.epoch * self.length).tolist())

    def set_epoch(self, epoch: int) -> None:
        """The trainer calls this before each epoch."""
        self.epoch = epoch


class Collate:
    """Pairs of one size to a `PairBatch`, with labels encoded by a vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.index = {label: i for i, label in enumerate(vocabulary.labels)}

    def __call__(self, pairs: Sequence[Pair]) -> PairBatch:
        """The batch; truths stay as they are, for metrics."""
        truths = [pair.truth for pair in pairs]
        sets = [shown_sets(truth) for truth in truths]
        words = [self.vocabulary.encode(s or LabelSets()) for s in sets]
        before, after = zip(*(self._cells(pair) for pair in pairs), strict=True)
        return PairBatch(
            before=_stacked([pair.before for pair in pairs]),
            after=_stacked([pair.after for pair in pairs]),
            mask=torch.from_numpy(np.stack([_mask(pair) for pair in pairs])),
            present=torch.from_numpy(np.stack([presence(t) for t in truths])),
            labels=torch.from_numpy(np.stack(words)),
            has_labels=torch.tensor([s is not None for s in sets]),
            cells_before=torch.from_numpy(np.stack(before)),
            cells_after=torch.from_numpy(np.stack(after)),
            pair_ids=tuple(pair.pair_id for pair in pairs),
            truths=tuple(truths),
        )

    def _cells(self, pair: Pair) -> tuple[np.ndarray, np.ndarray]:
        """The label of the changed object in each cell of both views, small objects on top."""
        grid = (pair.after.shape[0] // CELL, pair.after.shape[1] // CELL)
        maps = np.full((2, *grid), -1, np.int64)
        for change in pair.truth.changes or ():
            label = self.index.get(change.label or "")
            for cells, box in zip(maps, (change.box_before, change.box_after), strict=True):
                if label is not None and box is not None:
                    cells[_covered(box, grid)] = label
        return maps[0], maps[1]


def _covered(box: Box, grid: tuple[int, int]) -> tuple[slice, slice]:
    """Cells whose centre lies in the inner part of the box, at least one."""
    x0, y0, x1, y1 = (v / CELL for v in box)
    x, y = min(int((x0 + x1) / 2), grid[1] - 1), min(int((y0 + y1) / 2), grid[0] - 1)
    dx, dy = int((x1 - x0) * 0.3), int((y1 - y0) * 0.3)
    return slice(max(0, y - dy), y + dy + 1), slice(max(0, x - dx), x + dx + 1)


def _stacked(images: list[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous()


def _mask(pair: Pair) -> np.ndarray:
    mask = pair.truth.mask
    return np.full(pair.after.shape[:2], IGNORE, np.uint8) if mask is None else mask


def presence(truth: Truth) -> np.ndarray:
    """Whether a pair shows a change of each kind, (3,) float32, nan where nobody knows."""
    told = truth.labels and [float(bool(truth.labels.of(k))) for k in ChangeKind]
    if truth.mask is not None:
        shown = [float((truth.mask & kind.bit).any()) for kind in ChangeKind]
        if not _absence_is_known(truth.mask):
            shown = [1.0 if s else t for s, t in zip(shown, told or [np.nan] * 3, strict=True)]
        unknown = bool((truth.mask & UNKNOWN_KIND).any())
        return np.array([np.nan if unknown and not s else s for s in shown], np.float32)
    if told is not None:
        return np.array(told, np.float32)
    if truth.changes is not None and all(c.kind for c in truth.changes):
        kinds = {c.kind for c in truth.changes}
        return np.array([float(k in kinds) for k in ChangeKind], np.float32)
    return np.full(3, np.nan, np.float32)


def shown_sets(truth: Truth) -> LabelSets | None:
    """The label sets that the pixels show: a moved thing is removed here and added there.

    Words alone are taken as they are; where objects are known they tell more than words. An object
    without a name may be any of the words of its kind, and where nobody knows whether there are
    more objects, the words of kinds without any hold.
    """
    if truth.mask is None or truth.changes is None:
        return truth.labels
    told = truth.labels or LabelSets()
    words: dict[ChangeKind, list[str]] = {kind: [] for kind in ChangeKind}
    for change in truth.changes:
        if change.kind:
            names = (change.label,) if change.label else told.of(change.kind)
            for kind in _shown_kinds(change.kind, change.box_before, change.box_after):
                words[kind].extend(names)
    if not _absence_is_known(truth.mask):
        for kind in set(ChangeKind) - {change.kind for change in truth.changes}:
            words[kind].extend(told.of(kind))
    return LabelSets(*(tuple(words[kind]) for kind in ChangeKind))


def _absence_is_known(mask: Mask) -> bool:
    """Whether any pixel is known to be unchanged; else a mask says what there is, not what not."""
    return bool((mask == 0).any())


def _shown_kinds(kind: ChangeKind, before: Box | None, after: Box | None) -> tuple[ChangeKind, ...]:
    if kind is ChangeKind.CHANGED and before and after and went_elsewhere(before, after):
        return ChangeKind.ADDED, ChangeKind.REMOVED
    return (kind,)


def words_of(sets: Mapping[str, PairSet]) -> Iterator[LabelSets]:
    """The words of several sets, for a vocabulary."""
    return chain.from_iterable(s.label_sets() for s in sets.values())
