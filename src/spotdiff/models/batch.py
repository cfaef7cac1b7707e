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


CELL = 16  # pixels a side of a label cell, the stride of the label maps
