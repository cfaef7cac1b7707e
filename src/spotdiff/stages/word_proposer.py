"""What may differ between two sets: what captions of one say more often than those of the other."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from spotdiff.contracts import Album, Tagger
from spotdiff.ops.log_odds import log_odds
from spotdiff.ops.word_runs import Run, without_parts, word_runs
from spotdiff.stages.set_captions import told_of
from spotdiff.types import Hypothesis, ModelInfo


class WordProposer:
    """Finds the phrases that tell captions of two sets apart; a `SetProposer` without a model.

    A piece counts once a picture, by the dictionary forms of its words, and is said as captions
    write it most often. Of a piece and its parts one is said.

    Args:
        tagger: Reads captions.
        strength: Captions that the prior of the log-odds is worth.
        min_z: Standard errors above 0 that a piece needs.
        min_count: Captions of the first set that a piece must be in.

    Raises:
        ValueError: The prior is worth nothing.
    """

    name = "words"

    def __init__(
        self, tagger: Tagger, strength: float = 10.0, min_z: float = 1.0, min_count: int = 2
    ) -> None:
        if strength <= 0:
            raise ValueError(f"Expected strength to be above 0, got {strength!r}.")
        self.tagger, self.strength = tagger, strength
        self.min_z, self.min_count = min_z, min_count

    @property
    def info(self) -> ModelInfo:
        """Who reads."""
        return self.tagger.info

    def __call__(
        self,
        first: Album,
        second: Album,
        count: int,
        seed: int,  # noqa: ARG002 - nothing is drawn
    ) -> tuple[list[Hypothesis], list[str]]:
        """The pieces of the largest log-odds."""
        told = [told_of(album, album.rows) for album in (first, second)]
        problems = [f"{self.name}: {reason}" for one in told for reason in one.problems]
        captions = [list(one.captions.values()) for one in told]
        if not all(captions):
            return [], [*problems, f"{self.name}: a set has no captions"]
        texts = self.distinguishing(*captions)[:count]
        return [Hypothesis(text, (self.name,)) for text in texts], problems

    def distinguishing(self, first: Sequence[str], second: Sequence[str]) -> list[str]:
        """Pieces that captions of the first set have more often, best first."""
        spelt: dict[Run, Counter[str]] = defaultdict(Counter)
        counts = self._counted(first, spelt), self._counted(second, spelt)
        # in a few captions everything is rare
        least = min(self.min_count, len(first))
        runs = [run for run, number in counts[0].items() if number >= least]
        seen = [np.array([own[run] for run in runs], np.int64) for own in counts]
        z = log_odds(seen[0], seen[1], (len(first), len(second)), self.strength)
        good = {run: float(value) for run, value in zip(runs, z, strict=True) if value > self.min_z}
        return [_usual(spelt[run]) for run in without_parts(good)]

    def _counted(self, captions: Sequence[str], spelt: dict[Run, Counter[str]]) -> Counter[Run]:
        counts: Counter[Run] = Counter()
        for tokens in self.tagger(captions):
            for run, text in word_runs(tokens).items():
                counts[run] += 1
                spelt[run][text] += 1
        return counts


def _usual(spellings: Counter[str]) -> str:
    """The spelling that came most often; of equals the first by the alphabet."""
    return min(spellings, key=lambda text: (-spellings[text], text))
