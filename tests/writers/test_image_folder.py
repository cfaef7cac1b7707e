"""An image folder of pairs, opened by the package that it is made for."""

import json

import numpy as np
import pytest

from spotdiff.data.images import read_image
from spotdiff.types import Change, ChangeKind, Sample
from spotdiff.writers.files import write_png
from spotdiff.writers.image_folder import write_image_folder


@pytest.fixture
def samples(tmp_path):
    for grey in range(4):
        write_png(np.full((8, 9, 3), grey * 40, np.uint8), tmp_path / f"{grey}.png")
    paths = [str(tmp_path / f"{grey}.png") for grey in range(4)]
    added = Change(ChangeKind.ADDED, 0.5, "cup", None, (1, 2, 3, 4), caption="A cup was added.")
    changed = Change(ChangeKind.CHANGED, 0.25, None, (1, 2, 3, 4.5), (1, 2, 3, 4))
    return [
        Sample(
            "a/1", paths[0], paths[1], "a table", "a cup", changes=(added,), caption="A cup came."
        ),
        Sample("no pair", caption_before="words alone"),
        Sample("../b", paths[2], paths[3], changes=(changed, added)),
    ]


def test_it_opens_with_both_pictures_and_all_columns(samples, tmp_path):
    datasets = pytest.importorskip("datasets")
    assert write_image_folder(samples, tmp_path / "out") == 2
    opened = datasets.load_dataset(
        "imagefolder",
        data_dir=str(tmp_path / "out"),
        split="train",
        cache_dir=str(tmp_path / "cache"),
    )
    assert opened.column_names == [
        "before", "after", "id", "caption_before", "caption_after", "caption", "changes"
    ]  # fmt: skip
    assert np.array_equal(np.asarray(opened[1]["after"]), read_image(tmp_path / "3.png"))
    assert [row["id"] for row in opened] == ["a/1", "../b"]
    assert opened[0]["changes"] == [
        {
            "kind": "added",
            "label": "cup",
            "score": 0.5,
            "box_before": [],
            "box_after": [1.0, 2.0, 3.0, 4.0],
            "caption": "A cup was added.",
        }
    ]


def test_pictures_stay_in_the_folder_and_a_second_time_changes_nothing(samples, tmp_path):
    out = tmp_path / "out"
    write_image_folder(samples, out)
    files = {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}
    assert len(files) == 4
    table = (out / "train" / "metadata.jsonl").read_bytes()
    write_image_folder(samples, out)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.png")} == files
    assert (out / "train" / "metadata.jsonl").read_bytes() == table
    named = [json.loads(line)["before_file_name"] for line in table.splitlines()]
    assert all((out / "train" / name).resolve().is_relative_to(out.resolve()) for name in named)


def test_a_picture_that_changed_is_copied_anew(samples, tmp_path):
    out = tmp_path / "out"
    write_image_folder(samples, out)
    write_png(np.full((5, 5, 3), 9, np.uint8), tmp_path / "0.png")
    write_image_folder(samples, out)
    (copy,) = out.rglob("a%2F1.before.png")
    assert read_image(copy).shape == (5, 5, 3)


def test_the_card_counts(samples, tmp_path):
    write_image_folder(samples, tmp_path / "out")
    card = (tmp_path / "out" / "README.md").read_text()
    assert card.startswith("---\n")
    assert "2 pairs with 2 added, 0 removed, 1 changed things" in card
