"""The record: a `PairResult` without its pixels, as plain values that JSON can hold.

`prediction.schema.json` beside this file publishes its form. Boxes are [x0, y0, x1, y1] in pixels
of the photograph they belong to, after EXIF rotation, kept to 0.01 pixel; scores lie in [0, 1] and
are kept to 0.0001.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from importlib.resources import files
from typing import Any

from spotdiff.types import (
    Alignment,
    AreaReport,
    Box,
    Change,
    ChangeKind,
    Funnel,
    LabelSets,
    ModelInfo,
    NoAreas,
    PairResult,
    Registration,
    ViewInfo,
)
from spotdiff.version import __version__
from spotdiff.writers.record_forms import (
    AlignmentRecord,
    AreasRecord,
    ChangeRecord,
    LabelsRecord,
    ModelRecord,
    Record,
    RegistrationRecord,
    ViewRecord,
)


def schema() -> dict[str, Any]:
    """The published JSON Schema (draft 2020-12) of a record."""
    text = files("spotdiff.writers").joinpath("prediction.schema.json").read_text("utf-8")
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def to_record(result: PairResult) -> Record:
    """The record of a result; what holds pixels (`pair`, `change_map`) is left out."""
    return {
        "pair_id": result.pair_id,
        "status": result.status,
        "reason": result.reason,
        "before": _view_record(result.before),
        "after": _view_record(result.after),
        "change_score": _rounded(result.change_score, 4),
        "changes": [_change_record(change) for change in result.changes],
        "labels": _labels_record(result.labels),
        "heatmap": result.heatmap,
        "alignment": _alignment_record(result.alignment),
        "model": _model_record(result.model),
        "areas": _areas_record(result.areas),
        "caption": result.caption,
        "captioner": _model_record(result.captioner),
        "caption_reason": result.caption_reason,
        "version": __version__,
    }


def from_record(record: Record) -> PairResult:
    """The result that a record tells of; `from_record(to_record(x))` is `x.light()`, rounded.

    Raises:
        KeyError: A field is missing.
        TypeError: A field holds another type than the schema says.
        ValueError: A kind or a box is malformed.
    """
    labels, alignment, model = record["labels"], record["alignment"], record["model"]
    areas, captioner = record.get("areas"), record.get("captioner")
    return PairResult(
        pair_id=record["pair_id"],
        before=ViewInfo(**record["before"]),
        after=ViewInfo(**record["after"]),
        status=record["status"],
        reason=record["reason"],
        change_score=record["change_score"],
        changes=tuple(_change(change) for change in record["changes"]),
        labels=None if labels is None else _labels(labels),
        heatmap=record["heatmap"],
        alignment=None if alignment is None else _alignment(alignment),
        model=None if model is None else ModelInfo(**model),
        areas=None if areas is None else _areas(areas),
        caption=record.get("caption"),
        captioner=None if captioner is None else ModelInfo(**captioner),
        caption_reason=record.get("caption_reason"),
    )


def _rounded(number: float | None, digits: int) -> float | None:
    return None if number is None else _round(number, digits)


def _round(number: float, digits: int) -> float:
    return round(float(number), digits) + 0.0  # -0.0 becomes 0.0


def _view_record(view: ViewInfo) -> ViewRecord:
    return {
        "path": view.path,
        "width": None if view.width is None else int(view.width),
        "height": None if view.height is None else int(view.height),
        "sha256": view.sha256,
    }


def _change_record(change: Change) -> ChangeRecord:
    regions = change.region_captions
    record: ChangeRecord = {
        "kind": change.kind.value,
        "label": change.label,
        "score": _round(change.score, 4),
        "box_before": _box_record(change.box_before),
        "box_after": _box_record(change.box_after),
        "caption": change.caption,
        "region_captions": None if regions is None else list(regions),
        "caption_reason": change.caption_reason,
    }
    if change.label_before is not None:
        record["label_before"] = change.label_before
    return record


def _box_record(box: Box | None) -> list[float] | None:
    return None if box is None else [_round(edge, 2) for edge in box]


def _labels_record(labels: LabelSets | None) -> LabelsRecord | None:
    if labels is None:
        return None
    return {
        "added": list(labels.added),
        "removed": list(labels.removed),
        "changed": list(labels.changed),
    }


def _alignment_record(alignment: Alignment | None) -> AlignmentRecord | None:
    if alignment is None:
        return None
    matrix = [[float(cell) for cell in row] for row in alignment.matrix]
    registration = _registration_record(alignment.registration)
    return {"method": alignment.method, "matrix": matrix, "registration": registration}


def _registration_record(registration: Registration | None) -> RegistrationRecord | None:
    if registration is None:
        return None
    return {
        "method": registration.method,
        "accepted": registration.accepted,
        "reason": registration.reason,
        "inliers": registration.inliers,
        "residual": _rounded(registration.residual, 2),
        "overlap": _round(registration.overlap, 4),
    }


def _model_record(model: ModelInfo | None) -> ModelRecord | None:
    return None if model is None else {"name": model.name, "sha256": model.sha256}


def _areas_record(areas: AreaReport | None) -> AreasRecord | None:
    if areas is None:
        return None
    experts = {role: ModelRecord(name=e.name, sha256=e.sha256) for role, e in areas.experts.items()}
    return {
        "reason": None if areas.reason is None else areas.reason.value,
        "similarity": _rounded(areas.similarity, 4),
        "funnel": {name: int(count) for name, count in asdict(areas.funnel).items()},
        "experts": experts,
        "captions": None if areas.captions is None else list(areas.captions),
    }


def _areas(record: AreasRecord) -> AreaReport:
    captions = record["captions"]
    return AreaReport(
        reason=None if record["reason"] is None else NoAreas(record["reason"]),
        similarity=record["similarity"],
        funnel=Funnel(**record["funnel"]),
        experts={role: ModelInfo(**expert) for role, expert in record["experts"].items()},
        captions=None if captions is None else (captions[0], captions[1]),
    )


def _change(record: ChangeRecord) -> Change:
    regions = record.get("region_captions")
    return Change(
        kind=ChangeKind(record["kind"]),
        score=record["score"],
        label=record["label"],
        box_before=_box(record["box_before"]),
        box_after=_box(record["box_after"]),
        caption=record["caption"],
        region_captions=None if regions is None else (regions[0], regions[1]),
        caption_reason=record.get("caption_reason"),
        label_before=record.get("label_before"),
    )


def _box(record: Sequence[float] | None) -> Box | None:
    if record is None:
        return None
    x0, y0, x1, y1 = record
    return (x0, y0, x1, y1)


def _labels(record: LabelsRecord) -> LabelSets:
    return LabelSets(tuple(record["added"]), tuple(record["removed"]), tuple(record["changed"]))


def _alignment(record: AlignmentRecord) -> Alignment:
    rows = [(float(x), float(y), float(one)) for x, y, one in record["matrix"]]
    registration = record.get("registration")
    found = None if registration is None else Registration(**registration)
    return Alignment(record["method"], tuple(rows), found)
