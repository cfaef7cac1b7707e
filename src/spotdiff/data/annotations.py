"""COCO JSON with pair ids.

COCO knows no pairs. The convention here: an image carries `pair_id` and `view` ("before" or
"after"); an annotation may carry `kind` and `change_id`, and the boxes of a pair that share a
`change_id` are the two sides of one change. The label is the annotation's own `label` where it has
one, else the name of its category, unless that name is a kind.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from spotdiff.data import fields
from spotdiff.data.images import is_file
from spotdiff.data.tables import TableError
from spotdiff.types import Box, ChangeKind, PairRow, RowProblem, TrueChange

Object = Mapping[str, object]


@dataclass
class _CocoPair:
    """The views of one pair and the annotations in each."""

    files: dict[str, str] = field(default_factory=dict)
    seen: list[tuple[str, Object]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_coco(path: Path, images: Path | None = None) -> Iterator[PairRow | RowProblem]:
    """The pairs of a COCO JSON, in the order of their ids; a pair without annotations is unchanged.

    Args:
        path: The JSON file, read at once.
        images: The folder of its `file_name`s; None takes the folder of the JSON.

    Raises:
        TableError: The file is no COCO JSON, or its images tell of no pairs.
    """
    return _rows(_content(path), path, path.parent if images is None else images)


def _rows(content: Object, path: Path, folder: Path) -> Iterator[PairRow | RowProblem]:
    names = {
        str(item.get("id")): str(item.get("name")) for item in _objects(content, "categories", path)
    }
    pairs: dict[str, _CocoPair] = defaultdict(_CocoPair)
    views: dict[str, tuple[str, str]] = {}
    for image in _objects(content, "images", path):
        pair_id, view, name = (image.get(key) for key in ("pair_id", "view", "file_name"))
        if pair_id is None or view not in ("before", "after") or not isinstance(name, str):
            reason = "expected pair_id, file_name and view 'before' or 'after'"
            yield RowProblem("", f"{path.name} image {image.get('id')}", reason)
            continue
        pair = pairs[str(pair_id)]
        if pair.files.setdefault(str(view), name) != name:
            pair.problems.append(f"has two {view} views, {pair.files[str(view)]} and {name}")
        views[str(image.get("id"))] = str(pair_id), str(view)
    for item in _objects(content, "annotations", path):
        image_id = str(item.get("image_id"))
        if image_id not in views:
            reason = f"image_id {image_id} is the id of no image"
            yield RowProblem("", f"{path.name} annotation {item.get('id')}", reason)
            continue
        pair_id, view = views[image_id]
        pairs[pair_id].seen.append((view, {"label": _label(item, names), **item}))
    for pair_id in sorted(pairs):
        where = f"{path.name} pair {pair_id}"
        yield _coco_row(pair_id, where, pairs[pair_id], folder)


def _content(path: Path) -> Object:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _useless(path, f"is no JSON: {error}") from error
    if not isinstance(content, dict) or "images" not in content:
        raise _useless(path, "expected COCO JSON with images, annotations and categories")
    if not any("pair_id" in image for image in _objects(content, "images", path)):
        raise _useless(path, "expected COCO images with pair_id and view, no image has a pair_id")
    return content


def _useless(path: Path, reason: str) -> TableError:
    return TableError([RowProblem("", path.name, reason)])


def _objects(content: Object, key: str, path: Path) -> list[Object]:
    items = content.get(key, [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise _useless(path, f"{key}: expected a list of objects")
    return items


def _label(item: Object, names: Mapping[str, str]) -> object:
    name = names.get(str(item.get("category_id")))
    return None if name in [kind.value for kind in ChangeKind] else name


def _coco_row(pair_id: str, where: str, pair: _CocoPair, folder: Path) -> PairRow | RowProblem:
    problems = list(pair.problems)
    paths = {view: folder / name for view, name in pair.files.items()}
    for view in ("before", "after"):
        if view not in paths:
            problems.append(f"has no {view} view")
        elif not is_file(paths[view]):
            problems.append(f"no such file: {paths[view]}")
    before, after = paths.get("before"), paths.get("after")
    try:
        changes = _coco_changes(pair.seen)
    except fields.FieldError as error:
        problems.append(str(error))
    if problems or before is None or after is None:
        return RowProblem(pair_id, where, "; ".join(problems), before, after)
    return PairRow(pair_id, before, after, changes=changes, where=where)


def _coco_changes(seen: list[tuple[str, Object]]) -> tuple[TrueChange, ...]:
    joined: dict[object, dict[str, Object]] = {}
    for index, (view, item) in enumerate(seen):
        change_id = item.get("change_id")
        sides = joined.setdefault(("alone", index) if change_id is None else str(change_id), {})
        if view in sides:
            raise fields.FieldError(f"change_id {change_id}: two boxes in the {view} view")
        sides[view] = item
    return tuple(_coco_change(sides) for sides in joined.values())


def _coco_change(sides: Mapping[str, Object]) -> TrueChange:
    items = list(sides.values())
    name = f"annotation {items[0].get('id')}"
    for key in ("kind", "label"):
        if any(item.get(key) != items[0].get(key) for item in items):
            raise fields.FieldError(f"{name}: the two sides of the change differ in their {key}")
    boxes = {view: _coco_box(item, name) for view, item in sides.items()}
    change = TrueChange(
        fields.kind_of(items[0].get("kind"), f"{name} kind"),
        fields.text(items[0].get("label"), f"{name} label") or None,
        boxes.get("before"),
        boxes.get("after"),
    )
    return fields.consistent(change, name)


def _coco_box(item: Object, name: str) -> Box | None:
    cell = item.get("bbox")
    numbers = cell if isinstance(cell, list) else []
    if len(numbers) != 4 or not all(isinstance(number, int | float) for number in numbers):
        raise fields.FieldError(f"{name}: bbox: expected four numbers x, y, width, height")
    x, y, width, height = numbers
    return fields.box([x, y, x + width, y + height], f"{name} bbox as x0, y0, x1, y1")
