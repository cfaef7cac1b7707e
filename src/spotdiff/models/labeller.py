"""The region head as an expert: pairs and boxes in, probabilities of labels out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from spotdiff.models.precision import exact_convolutions
from spotdiff.models.regions import cut, label_probabilities
from spotdiff.models.siamese import SiameseChangeNet
from spotdiff.types import Boxes, Image, LabelScores, Pair


class SiameseLabeller:
    """Names regions of pairs with a network that has a region head; implements `RegionLabeller`.

    Args:
        net: In evaluation mode, on the device where it works.
        words: What each label is called in results; None takes the vocabulary of the head.
        batch_size: Regions that are read together.

    Raises:
        ValueError: If the network has no region head.
    """

    def __init__(
        self, net: SiameseChangeNet, words: Sequence[str] | None = None, batch_size: int = 256
    ) -> None:
        if net.regions is None:
            raise ValueError("Expected a network with a region head, this one has none.")
        self.net = net
        self.side = net.regions.side
        self.max_gap = net.regions.max_gap
        self.words = tuple(net.regions.vocabulary if words is None else words)
        self.batch_size = batch_size

    @torch.inference_mode()
    @exact_convolutions()
    def __call__(self, pairs: Sequence[Pair], boxes: Sequence[Boxes]) -> list[LabelScores]:
        """For every pair (n, v) probabilities; what is missing to one is that of no label."""
        if not pairs:
            return []
        before = self._windows([pair.before for pair in pairs], boxes)
        after = self._windows([pair.after for pair in pairs], boxes)
        chunks = zip(*(torch.split(v, self.batch_size) for v in (before, after)), strict=True)
        logits = (self.net.region_logits(b, a, averaged=True) for b, a in chunks)
        found = [label_probabilities(some)[:, :-1] for some in logits]
        scores = torch.cat(found).float().cpu()
        return [part.numpy() for part in torch.split(scores, [len(some) for some in boxes])]

    def _windows(self, images: Sequence[Image], boxes: Sequence[Boxes]) -> Tensor:
        """The windows of all boxes of all images, (n, 3, side, side) in [0, 1]."""
        device = self.net.equality.log_slope.device
        cuts = []
        for image, some in zip(images, boxes, strict=True):
            pixels = torch.from_numpy(np.ascontiguousarray(image)).to(device).permute(2, 0, 1)
            cuts.append(cut(pixels, torch.from_numpy(some).to(device), self.side) / 255)
        return torch.cat(cuts)
