"""What models said, as rows and back; what comes back may be rounded.

Heat becomes a byte (a multiple of 1 / 255), embeddings become half precision and unit vectors
again, their cosines half precision, masks are not kept; all else comes back as it was.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spotdiff.data.evidence_rows import Codec, Column, Row, flat, half, shaped, unit
from spotdiff.types import (
    ChangeMap,
    Detections,
    Embeddings,
    ObjectEvidence,
    SeenObjects,
    WholePair,
)

VIEWS = ("before", "after")


def _detections_row(found: Detections) -> Row:
    return {
        "boxes": flat(found.boxes),
        "scores": flat(found.scores),
        "labels": list(found.labels),
    }


def _detections(row: Row) -> Detections:
    count, labels = len(row["scores"]), tuple(row["labels"])
    if labels and len(labels) != count:
        raise ValueError(f"expected a label for each of {count} boxes, got {len(labels)}")
    return Detections(shaped(row["boxes"], count, 4), shaped(row["scores"], count), labels)


def _embeddings_row(vectors: Embeddings) -> Row:
    count, width = vectors.shape
    return {"count": count, "width": width, "vectors": half(vectors)}


def _embeddings(row: Row) -> Embeddings:
    return unit(row["vectors"], row["count"], row["width"])


def _map_row(seen: ChangeMap) -> Row:
    row: Row = {"height": seen.heat.shape[1], "width": seen.heat.shape[2]}
    row["heat"] = np.rint(seen.heat * 255).clip(0, 255).astype(np.uint8).tobytes()
    row |= {"gates": flat(seen.gates), "label_scores": flat(seen.label_scores)}
    for view, grid in (("before", seen.labels_before), ("after", seen.labels_after)):
        row |= {f"rows_{view}": grid.shape[1], f"columns_{view}": grid.shape[2]}
        row[f"labels_{view}"] = flat(grid)
    return row | {"vocabulary": list(seen.vocabulary)}


def _map(row: Row) -> ChangeMap:
    heat = shaped(np.frombuffer(row["heat"], np.uint8), 3, row["height"], row["width"])
    words = len(row["label_scores"]) // 3
    before, after = (
        shaped(row[f"labels_{view}"], words, row[f"rows_{view}"], row[f"columns_{view}"])
        for view in VIEWS
    )
    scores = shaped(row["label_scores"], 3, words)
    gates, vocabulary = shaped(row["gates"], 3), tuple(row["vocabulary"])
    if vocabulary and len(vocabulary) != words:
        raise ValueError(f"expected {words} words of a vocabulary, got {len(vocabulary)}")
    return ChangeMap(heat / np.float32(255), gates, scores, before, after, vocabulary)


def _objects_row(objects: SeenObjects) -> Row:
    return {
        **_detections_row(objects.detections),
        "levels": objects.shares.shape[1],
        "shares": flat(objects.shares),
        "kinds": objects.heat.shape[1],
        "heat": flat(objects.heat),
    }


def _objects(row: Row) -> SeenObjects:
    found = _detections(row)
    return SeenObjects(
        found,
        shaped(row["shares"], len(found), row["levels"]),
        shaped(row["heat"], len(found), row["kinds"]),
    )


def _pair_row(evidence: ObjectEvidence) -> Row:
    nothing = WholePair(np.zeros(0, np.float32), np.zeros((0, 0), np.float32))
    whole = evidence.whole or nothing
    row: Row = {"identical": bool(evidence.identical), "whole": evidence.whole is not None}
    row |= {"gates": flat(whole.gates), "label_scores": flat(whole.label_scores)}
    row["words"] = list(whole.words)
    row |= {"compared": evidence.cosines is not None, "cosines": b""}
    if evidence.cosines is not None:
        row["cosines"] = half(evidence.cosines)
    for view, objects in (("before", evidence.before), ("after", evidence.after)):
        row |= {f"{view}_{name}": value for name, value in _objects_row(objects).items()}
    return row


def _pair(row: Row) -> ObjectEvidence:
    before, after = (_objects({name: row[f"{view}_{name}"] for name in _OBJECTS}) for view in VIEWS)
    whole = None
    if row["whole"]:
        width, words = len(row["label_scores"]) // 3, tuple(row["words"])
        if words and len(words) != width:
            raise ValueError(f"expected {width} words, got {len(words)}")
        whole = WholePair(shaped(row["gates"], 3), shaped(row["label_scores"], 3, width), words)
    cosines = None
    if row["compared"]:
        numbers = np.frombuffer(row["cosines"], "<f2")
        cosines = shaped(numbers, len(before), len(after))
    return ObjectEvidence(before, after, cosines, whole, row["identical"])


_FOUND: Mapping[str, Column] = {"boxes": "floats", "scores": "floats", "labels": "words"}
_GRID: Mapping[str, Column] = {"rows": "int", "columns": "int", "labels": "floats"}
_OBJECTS: Mapping[str, Column] = {
    **_FOUND,
    **{"levels": "int", "shares": "floats", "kinds": "int", "heat": "floats"},
}

DETECTIONS: Codec[Detections] = Codec(_FOUND, _detections_row, _detections)
EMBEDDINGS: Codec[Embeddings] = Codec(
    {"count": "int", "width": "int", "vectors": "bytes"}, _embeddings_row, _embeddings
)
MAPS: Codec[ChangeMap] = Codec(
    {
        **{"height": "int", "width": "int", "heat": "bytes"},
        **{"gates": "floats", "label_scores": "floats"},
        **{f"{name}_{view}": kind for view in VIEWS for name, kind in _GRID.items()},
        "vocabulary": "words",
    },
    _map_row,
    _map,
    group=8,  # a map of a megapixel weighs 3 MB
)
PAIRS: Codec[ObjectEvidence] = Codec(
    {
        **{"identical": "bool", "whole": "bool"},
        **{"gates": "floats", "label_scores": "floats", "words": "words"},
        **{"compared": "bool", "cosines": "bytes"},
        **{f"{view}_{name}": kind for view in VIEWS for name, kind in _OBJECTS.items()},
    },
    _pair_row,
    _pair,
)
