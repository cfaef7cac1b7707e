"""COCO JSON with pair ids becomes rows whose changes have a box in each view that shows them."""

from __future__ import annotations

import json

import pytest

from spotdiff.data.annotations import read_coco
from spotdiff.data.tables import TableError, checked
from spotdiff.types import ChangeKind, TrueChange

IMAGES = [
    {"id": 1, "file_name": "1b.png", "pair_id": 7, "view": "before"},
    {"id": 2, "file_name": "1a.png", "pair_id": 7, "view": "after"},
]
CATEGORIES = [{"id": 1, "name": "car"}, {"id": 2, "name": "added"}]


@pytest.fixture
def coco(tmp_path):
    for name in ("1b.png", "1a.png"):
        (tmp_path / name).touch()

    def write(*annotations, images=IMAGES):
        content = {"images": images, "annotations": annotations, "categories": CATEGORIES}
        path = tmp_path / "coco.json"
        path.write_text(json.dumps(content))
        return path

    return write


def _box(image_id, bbox, **rest):
    return {"id": 5, "image_id": image_id, "category_id": 1, "bbox": bbox, **rest}


def test_boxes_of_one_change_id_are_the_two_sides_of_a_change(coco):
    before = _box(1, [1, 2, 3, 4], kind="changed", change_id=9)
    after = _box(2, [5, 5, 2, 1.5], kind="changed", change_id=9)
    alone = _box(2, [0, 0, 1, 1], kind="added", change_id=8)
    (row,) = checked(read_coco(coco(after, alone, before)))
    assert row.pair_id == "7"
    assert row.changes == (
        TrueChange(ChangeKind.CHANGED, "car", (1, 2, 4, 6), (5, 5, 7, 6.5)),
        TrueChange(ChangeKind.ADDED, "car", None, (0, 0, 1, 1)),
    )


def test_boxes_without_kind_and_change_id_stand_alone(coco):
    (row,) = checked(read_coco(coco(_box(1, [0, 0, 1, 1]), _box(2, [0, 0, 1, 1]))))
    assert row.changes == (
        TrueChange(None, "car", (0, 0, 1, 1), None),
        TrueChange(None, "car", None, (0, 0, 1, 1)),
    )


def test_a_category_named_like_a_kind_is_no_label_and_an_own_label_wins(coco):
    nameless = _box(2, [0, 0, 1, 1], category_id=2)
    own = _box(2, [0, 0, 1, 1], label="van")
    (row,) = checked(read_coco(coco(nameless, own)))
    assert [change.label for change in row.changes] == [None, "van"]


def test_a_pair_without_annotations_is_known_to_be_unchanged(coco):
    (row,) = checked(read_coco(coco()))
    assert row.changes == ()


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [
        (_box(1, [0, 0, 1, 1], kind="added"), "no box in the before view"),
        (_box(1, [0, 0, 0, 1]), "expected x0 < x1"),
        (_box(1, [0, 0, 1]), "annotation 5: bbox: expected four numbers"),
        (_box(1, [0, 0, 1, 1], kind="new"), "annotation 5 kind: expected one of"),
        (_box(3, [0, 0, 1, 1]), "image_id 3 is the id of no image"),
    ],
)
def test_a_malformed_annotation_is_a_problem_of_its_pair(coco, annotation, reason):
    with pytest.raises(TableError, match=reason):
        checked(read_coco(coco(annotation)))


def test_sides_that_contradict_each_other_are_a_problem(coco):
    sides = _box(1, [0, 0, 1, 1], change_id=1), _box(2, [0, 0, 1, 1], change_id=1, kind="added")
    twice = [_box(1, [0, 0, 1, 1], change_id=1)] * 2
    with pytest.raises(TableError, match="differ in their kind"):
        checked(read_coco(coco(*sides)))
    with pytest.raises(TableError, match="change_id 1: two boxes in the before view"):
        checked(read_coco(coco(*twice)))


def test_missing_views_and_files_are_problems(coco, tmp_path):
    images = [IMAGES[0], {"id": 3, "file_name": "gone.png", "pair_id": "x", "view": "after"}]
    images.append({"id": 4, "file_name": "gone.png", "pair_id": "x", "view": "left"})
    with pytest.raises(TableError) as caught:
        checked(read_coco(coco(images=images)))
    assert [(problem.pair_id, problem.reason) for problem in caught.value.problems] == [
        ("", "expected pair_id, file_name and view 'before' or 'after'"),
        ("7", "has no after view"),
        ("x", f"has no before view; no such file: {tmp_path / 'gone.png'}"),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "coco.json: is no JSON"),
        ("[]", "expected COCO JSON"),
        ('{"images": [{"id": 1, "file_name": "a.png"}]}', "no image has a pair_id"),
        ('{"images": 3}', "images: expected a list of objects"),
    ],
)
def test_json_that_tells_of_no_pairs_is_refused_at_once(tmp_path, content, reason):
    path = tmp_path / "coco.json"
    path.write_text(content)
    with pytest.raises(TableError, match=reason):
        read_coco(path)
