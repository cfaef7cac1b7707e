"""Hypotheses with the scores that rankers give to pictures, and what these scores say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64

from spotdiff.contracts import Album, SetRanker
from spotdiff.ops.set_scores import Compared, answered, compared, corrected, histogram
from spotdiff.types import Hypothesis, Ranked


@dataclass(frozen=True)
class HypothesisRanking:
    """Ranks hypotheses on pictures of two sets.

    A hypothesis is ranked by the first ranker that knows anything of it in both sets.

    Attributes:
        rankers: Who scores, in the order in which they are asked.
        level: Of the confidence of intervals.
        examples: Pictures of each set that are named for a hypothesis.
    """

    rankers: Sequence[SetRanker]
    level: float = 0.95
    examples: int = 6

    def __call__(
        self, hypotheses: Sequence[Hypothesis], first: Album, second: Album
    ) -> tuple[list[Ranked], list[Hypothesis]]:
        """Those that could be ranked, best first, and those that nobody could score.

        The p values are corrected for all that are ranked here.
        """
        ranked: list[Ranked] = []
        waiting = list(hypotheses)
        for ranker in self.rankers:
            if not waiting:
                break
            scores = [_checked(ranker, waiting, album) for album in (first, second)]
            known = answered(scores[0]) & answered(scores[1])
            told = compared(scores[0][known], scores[1][known], self.level)
            for row, number in enumerate(np.flatnonzero(known).tolist()):
                pair = scores[0][number], scores[1][number]
                one = self._ranked(waiting[number], ranker.name, told, row)
                ranked.append(self._with_pictures(one, pair, (first, second)))
            waiting = [h for h, seen in zip(waiting, known, strict=True) if not seen]
        q = corrected(np.array([one.p for one in ranked]))
        ranked = [replace(one, q=float(value)) for one, value in zip(ranked, q, strict=True)]
        return sorted(ranked, key=lambda one: (-one.auroc, one.p, one.hypothesis.text)), waiting

    def _ranked(self, hypothesis: Hypothesis, ranker: str, told: Compared, row: int) -> Ranked:
        area, low, high, effect, p = (
            float(values[row]) for values in (told.area, told.low, told.high, told.effect, told.p)
        )
        means, shares = told.means[row].tolist(), told.shares[row].tolist()
        return Ranked(
            hypothesis,
            ranker,
            auroc=area,
            low=low,
            high=high,
            means=(means[0], means[1]),
            effect=effect,
            p=p,
            q=p,
            shares=(shares[0], shares[1]),
        )

    def _with_pictures(
        self, one: Ranked, scores: tuple[np.ndarray, np.ndarray], albums: tuple[Album, Album]
    ) -> Ranked:
        """With the pictures that show it best and least, and how the scores lie."""
        first, second = (
            _best(sign * values, album.rows, self.examples)
            for sign, values, album in zip((1, -1), scores, albums, strict=True)
        )
        unknown = sum(int((~np.isfinite(values)).sum()) for values in scores)
        return replace(
            one,
            best_first=first,
            best_second=second,
            unanswered=unknown,
            histogram=histogram(*scores),
        )


def _best(scores: Float64[np.ndarray, " n"], rows: Sequence[int], count: int) -> tuple[int, ...]:
    order = np.argsort(-np.where(np.isfinite(scores), scores, -np.inf), kind="stable")
    return tuple(rows[i] for i in order[:count].tolist() if np.isfinite(scores[i]))


def _checked(
    ranker: SetRanker, hypotheses: Sequence[Hypothesis], album: Album
) -> Float64[np.ndarray, "h n"]:
    scores = np.asarray(ranker(hypotheses, album), np.float64)
    if scores.shape != (len(hypotheses), len(album.rows)):
        raise ValueError(
            f"Expected scores of shape {(len(hypotheses), len(album.rows))} from the ranker "
            f"{ranker.name}, got {scores.shape}."
        )
    return scores
