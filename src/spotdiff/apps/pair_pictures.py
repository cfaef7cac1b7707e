"""Looks again at pairs that hashes take for alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias, TypeGuard

import numpy as np
from jaxtyping import Bool, UInt8

from spotdiff.data.small_views import small_views
from spotdiff.stages.pair_deduplication import Repeats
from spotdiff.stages.pair_looks import confirmed, unlike
from spotdiff.types import PairRow, RowProblem

AnyRow: TypeAlias = PairRow | RowProblem


class PairPictures:
    """Small pictures of pairs, each pair read once, when it is first asked for.

    Args:
        rows: All pairs.
        workers: Threads that read; None for as many as the machine suggests.
    """

    def __init__(self, rows: Sequence[AnyRow], workers: int | None) -> None:
        self.rows, self.workers = rows, workers
        self.known: dict[int, UInt8[np.ndarray, "2 h w 3"]] = {}

    def of(self, wanted: Iterable[int]) -> Mapping[int, UInt8[np.ndarray, "2 h w 3"]]:
        """Those of some pairs and of all before; without those that cannot be read."""
        new = [(i, row) for i in wanted if i not in self.known if _is_pair(row := self.rows[i])]
        views = small_views([row for _, row in new], self.workers)
        for (i, _), view in zip(new, views, strict=True):
            if view is not None:
                self.known[i] = view
        return self.known

    def unchanged(self, rows: Bool[np.ndarray, " n"], most: int) -> Bool[np.ndarray, " n"]:
        """Of some pairs those whose views are alike."""
        alike = np.zeros(len(rows), bool)
        wanted = np.flatnonzero(rows).tolist()
        views = self.of(wanted)
        for row in wanted:
            alike[row] = row in views and unlike(*views[row]) <= most
        return alike

    def repeats(self, found: Repeats, most: int) -> Repeats:
        """Of what hashes take for repeats those that are alike."""
        again = np.flatnonzero(found.earlier >= 0)
        wanted = np.union1d(again, found.earlier[again]).tolist()
        return confirmed(found, self.of(wanted), most)


def _is_pair(row: AnyRow) -> TypeGuard[PairRow]:
    """Whether a row stands for two pictures."""
    return isinstance(row, PairRow)
