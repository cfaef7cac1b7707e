"""The order of the stages: rows in, one result a row out, whatever happens.

read both views ─► one frame ─► localise ─► decide ─► boxes in each view's own pixels
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from spotdiff.contracts import ChangeLocalizer
from spotdiff.data.images import ImageError, file_sha256, read_hashed
from spotdiff.ops.boxes import transform
from spotdiff.ops.frames import Matrix, in_one_frame, scaling
from spotdiff.types import (
    Alignment,
    Box,
    Change,
    ChangeMap,
    Image,
    LabelSets,
    ModelInfo,
    Pair,
    PairResult,
    PairRow,
    RowProblem,
    Truth,
    ViewInfo,
)

Row: TypeAlias = PairRow | RowProblem
Finished: TypeAlias = Mapping[str, tuple[str, str]]
Decision: TypeAlias = Callable[[Pair, ChangeMap], tuple[tuple[Change, ...], float, LabelSets]]


_NOTHING: Finished = {}


@dataclass(frozen=True, slots=True)
class _Read:
    """A row as read: its views, or the result that says why there are none.

    `finished` marks a row that was answered earlier and whose files are the same.
    """

    result: PairResult
    pair: Pair | None
    finished: bool = False


class PairPipeline:
    """Answers pairs.

    Args:
        localizer: Sees where the views differ.
        decision: Turns what it saw into changes, a change score and label sets.
        model: Names the weights in results.
    """

    def __init__(
        self, localizer: ChangeLocalizer, decision: Decision, model: ModelInfo | None = None
    ) -> None:
        self.localizer = localizer
        self.decision = decision
        self.model = model

    def __call__(self, rows: Sequence[Row], finished: Finished | None = None) -> list[PairResult]:
        """The results of some rows, in their order; `finished` as in `stream`."""
        return self._answered([self._read(row, finished or {}) for row in rows])

    def compare(self, before: Image, after: Image, pair_id: str = "pair") -> PairResult:
        """The result of two photographs in memory, each (h, w, 3) uint8 RGB of any size."""
        views = [ViewInfo("", view.shape[1], view.shape[0]) for view in (before, after)]
        result = PairResult(pair_id, views[0], views[1], model=self.model)
        return self._answered([_Read(result, Pair(pair_id, before, after))])[0]

    def stream(
        self,
        rows: Iterable[Row],
        batch_size: int = 1,
        readers: int = 2,
        finished: Finished | None = None,
    ) -> Iterator[PairResult]:
        """The results of any number of rows, in their order, in memory that does not grow.

        Args:
            rows: May be endless; read a few batches ahead.
            batch_size: Pairs that are localised together.
            readers: Threads that read and decode while the network works.
            finished: Hashes of both files by pair id: pairs answered earlier; they are passed over
                as long as their files are the same.
        """
        for name, value in (("batch_size", batch_size), ("readers", readers)):
            if value < 1:
                msg = f"Expected {name} to be at least 1, got {value}."
                raise ValueError(msg)
        known = finished or {}
        reads = self._read_ahead(rows, readers, 2 * batch_size + readers, known)
        fresh = (read for read in reads if not read.finished)
        for batch in _in_batches(fresh, batch_size):
            yield from self._answered(batch)

    def _read_ahead(
        self, rows: Iterable[Row], readers: int, ahead: int, known: Finished
    ) -> Iterator[_Read]:
        waiting: deque[Future[_Read]] = deque()
        with ThreadPoolExecutor(readers, thread_name_prefix="read") as pool:
            for row in rows:
                waiting.append(pool.submit(self._read, row, known))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _read(self, row: Row, known: Finished = _NOTHING) -> _Read:
        before_info, after_info = (ViewInfo(str(path or "")) for path in (row.before, row.after))
        result = PairResult(row.pair_id, before_info, after_info, model=self.model)
        if isinstance(row, RowProblem):
            return _Read(replace(result, status="error", reason=f"{row.where}: {row.reason}"), None)
        try:
            if row.pair_id in known and known[row.pair_id] == _hashes(row):
                return _Read(result, None, finished=True)
            before, after = read_hashed(row.before), read_hashed(row.after)
        except ImageError as error:
            return _Read(replace(result, status="error", reason=str(error)), None)
        views = [
            ViewInfo(str(path), read.image.shape[1], read.image.shape[0], read.sha256)
            for path, read in ((row.before, before), (row.after, after))
        ]
        pair = Pair(row.pair_id, before.image, after.image, Truth(row.labels, row.changes))
        return _Read(replace(result, before=views[0], after=views[1]), pair)

    def _answered(self, batch: Sequence[_Read]) -> list[PairResult]:
        pairs = [in_one_frame(read.pair) for read in batch if read.pair is not None]
        maps = iter(zip(pairs, self.localizer(pairs) if pairs else [], strict=True))
        return [
            read.result if read.pair is None else self._decided(read, *next(maps))
            for read in batch
            if not read.finished
        ]

    def _decided(self, read: _Read, pair: Pair, change_map: ChangeMap) -> PairResult:
        changes, score, labels = self.decision(pair, change_map)
        alignment = None
        if read.pair is not None and read.pair.before.shape != pair.before.shape:
            matrix = scaling(read.pair.before.shape[:2], pair.after.shape[:2])
            back = np.linalg.inv(matrix)
            changes = tuple(
                replace(c, box_before=c.box_before and _mapped(c.box_before, back)) for c in changes
            )
            alignment = Alignment("resize", tuple(tuple(row) for row in matrix.tolist()))
        return replace(
            read.result,
            change_score=score,
            changes=changes,
            labels=labels,
            alignment=alignment,
            pair=read.pair,
            change_map=change_map,
        )


def _mapped(box: Box, matrix: Matrix) -> Box:
    x0, y0, x1, y1 = transform(np.array([box], np.float32), matrix)[0].tolist()
    return x0, y0, x1, y1


def _hashes(row: PairRow) -> tuple[str, str]:
    return file_sha256(row.before), file_sha256(row.after)


def _in_batches(reads: Iterator[_Read], size: int) -> Iterator[list[_Read]]:
    batch: list[_Read] = []
    for read in reads:
        batch.append(read)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
