"""COCO JSON of a run: both views are images, and every box that a change has is an annotation.

The convention beyond plain COCO: an image carries `pair_id` and `view` ("before" or "after"); an
annotation carries `kind`, `score`, `label`, `caption` and `change_id`, which joins the two boxes of
one change. The category is the label, or the kind where there is no label. Boxes are [x, y, width,
height] in pixels of their image. Pairs that failed are no images; `errors` lists them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TextIO, TypeAlias

from spotdiff.types import Box, Change, PairResult, ViewInfo
from spotdiff.version import __version__
from spotdiff.writers.files import replacing

_Json: TypeAlias = "str | int | float | list[_Json] | dict[str, _Json] | None"


def write_coco(results: Callable[[], Iterable[PairResult]], out: Path) -> None:
    """Writes `out` as COCO JSON, holding one pair at a time in memory.

    Args:
        results: Opens the results; called once for each part of the file.
        out: The file.

    Raises:
        ValueError: An answered pair has a view of unknown size.
    """
    categories: dict[str, int] = {}
    info = {"description": "Changes between two photographs", "version": __version__}
    with replacing(out) as partial, partial.open("w", encoding="ascii") as file:
        file.write(f'{{"info": {json.dumps(info)},\n"licenses": []')
        _write_array(file, "images", _images(results()))
        _write_array(file, "annotations", _annotations(results(), categories))
        _write_array(file, "categories", _categories(categories))
        _write_array(file, "errors", _errors(results()))
        file.write("}\n")


def _write_array(file: TextIO, key: str, items: Iterable[_Json]) -> None:
    file.write(f',\n"{key}": [')
    separator = "\n"
    for item in items:
        file.write(separator + json.dumps(item))
        separator = ",\n"
    file.write("]")


def _views(result: PairResult, place: int) -> Iterator[tuple[int, str, ViewInfo]]:
    """The two views of the pair at `place` in the file, each with its image id."""
    yield 2 * place + 1, "before", result.before
    yield 2 * place + 2, "after", result.after


def _images(results: Iterable[PairResult]) -> Iterator[_Json]:
    for place, result in enumerate(results):
        if result.status == "ok":
            for image_id, view, info in _views(result, place):
                yield _image(result.pair_id, image_id, view, info)


def _image(pair_id: str, image_id: int, view: str, info: ViewInfo) -> _Json:
    if info.width is None or info.height is None:
        raise ValueError(
            f"pair {pair_id!r}: expected width and height of the {view} view, got null"
        )
    return {
        "id": image_id,
        "file_name": info.path,
        "width": info.width,
        "height": info.height,
        "pair_id": pair_id,
        "view": view,
    }


def _annotations(results: Iterable[PairResult], categories: dict[str, int]) -> Iterator[_Json]:
    """The annotations; the categories met on the way are numbered from 1 as they appear."""
    annotation_id = change_id = 0
    for place, result in enumerate(results):
        for change in result.changes:
            change_id += 1
            name = change.label or change.kind.value
            category_id = categories.setdefault(name, len(categories) + 1)
            for view, box in enumerate((change.box_before, change.box_after), start=1):
                if box is not None:
                    annotation_id += 1
                    yield {
                        "id": annotation_id,
                        "image_id": 2 * place + view,
                        "category_id": category_id,
                        "change_id": change_id,
                        **_seen(change, box),
                    }


def _seen(change: Change, box: Box) -> dict[str, _Json]:
    x0, y0, x1, y1 = box
    width, height = round(x1 - x0, 2), round(y1 - y0, 2)
    return {
        "bbox": [x0, y0, width, height],
        "area": round(width * height, 2),
        "iscrowd": 0,
        "score": change.score,
        "kind": change.kind.value,
        "label": change.label,
        "caption": change.caption,
    }


def _categories(categories: dict[str, int]) -> Iterator[_Json]:
    for name, category_id in categories.items():
        yield {"id": category_id, "name": name, "supercategory": "change"}


def _errors(results: Iterable[PairResult]) -> Iterator[_Json]:
    for result in results:
        if result.status == "error":
            yield {"pair_id": result.pair_id, "reason": result.reason}
