"""The order of the stages: rows in, one result a row out, whatever happens.

read both views ─► one frame ─► align ─► compare ─► say it ─► boxes in each view's own pixels
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from spotdiff.contracts import Aligner, Closing, Comparer, DifferenceCaptioner
from spotdiff.data.images import ImageError, file_sha256, read_hashed
from spotdiff.ops.boxes import clip, transform
from spotdiff.ops.frames import Framing, in_one_frame
from spotdiff.stages.asking import answers_or_reasons
from spotdiff.stages.captioning import in_words
from spotdiff.types import (
    Alignment,
    Answer,
    Box,
    Image,
    Matrix,
    ModelInfo,
    Pair,
    PairResult,
    PairRow,
    Registration,
    RowProblem,
    Truth,
    ViewInfo,
)

Row: TypeAlias = PairRow | RowProblem
Finished: TypeAlias = Mapping[str, tuple[str, str]]
_NOTHING: Finished = {}

log = logging.getLogger("spotdiff")


@dataclass(frozen=True, slots=True)
class Read:
    """A row as read: its views, or the result that says why there are none.

    `finished` marks a row that was answered earlier and whose files are the same.
    """

    result: PairResult
    pair: Pair | None
    finished: bool = False


class PairPipeline:
    """Answers pairs.

    Args:
        comparer: Says what differs in pairs whose views lie in one frame.
        model: Names the weights in results.
        framing: How before is laid onto the frame of after where their sizes differ; see
            `in_one_frame`.
        alignment: Lays before onto after where the camera moved; None takes it for fixed.
        captioner: Says the changes in words; None leaves them without. Where it fails, the pair
            keeps its changes and the reason.
    """

    def __init__(
        self,
        comparer: Comparer,
        model: ModelInfo | None = None,
        framing: Framing = "resize",
        alignment: Aligner | None = None,
        captioner: DifferenceCaptioner | None = None,
    ) -> None:
        self.comparer = comparer
        self.model = model
        self.framing = framing
        self.alignment = alignment
        self.captioner = captioner

    @property
    def experts(self) -> dict[str, object]:
        """All models that are asked, by their role."""
        saying = getattr(self.captioner, "experts", {})
        return self.comparer.experts | {f"captioner_{role}": e for role, e in saying.items()}

    def __call__(self, rows: Sequence[Row], finished: Finished | None = None) -> list[PairResult]:
        """The results of some rows, in their order; `finished` as in `stream`."""
        return self.answer([self._read(row, finished or {}) for row in rows])

    def compare(self, before: Image, after: Image, pair_id: str = "pair") -> PairResult:
        """The result of two photographs in memory, each (h, w, 3) uint8 RGB of any size."""
        views = [ViewInfo("", view.shape[1], view.shape[0]) for view in (before, after)]
        result = PairResult(pair_id, views[0], views[1], model=self.model)
        return self.answer([Read(result, Pair(pair_id, before, after))])[0]

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
            batch_size: Pairs that are compared together.
            readers: Threads that read and decode while the network works.
            finished: Hashes of both files by pair id: pairs answered earlier; they are passed over
                as long as their files are the same.
        """
        for batch in self.batches(rows, batch_size, readers, finished):
            yield from self.answer(batch)

    def batches(
        self,
        rows: Iterable[Row],
        batch_size: int = 1,
        readers: int = 2,
        finished: Finished | None = None,
    ) -> Iterator[list[Read]]:
        """What `answer` takes, read and decoded ahead by threads; arguments as in `stream`.

        Raises:
            ValueError: If `batch_size` or `readers` is below 1.
        """
        for name, value in (("batch_size", batch_size), ("readers", readers)):
            if value < 1:
                msg = f"Expected {name} to be at least 1, got {value}."
                raise ValueError(msg)
        known = finished or {}
        reads = self._read_ahead(rows, readers, 2 * batch_size + readers, known)
        fresh = (read for read in reads if not read.finished)
        yield from _in_batches(fresh, batch_size)

    def _read_ahead(
        self, rows: Iterable[Row], readers: int, ahead: int, known: Finished
    ) -> Iterator[Read]:
        waiting: deque[Future[Read]] = deque()
        with ThreadPoolExecutor(readers, thread_name_prefix="read") as pool:
            for row in rows:
                waiting.append(pool.submit(self._read, row, known))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _read(self, row: Row, known: Finished = _NOTHING) -> Read:
        before_info, after_info = (ViewInfo(str(path or "")) for path in (row.before, row.after))
        result = PairResult(row.pair_id, before_info, after_info, model=self.model)
        if isinstance(row, RowProblem):
            return Read(replace(result, status="error", reason=f"{row.where}: {row.reason}"), None)
        try:
            if row.pair_id in known and known[row.pair_id] == _hashes(row):
                return Read(result, None, finished=True)
            before, after = read_hashed(row.before), read_hashed(row.after)
        except ImageError as error:
            return Read(replace(result, status="error", reason=str(error)), None)
        views = [
            ViewInfo(str(path), read.image.shape[1], read.image.shape[0], read.sha256)
            for path, read in ((row.before, before), (row.after, after))
        ]
        truth = Truth(row.labels, row.changes)
        pair = Pair(row.pair_id, before.image, after.image, truth, row.captions)
        return Read(replace(result, before=views[0], after=views[1]), pair)

    def answer(self, batch: Sequence[Read]) -> list[PairResult]:
        """The results of pairs that were read, in their order; finished ones have none.

        Where a batch cannot be compared its pairs are tried one by one: what fails is an error
        result with its reason, and costs no other pair its answer.
        """
        laid = self._laid([read.pair for read in batch if read.pair is not None])
        pairs = [pair for pair, _ in laid]
        answers = in_words(self.captioner, pairs, self._answers(pairs))
        told = iter(zip(laid, answers, strict=True))
        results = []
        for read in batch:
            if read.finished:
                continue
            if read.pair is None:
                results.append(read.result)
                continue
            (_, alignment), answer = next(told)
            if isinstance(answer, str):
                results.append(replace(read.result, status="error", reason=answer))
            else:
                results.append(self._told(read, alignment, answer))
        return results

    def close(self) -> None:
        """Lets its parts write what they hold back; call it when all pairs are answered."""
        parts: tuple[object, ...] = (self.comparer, self.captioner)
        for part in parts:
            if isinstance(part, Closing):
                part.close()

    def _answers(self, pairs: Sequence[Pair]) -> list[Answer | str]:
        """What the comparer says of each pair, or why it cannot."""
        answers = answers_or_reasons(self.comparer, pairs)
        for pair, answer in zip(pairs, answers, strict=True):
            if isinstance(answer, str):
                log.error("%s: %s", pair.pair_id, answer)
        return answers

    def _laid(self, pairs: Sequence[Pair]) -> list[tuple[Pair, Alignment | None]]:
        """Every pair with before laid onto after, and how; None where nothing was to be done."""
        framed = [in_one_frame(pair, self.framing) for pair in pairs]
        if self.alignment is None:
            unequal = [pair.before.shape != pair.after.shape for pair in pairs]
            return [
                (pair, self._alignment_of(matrix) if differs else None)
                for (pair, matrix), differs in zip(framed, unequal, strict=True)
            ]
        moved = self.alignment([pair for pair, _ in framed]) if framed else []
        return [
            (pair, self._alignment_of(move @ matrix, registration))
            for (pair, move, registration), (_, matrix) in zip(moved, framed, strict=True)
        ]

    def _alignment_of(self, matrix: Matrix, registration: Registration | None = None) -> Alignment:
        rows = tuple((x, y, one) for x, y, one in matrix.tolist())
        return Alignment(self.framing, rows, registration)

    def _told(self, read: Read, alignment: Alignment | None, answer: Answer) -> PairResult:
        changes = answer.changes
        if read.pair is not None and alignment is not None:
            height, width = read.pair.before.shape[:2]
            back = np.linalg.inv(np.array(alignment.matrix))
            changes = tuple(
                replace(c, box_before=c.box_before and _mapped(c.box_before, back, (height, width)))
                for c in changes
            )
        return replace(
            read.result,
            change_score=answer.change_score,
            changes=changes,
            labels=answer.labels,
            alignment=alignment,
            areas=answer.areas,
            caption=answer.caption,
            caption_reason=answer.caption_reason,
            captioner=None if self.captioner is None else self.captioner.info,
            pair=read.pair,
            change_map=answer.change_map,
        )


def _mapped(box: Box, matrix: Matrix, size: tuple[int, int]) -> Box:
    """The box in an image of `size` (h, w) that the matrix maps to."""
    x0, y0, x1, y1 = clip(transform(np.array([box], np.float32), matrix), size)[0].tolist()
    return x0, y0, x1, y1


def _hashes(row: PairRow) -> tuple[str, str]:
    return file_sha256(row.before), file_sha256(row.after)


def _in_batches(reads: Iterator[Read], size: int) -> Iterator[list[Read]]:
    batch: list[Read] = []
    for read in reads:
        batch.append(read)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
