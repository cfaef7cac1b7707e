"""An album of things: pictures of one colour, captions that say which, vectors of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spotdiff.types import Reply, SetItem
from tests.set_world import FakeClip, picture


class ThingAlbum:
    """Pictures of things by their number.

    Args:
        things: What each picture shows; None has no caption.
        prompts: What each was asked for.
    """

    def __init__(
        self, things: Sequence[str], prompts: Sequence[str | None] = (), name: str = "a"
    ) -> None:
        self.things = list(things)
        asked = list(prompts) or [None] * len(things)
        self.items = tuple(
            SetItem(f"{name}/{i}.png", prompt=prompt) for i, prompt in enumerate(asked)
        )
        self.rows: Sequence[int] = tuple(range(len(things)))
        self.measures = ()
        self.problems = ()
        self.failing: set[int] = set()
        self.clip = FakeClip()

    def measured(self, rows: Sequence[int]) -> np.ndarray:
        return np.zeros((len(rows), 0))

    def keys(self, rows: Sequence[int]) -> list[str]:
        return [self.items[row].path for row in rows]

    def images(self, rows: Sequence[int]) -> list[np.ndarray]:
        return [picture(self.things[row], row) for row in rows]

    def captions(self, rows: Sequence[int]) -> list[Reply]:
        return [
            Reply(None, "the model failed") if row in self.failing else
            Reply(f"a {self.things[row]} on a street") for row in rows
        ]  # fmt: skip

    def embeddings(self, rows: Sequence[int]) -> np.ndarray:
        return np.concatenate(self.clip(self.images(rows)))
