"""Pairs as tensors: what goes into the network and what its losses compare with."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from spotdiff.types import Truth


@dataclass(frozen=True, slots=True)
class PairBatch:
    """A batch of b pairs of one size. Where something is unknown, a flag says so.

    Attributes:
        before: (b, 3, h, w) uint8, RGB.
        after: (b, 3, h, w) uint8, RGB.
        mask: (b, h, w) uint8, the bits of `spotdiff.types.Mask`; all `IGNORE` where unknown.
        present: (b, 3) float, 1 where a pair holds a change of the kind, 0 where not, nan where
            nobody knows.
        labels: (b, 3, v) float, 1 where a label belongs to the kind's set.
        has_labels: (b,) bool, whether `labels` is known.
        cells_before: (b, h/16, w/16) int64, the label of the changed object that a cell of the
            before view shows, -1 where there is none or it is unknown.
        cells_after: The same for the after view.
        pair_ids: b names.
        truths: b truths in the frame of the tensors, for the metrics that need objects.
    """

    before: Tensor
    after: Tensor
    mask: Tensor
    present: Tensor
    labels: Tensor
    has_labels: Tensor
    cells_before: Tensor
    cells_after: Tensor
    pair_ids: tuple[str, ...]
    truths: tuple[Truth, ...]

    def __len__(self) -> int:
        return len(self.before)

    def to(self, device: torch.device | str) -> PairBatch:
        """The batch with its tensors on `device`."""
        return self._each(lambda tensor: tensor.to(device, non_blocking=True))

    def pin_memory(self) -> PairBatch:
        """The batch in page-locked memory; the data loader calls this."""
        return self._each(Tensor.pin_memory)

    def _each(self, act) -> PairBatch:  # type: ignore[no-untyped-def]  # noqa: ANN001
        values = (getattr(self, field.name) for field in fields(self))
        return PairBatch(*(act(v) if isinstance(v, Tensor) else v for v in values))


@dataclass(frozen=True, slots=True)
class RegionBatch:
    """The found regions of b pairs, n in all, for training their names.

    Attributes:
        before: (n, 3, s, s) uint8, windows of the before view; see `spotdiff.models.regions`.
        after: The same windows of the after view.
        owner: (n,) int64, the pair that each region belongs to.
        kinds: (n,) int64, position in `ChangeKind` of what the change map took a region for.
        words: (b, 3, v) float, 1 where a pair's list of a kind has a label. Where lists have no
            kinds, all three rows are the same.
        has_kinds: (b,) bool, whether the lists tell of kinds.
        targets: (n,) int64, the true label of a region, v where it shows no change, -1 where
            nobody knows.
    """

    before: Tensor
    after: Tensor
    owner: Tensor
    kinds: Tensor
    words: Tensor
    has_kinds: Tensor
    targets: Tensor

    def __len__(self) -> int:
        return len(self.words)

    def to(self, device: torch.device | str) -> RegionBatch:
        """The batch with its tensors on `device`."""
        moved = (getattr(self, field.name).to(device, non_blocking=True) for field in fields(self))
        return RegionBatch(*moved)


CELL = 16  # pixels a side of a label cell, the stride of the label maps
