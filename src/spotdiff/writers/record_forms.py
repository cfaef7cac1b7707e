"""The form of a record: what JSON holds, as types; `prediction.schema.json` publishes it."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from spotdiff.types import Registering


class ViewRecord(TypedDict):
    """One photograph of the pair; `sha256` is that of the file and lets a run resume."""

    path: str
    width: int | None
    height: int | None
    sha256: str | None


class ChangeRecord(TypedDict):
    """One thing that differs."""

    kind: str
    label: str | None
    score: float
    box_before: list[float] | None
    box_after: list[float] | None
    caption: str | None
    region_captions: NotRequired[list[str] | None]  # records of earlier versions lack both
    caption_reason: NotRequired[str | None]
    label_before: NotRequired[str]  # only there where another thing was


class LabelsRecord(TypedDict):
    """The words of the pair as a whole, per kind."""

    added: list[str]
    removed: list[str]
    changed: list[str]


class RegistrationRecord(TypedDict):
    """Whether a move of the camera was found, and how well the views lie on one another."""

    method: Registering
    accepted: bool
    reason: str | None
    inliers: int | None
    residual: float | None
    overlap: float


class AlignmentRecord(TypedDict):
    """How before was laid onto after."""

    method: Literal["resize", "fit"]
    matrix: list[list[float]]
    registration: NotRequired[RegistrationRecord | None]  # records of earlier versions lack it


class ModelRecord(TypedDict):
    """Which weights spoke."""

    name: str
    sha256: str


class AreasRecord(TypedDict):
    """How difference areas were found."""

    reason: str | None
    similarity: float | None
    funnel: dict[str, int]
    experts: dict[str, ModelRecord]
    captions: list[str] | None


class Record(TypedDict):
    """One line of `predictions.jsonl`."""

    pair_id: str
    status: Literal["ok", "error"]
    reason: str | None
    before: ViewRecord
    after: ViewRecord
    change_score: float | None
    changes: list[ChangeRecord]
    labels: LabelsRecord | None
    heatmap: str | None
    alignment: AlignmentRecord | None
    model: ModelRecord | None
    areas: NotRequired[AreasRecord | None]  # records of earlier versions lack this and what follows
    caption: NotRequired[str | None]
    captioner: NotRequired[ModelRecord | None]
    caption_reason: NotRequired[str | None]
    version: str
