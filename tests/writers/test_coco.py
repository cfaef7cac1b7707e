import json
from dataclasses import replace
from functools import partial

import pytest

from spotdiff.types import Change, ChangeKind
from spotdiff.writers.coco import write_coco
from spotdiff.writers.jsonl import JsonlWriter, read_records


def exported(folder, results):
    with JsonlWriter(folder / "p.jsonl") as writer:
        for result in results:
            writer.write(result)
    write_coco(partial(read_records, folder / "p.jsonl"), folder / "coco.json")
    return json.loads((folder / "coco.json").read_text())


def test_coco_has_its_golden_file(tmp_path, results, golden):
    exported(tmp_path, results)
    golden(tmp_path / "coco.json", "coco.json")


def test_the_boxes_of_every_change_can_be_read_back(tmp_path, street, answer):
    coco = exported(tmp_path, [answer("first"), street])
    images = {image["id"]: image for image in coco["images"]}
    read = {}
    for annotation in coco["annotations"]:
        image = images[annotation["image_id"]]
        assert image["pair_id"] == "street/1"
        x, y, width, height = annotation["bbox"]
        boxes = read.setdefault(annotation["change_id"], {"kind": annotation["kind"]})
        boxes[image["view"]] = (x, y, x + width, y + height)
        boxes["label"] = annotation["label"]
    assert list(read.values()) == [
        {"kind": "added", "label": "traffic cone", "after": (8, 10, 28, 30)},
        {"kind": "removed", "label": "box", "before": (60, 34, 80, 54)},
        {"kind": "changed", "label": None, "before": (10, 40, 26, 56), "after": (34, 40, 50, 56)},
    ]


def test_the_category_is_the_label_or_else_the_kind(tmp_path, street):
    coco = exported(tmp_path, [street])
    names = {category["id"]: category["name"] for category in coco["categories"]}
    assert names == {1: "traffic cone", 2: "box", 3: "changed"}
    assert [names[a["category_id"]] for a in coco["annotations"]] == [
        "traffic cone", "box", "changed", "changed",
    ]  # fmt: skip


def test_ids_are_unique_over_the_whole_run(tmp_path, answer):
    box = (0.0, 0.0, 2.5, 4.0)
    changes = (Change(ChangeKind.CHANGED, 0.5, None, box, box),) * 2
    coco = exported(tmp_path, [answer(name, changes) for name in "abc"])
    assert [image["id"] for image in coco["images"]] == [1, 2, 3, 4, 5, 6]
    assert [a["id"] for a in coco["annotations"]] == list(range(1, 13))
    assert [a["change_id"] for a in coco["annotations"]] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]
    assert {a["area"] for a in coco["annotations"]} == {10.0}


def test_a_pair_that_failed_is_listed_and_is_no_image(tmp_path, answer, failure):
    coco = exported(tmp_path, [failure("1", "b.png is missing"), answer("2")])
    assert {image["pair_id"] for image in coco["images"]} == {"2"}
    assert coco["errors"] == [{"pair_id": "1", "reason": "b.png is missing"}]


def test_an_empty_run_is_an_empty_set(tmp_path):
    coco = exported(tmp_path, [])
    assert coco["images"] == coco["annotations"] == coco["categories"] == coco["errors"] == []


def test_a_view_of_unknown_size_is_refused(tmp_path, answer):
    unsized = answer("5")
    unsized = replace(unsized, after=replace(unsized.after, width=None))
    with pytest.raises(ValueError, match=r"pair '5': expected width and height of the after view"):
        exported(tmp_path, [unsized])
    assert not (tmp_path / "coco.json").exists()
