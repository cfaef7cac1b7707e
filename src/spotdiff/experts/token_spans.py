"""Names written one after the other into captions, with the tokens that each of them is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32


@dataclass(frozen=True, slots=True)
class Frame:
    """The tokens around names.

    Attributes:
        first: Opens a caption.
        stop: Ends a name.
        last: Closes a caption.
    """

    first: int
    stop: int
    last: int


@dataclass(frozen=True, slots=True)
class Caption:
    """Some names as one text.

    Attributes:
        ids: Tokens.
        names: In their order.
        spans: Where each name begins in `ids`, and where it has ended.
    """

    ids: tuple[int, ...]
    names: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, names: Sequence[str], tokens: Sequence[Sequence[int]], frame: Frame) -> Caption:
        """Writes names, each given by its tokens.

        Example:
            >>> caption = Caption.of(["red car", "cart"], [[7, 8], [9]], Frame(1, 3, 2))
            >>> caption.ids, caption.spans
            ((1, 7, 8, 3, 9, 3, 2), ((1, 3), (4, 5)))
        """
        ids, spans = [frame.first], []
        for own in tokens:
            spans.append((len(ids), len(ids) + len(own)))
            ids += [*own, frame.stop]
        return cls((*ids, frame.last), tuple(names), tuple(spans))

    def shares(self, width: int) -> Float32[np.ndarray, "names width"]:
        """What each of `width` tokens weighs in the mean over the tokens of every name.

        Example:
            >>> Caption((1, 7, 8, 3, 2), ("red car",), ((1, 3),)).shares(6)
            array([[0. , 0.5, 0.5, 0. , 0. , 0. ]], dtype=float32)
        """
        found = np.zeros((len(self.names), width), np.float32)
        for row, (start, stop) in enumerate(self.spans):
            found[row, start:stop] = 1 / (stop - start)
        return found


def captions(
    names: Sequence[str], tokens: Sequence[Sequence[int]], frame: Frame, max_tokens: int
) -> list[Caption]:
    """Writes names in their order into as few captions as hold them.

    Args:
        names: To be found.
        tokens: Of each; what of a single one exceeds a caption is left out.
        frame: What stands around them.
        max_tokens: Of a caption.

    Example:
        >>> parts = captions(["a", "b", "c"], [[7], [8, 8], [9] * 99], Frame(1, 3, 2), max_tokens=7)
        >>> [part.ids for part in parts]
        [(1, 7, 3, 8, 8, 3, 2), (1, 9, 9, 9, 9, 3, 2)]
    """
    groups: list[list[int]] = []
    cut = [own[: max_tokens - 3] for own in tokens]
    room = 0
    for row, own in enumerate(cut):
        if not groups or len(own) + 1 > room:
            groups.append([])
            room = max_tokens - 2
        groups[-1].append(row)
        room -= len(own) + 1
    return [
        Caption.of([names[row] for row in group], [cut[row] for row in group], frame)
        for group in groups
    ]
