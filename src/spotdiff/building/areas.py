"""The step that looks for what differs in the pictures of samples, by whatever answers pairs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, is_dataclass, replace
from typing import Any, Protocol

from spotdiff.building.opened import READERS, views_of
from spotdiff.building.sample_records import plain
from spotdiff.building.score_filter import Missing, told, without_score
from spotdiff.contracts import Comparer
from spotdiff.data.remote import located
from spotdiff.types import (
    AreaReport,
    ModelInfo,
    NoAreas,
    PairResult,
    PairRow,
    Plain,
    RowProblem,
    Sample,
)

NO_CHANGE = "nothing differs"
_WHY = {
    NoAreas.IDENTICAL: "the views are equal",
    NoAreas.TOO_SIMILAR: "the views are too alike",
    NoAreas.TOO_DIFFERENT: "the views are too different",
    NoAreas.NO_NOUNS: "the captions name the same things",
    NoAreas.NO_REGIONS: "no region was proposed",
    NoAreas.WRONG_SIZE: "all regions are smaller or larger than asked for",
    NoAreas.NO_DIFFERENCE: "every region looks alike in both views",
    NoAreas.NO_MATCH: "no region shows what the captions differ in",
}
_GATES = (NoAreas.TOO_SIMILAR, NoAreas.TOO_DIFFERENT)


class Answering(Protocol):
    """Answers pairs of files, boxes in each view's own pixels: a `PairPipeline`."""

    comparer: Comparer
    model: ModelInfo | None
    framing: Any

    def stream(
        self, rows: Iterable[PairRow | RowProblem], batch_size: int = 1, readers: int = 2
    ) -> Iterator[PairResult]:
        """One result a row, in their order; views are decoded ahead by `readers` threads."""
        ...


class Areas:
    """Looks for what differs; a `Step`.

    A row in which nothing is found is rejected with the reason, one whose pictures cannot be read
    is an error.

    Args:
        pipeline: Answers pairs: by difference areas, or by the change map of a checkpoint.
        batch_size: Pairs that it compares together.
        readers: Threads that decode ahead.
        missing: What becomes of rows without two views; as in `ScoreFilter`.
        name: Of the step.
    """

    def __init__(
        self,
        pipeline: Answering,
        batch_size: int = 4,
        readers: int = READERS,
        missing: Missing = "reject",
        name: str = "areas",
    ) -> None:
        self.pipeline, self.batch_size, self.readers = pipeline, batch_size, readers
        self.missing, self.name = missing, name

    @property
    def settings(self) -> Mapping[str, Plain]:
        """The models and the rules of the pipeline."""
        comparer, model = self.pipeline.comparer, self.pipeline.model
        infos = {role: getattr(one, "info", None) for role, one in comparer.experts.items()}
        rules = getattr(comparer, "rules", None)
        return {
            "model": None if model is None else told(model),
            "experts": {role: told(info) for role, info in infos.items() if info is not None},
            "rules": plain(asdict(rules)) if is_dataclass(rules) else None,  # type: ignore[arg-type]
            "framing": plain(self.pipeline.framing),
            "missing": self.missing,
        }

    def __call__(self, samples: Sequence[Sample]) -> list[Sample]:
        """The samples with what differs in them."""
        views = [views_of(sample) for sample in samples]
        rows = [_row(sample, *both) for sample, both in zip(samples, views, strict=True) if both]
        found = self.pipeline.stream(rows, self.batch_size, self.readers)
        return [
            self._judged(sample, next(found))
            if both
            else without_score(self.name, self.missing, sample, "there are not two views")
            for sample, both in zip(samples, views, strict=True)
        ]

    def _judged(self, sample: Sample, result: PairResult) -> Sample:
        if result.status == "error":
            return sample.failed(self.name, result.reason or "the pair could not be compared")
        report = result.areas or AreaReport()
        made: dict[str, Plain] = {"model": None if result.model is None else told(result.model)}
        if report.similarity is not None:
            made["similarity"] = float(report.similarity)
        if report.captions is not None:
            made["captions"] = list(report.captions)
        made["found"] = len(result.changes)
        looked = replace(sample, made={**sample.made, self.name: made}, changes=result.changes)
        if result.changes:
            return looked
        reason = NO_CHANGE if report.reason is None else _WHY[report.reason]
        measured = report.similarity if report.reason in _GATES else None
        return looked.rejected(self.name, reason, measured and float(measured))


def _row(sample: Sample, before: str, after: str) -> PairRow:
    """The pair of a sample with its captions."""
    captions = (sample.caption_before or "", sample.caption_after or "")
    return PairRow(
        sample.id,
        located(before),
        located(after),
        captions=captions if any(captions) else None,
        where=sample.id,
    )
