"""The output of data-juicer's difference area operator: its rows, with boxes in their meta field.

Boxes are [centre x, centre y, width, height] in pixels of the first image. Where there are none,
the operator writes one box of four zeros, and so does this writer; nobody else here does. Beside
them stands why there are none, or why a pair failed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from spotdiff.ops.boxes import clip, transform
from spotdiff.types import Box, Change, PairResult, Sample
from spotdiff.writers.files import replacing
from spotdiff.writers.jsonl import Records

META, BOXES, REASON = "__dj__meta__", "__dj__bbox__", "spotdiff_reason"
_NOTHING = [[0.0, 0.0, 0.0, 0.0]]


def write_datajuicer(
    rows: Iterable[tuple[str, Mapping[str, object]]], records: Path, out: Path
) -> None:
    """Writes every row with the boxes of its pair; other columns and meta entries stay.

    Args:
        rows: The pair id and the cells of each row, in the order they are written.
        records: A file of prediction records.
        out: JSON lines.

    Raises:
        ValueError: If a row has no record.
    """
    with replacing(out) as partial, Records(records) as found, partial.open("wb") as file:
        for pair_id, cells in rows:
            meta = cells.get(META)
            told = _meta(found[pair_id])
            merged = {**meta, **told} if isinstance(meta, Mapping) else told
            line = json.dumps({**cells, META: merged})  # ASCII holds half an emoji too
            file.write(line.encode("ascii") + b"\n")


def write_built(samples: Iterable[Sample], out: Path) -> int:
    """Writes pairs that were built as rows of the difference caption operator; says how many.

    Captions of regions and of differences are lists beside the boxes; one that is not known is an
    empty text.
    """
    count = 0
    with replacing(out) as partial, partial.open("wb") as file:
        for sample in samples:
            row = {
                "image_path1": sample.before,
                "image_path2": sample.after,
                "caption1": sample.caption_before or "",
                "caption2": sample.caption_after or "",
                META: _built_meta(sample),
            }
            file.write(json.dumps(row).encode("ascii") + b"\n")
            count += 1
    return count


def _built_meta(sample: Sample) -> dict[str, object]:
    regions = [change.region_captions or ("", "") for change in sample.changes]
    boxes = [change.box_before or change.box_after for change in sample.changes]
    return {
        BOXES: [_centred(box) for box in boxes if box is not None] or _NOTHING,
        "region_caption1": [before for before, _ in regions] or [""],
        "region_caption2": [after for _, after in regions] or [""],
        "bbox_difference_captions": [change.caption or "" for change in sample.changes] or [""],
    }


def _meta(result: PairResult) -> dict[str, object]:
    boxes = [_centred(_in_first(change, result)) for change in result.changes]
    reason = result.reason or (result.areas and result.areas.reason)
    return {BOXES: boxes or _NOTHING, REASON: None if reason is None else str(reason)}


def _in_first(change: Change, result: PairResult) -> Box:
    """The box of a change in pixels of the first image."""
    boxes = np.array([change.box_before or change.box_after], np.float32)
    if change.box_before is None and result.alignment is not None:
        boxes = transform(boxes, np.linalg.inv(np.array(result.alignment.matrix)))
    if result.before.height is not None and result.before.width is not None:
        boxes = clip(boxes, (result.before.height, result.before.width))
    x0, y0, x1, y1 = boxes[0].tolist()
    return x0, y0, x1, y1


def _centred(box: Box) -> list[float]:
    x0, y0, x1, y1 = box
    return [round(v, 2) for v in ((x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0)]
