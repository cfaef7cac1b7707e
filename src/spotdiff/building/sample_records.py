"""A sample as one line of JSON, and back, without loss.

A line of `rows.jsonl` holds every field of `Sample` under its own name, and `status`: kept,
rejected or error.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Literal, TypeAlias

from spotdiff.data.fields import FieldError
from spotdiff.types import Box, Change, ChangeKind, Plain, Sample, Swap, Verdict

Cells: TypeAlias = Mapping[str, object]
Status: TypeAlias = Literal["kept", "rejected", "error"]

STATUS = "status"
_FIELDS = tuple(item.name for item in fields(Sample))
_CHANGE = {item.name for item in fields(Change)}


def to_cells(sample: Sample) -> dict[str, Plain]:
    """The sample as plain values; `from_cells` gives the same sample back."""
    cells: dict[str, Any] = {name: getattr(sample, name) for name in _FIELDS}
    cells["swap"] = None if sample.swap is None else asdict(sample.swap)
    cells["images"] = list(sample.images)
    cells["changes"] = [change_cells(change) for change in sample.changes]
    cells["scores"] = {name: float(score) for name, score in sample.scores.items()}
    cells["made"] = {name: dict(made) for name, made in sample.made.items()}
    cells["cells"] = dict(sample.cells)
    cells["verdict"] = None if sample.verdict is None else asdict(sample.verdict)
    cells[STATUS] = status(sample)
    return cells


def to_line(sample: Sample) -> str:
    """The sample as one line of ASCII.

    Raises:
        ValueError: It holds a number that is not finite, or something that is no plain value.
    """
    try:
        return json.dumps(to_cells(sample), allow_nan=False)
    except (TypeError, ValueError) as error:
        message = f"row {sample.id!r}: expected plain values and finite numbers ({error})"
        raise ValueError(message) from error


def status(sample: Sample) -> Status:
    """What became of a sample."""
    return "kept" if sample.verdict is None else sample.verdict.kind


def is_sample(cells: Cells) -> bool:
    """Whether a row of a table was written by `to_cells`."""
    return all(name in cells for name in (*_FIELDS, STATUS))


def from_cells(cells: Cells) -> Sample:
    """The sample of a row that `to_cells` wrote.

    Raises:
        FieldError: A field is missing or malformed.
    """
    values: dict[str, Any] = {name: cells.get(name) for name in _FIELDS}
    if not isinstance(values["id"], str):
        raise FieldError(f"id: expected text, got {values['id']!r}")
    try:
        values["swap"] = None if values["swap"] is None else Swap(**values["swap"])
        values["images"] = tuple(values["images"] or ())
        found = enumerate(values["changes"] or ())
        values["changes"] = tuple(change_of(one, f"changes[{n}]") for n, one in found)
        verdict = values["verdict"]
        values["verdict"] = None if verdict is None else Verdict(**verdict)
        for name in ("scores", "made", "cells"):
            values[name] = dict(values[name] or {})
    except (TypeError, ValueError) as error:
        if isinstance(error, FieldError):
            raise
        raise FieldError(f"expected a row that a build wrote: {error}") from error
    return Sample(**values)


def change_of(value: object, name: str) -> Change:
    """A change as rows hold it; what has no score is certain.

    Raises:
        FieldError: A key, the kind or a box is malformed.
    """
    if not isinstance(value, Mapping) or not set(value) <= _CHANGE or "kind" not in value:
        raise FieldError(f"{name}: expected a kind and keys among {sorted(_CHANGE)}, got {value}")
    cells = dict(value)
    kinds = [kind.value for kind in ChangeKind]
    if cells["kind"] not in kinds:
        raise FieldError(f"{name}.kind: expected one of {', '.join(kinds)}, got {cells['kind']!r}")
    both = cells.get("region_captions")
    return Change(
        kind=ChangeKind(cells["kind"]),
        score=1.0 if cells.get("score") is None else float(cells["score"]),
        label=cells.get("label"),
        box_before=_box(cells.get("box_before"), f"{name}.box_before"),
        box_after=_box(cells.get("box_after"), f"{name}.box_after"),
        caption=cells.get("caption"),
        region_captions=None if both is None else (both[0], both[1]),
        caption_reason=cells.get("caption_reason"),
        label_before=cells.get("label_before"),
    )


def plain(value: object) -> Plain:
    """A cell of any table as JSON holds it: bytes in base 64, dates as text, nothing for nan.

    Example:
        >>> plain({"photo": b"GIF", "score": float("nan"), "words": ("a", 1)})
        {'photo': 'R0lG', 'score': None, 'words': ['a', 1]}
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return str(value)


def change_cells(change: Change) -> dict[str, Plain]:
    """A change as plain values; `change_of` gives the same change back."""
    cells: dict[str, Any] = asdict(change)
    cells["kind"] = change.kind.value
    cells["score"] = float(change.score)
    for name in ("box_before", "box_after"):
        cells[name] = None if cells[name] is None else [float(edge) for edge in cells[name]]
    both = change.region_captions
    cells["region_captions"] = None if both is None else list(both)
    return cells


def _box(value: Any, name: str) -> Box | None:  # noqa: ANN401 - whatever a row holds
    if value is None:
        return None
    if not isinstance(value, list | tuple) or len(value) != 4:
        raise FieldError(f"{name}: expected four numbers x0, y0, x1, y1, got {value!r}")
    x0, y0, x1, y1 = map(float, value)
    return x0, y0, x1, y1
