"""A proposer that is asked several times, each time about a few pictures that are drawn anew."""

from __future__ import annotations

import numpy as np

from spotdiff.contracts import Album, SetProposer
from spotdiff.stages.album_parts import AlbumPart
from spotdiff.types import Hypothesis


class Rounds:
    """Asks another proposer about samples; a `SetProposer`.

    Args:
        proposer: Who is asked.
        rounds: How often; each round may give as many hypotheses as are wanted.
        samples: Pictures of each set in a round; of a smaller set all of them.

    Raises:
        ValueError: There are no rounds, or no pictures in one.
    """

    def __init__(self, proposer: SetProposer, rounds: int = 3, samples: int = 20) -> None:
        for name, count in (("rounds", rounds), ("samples", samples)):
            if count < 1:
                raise ValueError(f"Expected {name} to be 1 or more, got {count}.")
        self.proposer, self.rounds, self.samples = proposer, rounds, samples
        self.name = proposer.name

    def __call__(
        self, first: Album, second: Album, count: int, seed: int
    ) -> tuple[list[Hypothesis], list[str]]:
        """The hypotheses of all rounds, the best ones of each round before the second best."""
        told, problems = [], []
        for turn in range(self.rounds):
            rng = np.random.default_rng((seed, turn))
            parts = [self._drawn(album, rng) for album in (first, second)]
            said, wrong = self.proposer(parts[0], parts[1], count, seed + turn)
            told.append(said[:count])
            problems += wrong
        longest = max(map(len, told), default=0)
        return [said[i] for i in range(longest) for said in told if i < len(said)], problems

    def _drawn(self, album: Album, rng: np.random.Generator) -> AlbumPart:
        rows = np.array(album.rows, np.int64)
        size = min(self.samples, len(rows))
        return AlbumPart(album, rng.choice(rows, size, replace=False).tolist())
